/**
 * The transport inside the isolate: where a database is, the router in WebAssembly knows; the object
 * there is called from here.
 *
 * There is one router an isolate. It keeps no stubs: every call brings the environment of the
 * request that makes it, and makes a stub of its own.
 */

import { type Place, Router } from "../wasm/index.js";
import type { Transport, TransportReply } from "./transport.ts";

/** The bindings that a Worker with Isolite inside has. */
export interface IsoliteEnv {
  ISOLITE_PRIMARY: object;
  ISOLITE_DIRECTORY: object;
}

/** The method that a primary has for RPC. */
interface Primary {
  call(path: string, body: string, session: string | undefined): Promise<Answer>;
}

type Answer = [text: string, status: number, bookmark: string | undefined];

interface Namespace {
  jurisdiction(name: string): Namespace;
  getByName(name: string, options?: { locationHint: string }): Primary;
}

/** A primary's status for a database that was deleted. */
const GONE = 404;

const NOT_TEXT = "isolite: the database, the path, the body and the session must be strings";

let shared: Router | undefined;

export class RouterTransport implements Transport {
  readonly #env: IsoliteEnv;
  readonly #database: string;
  readonly #create: boolean;

  constructor(env: IsoliteEnv, database: string, create: boolean) {
    this.#env = env;
    this.#database = database;
    this.#create = create;
  }

  async send(path: string, body: string = "", session: string | null): Promise<TransportReply> {
    // The types may lie, as when a caller by RPC sends what it likes; and wasm that is given anything
    // else for a string crashes, with every object of the isolate.
    const texts = [this.#database, path, body, session ?? ""];
    if (!texts.every((text) => typeof text === "string")) throw new TypeError(NOT_TEXT);
    const router = (shared ??= new Router());
    const database = this.#database;
    // A second time only if the name was deleted, and perhaps given to a new database since.
    for (let last = false; ; last = true) {
      const place = router.place(database) ?? (await this.#resolve(router));
      if (typeof place === "string") return { text: place, bookmark: null };
      const answer = await this.#primary(place).call(path, body, session ?? undefined);
      const [text, status, bookmark] = answer;
      if (status !== GONE || last) return { text, bookmark: bookmark ?? null };
      router.forget(database, place[0]);
    }
  }

  #resolve(router: Router): Promise<Place | string> {
    return router.resolve(this.#env, this.#database, this.#create);
  }

  #primary([id, locationHint, jurisdiction]: Place): Primary {
    const everywhere = this.#env.ISOLITE_PRIMARY as Namespace;
    const namespace = jurisdiction ? everywhere.jurisdiction(jurisdiction) : everywhere;
    return namespace.getByName(id, locationHint ? { locationHint } : undefined);
  }
}
