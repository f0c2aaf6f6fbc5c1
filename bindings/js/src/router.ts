/**
 * The transport inside the isolate: the router, in WebAssembly.
 *
 * There is one router an isolate. It keeps no stubs: every call brings the environment of the
 * request that makes it.
 */

import { Router } from "../wasm/index.js";
import type { Transport, TransportReply } from "./transport.ts";

/** The bindings that a Worker with Isolite inside has. */
export interface IsoliteEnv {
  ISOLITE_PRIMARY: object;
  ISOLITE_DIRECTORY: object;
}

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

  async send(
    path: string,
    body: string | undefined,
    session: string | null,
  ): Promise<TransportReply> {
    // The types may lie, as when a caller by RPC sends what it likes; and wasm that is given anything
    // else for a string crashes, with every object of the isolate.
    const texts = [this.#database, path, body ?? "", session ?? ""];
    if (!texts.every((text) => typeof text === "string")) throw new TypeError(NOT_TEXT);
    shared ??= new Router();
    const [text, bookmark] = await shared.call(
      this.#env,
      this.#database,
      this.#create,
      path,
      body,
      session ?? undefined,
    );
    return { text, bookmark: bookmark ?? null };
  }
}
