/**
 * The types of the WebAssembly module's exports, by hand: worker-build writes none.
 *
 * `index.js` and `index_bg.wasm` are copied beside this file by the package's build.
 */

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

/** Where a primary is: its object's name, and what places it at its first call. */
export type Place = [id: string, locationHint: string | undefined, jurisdiction: string | undefined];

/** Knows where databases are. */
export declare class Router {
  /** As far as this isolate knows. */
  place(database: string): Place | undefined;
  /**
   * Asks the directory, and resolves with the place or with `{"success":false,"error":"…"}` as text;
   * a lost connection rejects.
   */
  resolve(env: object, database: string, create: boolean): Promise<Place | string>;
  /** Forgets a place whose object says that its database was deleted. */
  forget(database: string, id: string): void;
  /**
   * The answer of this isolate's replica, if it may give one. In a session `least` is its constraint
   * or bookmark; outside, a bookmark that the answer must not be older than, and `staleness_ms` is how
   * old the answer may be.
   */
  read(
    id: string,
    path: string,
    body: string,
    least: string | undefined,
    staleness_ms: number | undefined,
    now_ms: number,
  ): string | undefined;
  /** Where this isolate's replica stands; empty if there is none. */
  have(id: string): string;
  /** Takes in what an answer brought that was asked for at `sent_ms`. */
  learn(id: string, sent_ms: number, bookmark: string, commits: Uint8Array | undefined): void;
  /** The path to call in the background, if anything is to be asked. */
  want(id: string, refresh_ms: number, now_ms: number): string | undefined;
  /** Takes in the outcome of what was wanted; without a bookmark it failed. */
  settle(
    id: string,
    sent_ms: number,
    bookmark: string | undefined,
    ltx: Uint8Array | undefined,
    now_ms: number,
  ): void;
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
