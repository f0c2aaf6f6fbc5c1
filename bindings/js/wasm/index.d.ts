/**
 * The types of the WebAssembly module's exports, by hand: worker-build writes none.
 *
 * `index.js` and `index_bg.wasm` are copied beside this file by the package's build.
 */

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

/** A region's replica: its object's name, where it is, and what it is told of its primary. */
export type Near = [name: string, region: string, query: string];

/**
 * Where a database is: its id, what places its primary's object at its first call, and the replica of
 * this isolate's region, if there is one. Whether this isolate may keep one itself; of its settings
 * which they are, and how old answers may be where nobody says; and the name of the primary's object.
 */
export type Place = [
  id: string,
  locationHint: string | undefined,
  jurisdiction: string | undefined,
  near: Near | undefined,
  kept: boolean,
  settings: number,
  max_staleness_ms: number | undefined,
  primary: string,
];

/** Knows where databases are, and keeps their replicas in this isolate's memory. */
export declare class Router {
  /** Reads the settings in `env`, the first time. */
  constructor(env: object);
  /** Takes down where a request came in. */
  came_in_at(colo: string, continent: string): void;
  /** As far as this isolate knows. */
  place(env: object, database: string): Place | undefined;
  /**
   * Where the primary has moved, as `text` tells that it answered with. Undefined if that is to be asked
   * of the directory.
   */
  moved(env: object, database: string, id: string, text: string): Place | undefined;
  /**
   * Asks the directory, and resolves with the place or with `{"success":false,"error":"…"}` as text;
   * a lost connection rejects.
   */
  resolve(
    env: object,
    database: string,
    create: boolean,
    template: string | undefined,
  ): Promise<Place | string>;
  /** Forgets a place whose object says that its database was deleted. */
  forget(database: string, id: string): void;
  /** Forgets a place whose object says that the database's settings have changed since. */
  forget_place(database: string, id: string): void;
  /** Whether it is worth asking a replica. */
  may_only_read(body: string): boolean;
  /**
   * The answer of this isolate's replica, if it may give one. In a session, `session` is its
   * constraint or bookmark; outside, `seen` is a bookmark that the answer must not be older than.
   * `known` is the number of the memory that has answered the same handle before, or 0.
   * Unless it `tells`, the answer leaves out who gave it, which is always `served`.
   */
  read_request(
    id: string,
    path: string,
    body: string,
    session: string | undefined,
    seen: string | undefined,
    age_ms_max: number | undefined,
    now_ms: number,
    known: number,
    tells: boolean,
  ): string | undefined;
  /** The same for one query, whose `params` are a list in JSON; the answer does not tell who gave it. */
  read_query(
    id: string,
    sql: string,
    params: string,
    session: string | undefined,
    seen: string | undefined,
    age_ms_max: number | undefined,
    now_ms: number,
    known: number,
  ): string | undefined;
  /** The number of what this isolate keeps of a database, which goes forward only; 0 if nothing. */
  number(id: string): number;
  /** Who answers from this isolate's memory, as the JSON of that part of `meta`. */
  served(): string;
  /** Where this isolate's replica stands; empty if there is none. */
  have(id: string): string;
  /** The newest bookmark that this isolate knows of. */
  newest(id: string): string | undefined;
  /** Takes in what an answer brought; at `sent_ms` its bookmark was known to be the newest. */
  learn(
    id: string,
    sent_ms: number,
    bookmark: string,
    commits: Uint8Array | undefined,
    now_ms: number,
  ): void;
  /** The path to call in the background, if anything is to be asked. */
  want(id: string, refresh_ms: number, now_ms: number): string | undefined;
  /** Takes in the outcome of what was wanted; without a bookmark it failed. Returns what to call next. */
  settle(
    id: string,
    sent_ms: number,
    bookmark: string | undefined,
    ltx: Uint8Array | undefined,
    now_ms: number,
  ): string | undefined;
}

/** Reads statements that this isolate's memory has answered before. */
export declare class KnownStatements {
  constructor();
  /** The memory in which addresses are. */
  memory(): WebAssembly.Memory;
  /** The address at which parameters are written, and that of their texts. */
  params_at(): number;
  param_texts_at(): number;
  /** The number of a statement that was just answered; 0 if it has none. */
  number(id: string, sql: string): number;
  /** The address of the answer; 0 if the text has to be asked for. The rest is as of `read_query`. */
  read(
    id: string,
    number: number,
    params: number,
    session: string | undefined,
    seen: string | undefined,
    age_ms_max: number,
    now_ms: number,
    known: number,
  ): number;
}

/** The one writer of a database. */
export declare class IsolitePrimary extends DurableObject<unknown> {
  override fetch(request: Request): Promise<Response>;
}

/** Follows a primary, for the readers of one region. */
export declare class IsoliteReplica extends DurableObject<unknown> {
  override fetch(request: Request): Promise<Response>;
}

/** Keeps one file until a primary has imported it. */
export declare class IsoliteUpload extends DurableObject<unknown> {
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
