// The Isolite Worker with two doors for tests:
//
//   POST /object/<name>?call=<path>   calls an upload object, the body its bytes
//   POST /primary/<id>                tells a primary what to answer, and gives what it was asked;
//                                     "all" stands for those that are not told
//
// A script has a list of answers for a path; each is given once, the last again and again, some of them
// after `delay_ms`, as of a primary that is busy. What no script names the primary answers itself.

import Entrypoint, * as isolite from "../../../bindings/js/src/worker.ts";

export const Database = isolite.Database;
export const IsoliteDirectory = isolite.IsoliteDirectory;
export const IsoliteReplica = isolite.IsoliteReplica;

let scriptOfAll = {};

export class IsolitePrimary extends isolite.IsolitePrimary {
  #script = {};
  #asked = [];

  play(script) {
    const asked = this.#asked;
    this.#script = script;
    this.#asked = [];
    return asked;
  }

  call(path, body, ...others) {
    const resource = path.split("?")[0];
    const answers = this.#script[resource] ?? scriptOfAll[resource];
    if (answers === undefined) return super.call(path, body, ...others);
    this.#asked.push([path, body]);
    const { status = 200, json, bytes, delay_ms } = answers.length > 1 ? answers.shift() : answers[0];
    const answer = [JSON.stringify(json ?? null), status, undefined, bytes && contents(bytes), 0];
    if (delay_ms === undefined) return answer;
    return new Promise((resolve) => setTimeout(resolve, delay_ms, answer));
  }
}

/** A text, or so many bytes of one value. */
function contents(bytes) {
  if (typeof bytes === "string") return new TextEncoder().encode(bytes);
  return new Uint8Array(bytes.count).fill(bytes.value);
}

export class IsoliteUpload extends isolite.IsoliteUpload {
  expire() {
    return this.alarm();
  }
}

export default class extends Entrypoint {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const [, door, ...name] = pathname.split("/");
    if (door === "object") {
      const upload = this.env.ISOLITE_UPLOAD.getByName(decodeURIComponent(name.join("/")));
      if (searchParams.has("expire")) return Response.json(await upload.expire().then(() => null));
      const bytes = new Uint8Array(await request.arrayBuffer());
      const path = searchParams.get("call");
      const [text, status, , read] = await upload.call(path, undefined, undefined, undefined, bytes);
      return new Response(read ?? text, { status, headers: { text } });
    }
    if (door === "primary") {
      const script = await request.json();
      if (name[0] === "all") {
        scriptOfAll = script;
        return Response.json([]);
      }
      return Response.json(await this.env.ISOLITE_PRIMARY.getByName(name[0]).play(script));
    }
    return super.fetch(request);
  }
}
