// A client of one database in a region: does what it is told, and tells of each operation what it
// saw.
//
// `POST /work` answers with a line of JSON for each operation, as soon as it has ended: what has no
// line when the connection breaks has an outcome that is not known. Times are of the machine's
// clock, which all regions share. `POST /fault` ends an object.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

import { dishonest } from "./lies.mjs";
import { networked } from "./network.mjs";
import { statements } from "./register.mjs";

/** How long an object is waited for that is to be evicted. */
const REST_MS_MAX = 2_000;

export default {
  async fetch(request, env, ctx) {
    const asked = await request.json();
    switch (new URL(request.url).pathname) {
      case "/work":
        return stream((tell) => work(env, asked, tell), ctx);
      case "/fault":
        return Response.json(await outcome(() => fault(env, asked)));
      default:
        return new Response("no such path", { status: 404 });
    }
  },
};

function stream(produce, ctx) {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const tell = (it) => writer.write(encoder.encode(`${JSON.stringify(it)}\n`));
  const produced = produce(tell).finally(() => writer.close());
  ctx.waitUntil(produced.catch(() => {}));
  return new Response(readable);
}

/** Does operations one after the other, or beside each other where a plan says so. */
async function work(env, { client, operations, until_ms }, tell) {
  const asker = new Asker(env, client);
  const besides = [];
  for (const operation of operations) {
    if (operation.pause_ms > 0) await scheduler.wait(operation.pause_ms);
    // Without an end it is null in JSON.
    if (until_ms !== null && Date.now() >= until_ms) break;
    const done = asker.ask(operation).then(tell);
    if (operation.beside) besides.push(done);
    else await done;
  }
  await Promise.all(besides);
}

/** A handle of a database, or a session. */
class Asker {
  #client;
  #database;
  #ended = 0;

  constructor(env, client) {
    const { way, database, start, bound_ms } = client;
    const options = { max_staleness_ms: bound_ms };
    const handle = {
      embedded: () => embedded.isolite(networked(env), database, options),
      service: () => isolite(serviceOf(env, database), options),
    }[way]();
    this.#client = client;
    this.#database = start === null ? handle : handle.withSession({ start, ...options });
  }

  async ask({ op, kind }) {
    const entry = { op, ...this.#client, kind, after: this.#ended };
    entry.bookmark_before = this.#bookmark();
    entry.sent_ms = Date.now();
    const it = await outcome(() => this.#run(op, kind));
    entry.done_ms = Date.now();
    this.#ended += 1;
    return { ...entry, ...it, bookmark_after: this.#bookmark() };
  }

  async #run(op, kind) {
    const database = this.#database;
    const asked = statements[kind](op).map(({ sql, params = [] }) => {
      return database.prepare(sql).bind(...params);
    });
    const results = asked.length > 1 ? await database.batch(asked) : [await asked[0].all()];
    const { served_by_primary, served_by_region } = results.at(-1).meta;
    const [view] = results.at(-1).results;
    return { ...view, served_by_primary, served_by_region };
  }

  #bookmark() {
    const { start } = this.#client;
    if (start === null) return null;
    const constraint = start.startsWith("first-");
    return this.#database.getBookmark() ?? (constraint ? null : start);
  }
}

/** A binding that leads to another isolate of the region with each call, as the platform's may. */
function serviceOf(env, database) {
  const services = [env[database], env[`${database}_other`]];
  const any = () => services[Math.floor(Math.random() * services.length)];
  return dishonest(database, { fetch: () => any().fetch(), d1: (...parts) => any().d1(...parts) });
}

async function fault(env, { how, kind, region, object }) {
  const stub = env[`ISOLITE_${kind.toUpperCase()}_${region}`].getByName(object);
  if (how === "abort") return stub.abort();
  // The bundler must not look for what only the runtime has.
  const name = "workerd:unsafe";
  const { default: unsafe } = await import(name);
  const evicted = unsafe.evict(stub).then(() => true);
  if (await Promise.race([evicted, scheduler.wait(REST_MS_MAX)])) return;
  throw new Error("it was not at rest in time");
}

async function outcome(act) {
  try {
    return { ok: true, ...(await act()) };
  } catch (error) {
    return { ok: false, error: `${error.message}` };
  }
}
