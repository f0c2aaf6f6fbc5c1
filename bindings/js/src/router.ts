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
