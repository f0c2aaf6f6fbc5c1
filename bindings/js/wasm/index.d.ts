/**
 * The types of the WebAssembly module's exports, by hand: worker-build writes none.
 *
 * `index.js` and `index_bg.wasm` are copied beside this file by the package's build.
 */

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

/** Finds the objects of a database and carries D1's requests to them. */
export declare class Router {
  /**
   * `path` and `text` are those of D1's HTTP protocol. An unknown database resolves with
   * `{"success":false,"error":"…"}` as the text; a lost connection rejects.
   */
  call(
    env: object,
    database: string,
    create: boolean,
    path: string,
    body: string | undefined,
    session: string | undefined,
  ): Promise<[text: string, bookmark: string | undefined]>;
}

/** The one writer of a database. */
export declare class IsolitePrimary extends DurableObject<unknown> {
  override fetch(request: Request): Promise<Response>;
}

/** Knows the databases: their names, ids and places. */
export declare class IsoliteDirectory extends DurableObject<unknown> {
  override fetch(request: Request): Promise<Response>;
}

/** The Isolite Worker's own HTTP: REST and /health. */
export default class Entrypoint extends WorkerEntrypoint<unknown> {
  override fetch(request: Request): Promise<Response>;
}
