/**
 * The transport inside the isolate: where a database is, the router in WebAssembly knows, and it
 * answers reads from the replica in this isolate's memory; the objects are called from here.
 *
 * There is one router an isolate. It keeps no stubs: every call brings the environment of the
 * request that makes it, and makes a stub of its own. What brings the replica forward in the
 * background belongs to the request that began it, and nobody waits for it.
 */

import { waitUntil } from "cloudflare:workers";
import { type Place, Router } from "../wasm/index.js";
import type { Transport, TransportReply } from "./transport.ts";

/** The bindings that a Worker with Isolite inside has. */
export interface IsoliteEnv {
  ISOLITE_PRIMARY: object;
  ISOLITE_DIRECTORY: object;
}

/** The method that a primary has for RPC. */
interface Primary {
  call(
    path: string,
    body: string,
    session: string | undefined,
    have: string | undefined,
  ): Promise<Answer>;
}

type Answer = [
  text: string,
  status: number,
  bookmark: string | undefined,
  commits: Uint8Array | undefined,
];

interface Namespace {
  jurisdiction(name: string): Namespace;
  getByName(name: string, options?: { locationHint: string }): Primary;
}

/** A primary's status for a database that was deleted. */
const GONE = 404;

const NOT_TEXT = "isolite: the database, the path, the body and the session must be strings";

const NO_STALENESS = "isolite: max_staleness_ms must be a number of milliseconds, or 0";

let shared: Router | undefined;

/** Asked of the router for each query, and so kept on this side. */
const known = new Map<string, Place>();
const KNOWN_MAX = 2_000;

export class RouterTransport implements Transport {
  readonly #env: IsoliteEnv;
  readonly #database: string;
  readonly #create: boolean;
  readonly #staleness_ms: number;
  /** The newest position that this handle has been answered from. */
  #seen: string | undefined;
  /** When to look next whether the replica is to be brought forward. */
  #look_ms = 0;

  /**
   * `staleness_ms` bounds the age of reads outside sessions; 0 sends all reads to the primary, those
   * of sessions too.
   * `seen` is a bookmark that they must not be older than either.
   */
  constructor(
    env: IsoliteEnv,
    database: string,
    create: boolean,
    staleness_ms = 0,
    seen?: string | null,
  ) {
    if (typeof staleness_ms !== "number" || !(staleness_ms >= 0)) throw new TypeError(NO_STALENESS);
    if (typeof seen === "string") this.#seen = seen;
    this.#env = env;
    this.#database = database;
    this.#create = create;
    this.#staleness_ms = staleness_ms;
  }

  async send(path: string, body: string = "", session: string | null): Promise<TransportReply> {
    // The types may lie, as when a caller by RPC sends what it likes; and wasm that is given anything
    // else for a string crashes, with every object of the isolate.
    const database = this.#database;
    if (typeof database !== "string" || typeof path !== "string") throw new TypeError(NOT_TEXT);
    if (typeof body !== "string") throw new TypeError(NOT_TEXT);
    if (session !== null && typeof session !== "string") throw new TypeError(NOT_TEXT);
    const router = (shared ??= new Router());
    const near = this.#staleness_ms > 0;
    // A second time only if the name was deleted, and perhaps given to a new database since.
    for (let last = false; ; last = true) {
      const place = known.get(database) ?? (await this.#find(router));
      if (typeof place === "string") return { text: place, bookmark: null };
      const found = near && this.#read(router, place, path, body, session);
      if (found) return found;
      const sent_ms = Date.now();
      const have = near ? router.have(place[0]) : undefined;
      const answer = await this.#primary(place).call(path, body, session ?? undefined, have);
      const [text, status, bookmark, commits] = answer;
      if (status === GONE && !last) {
        this.#forget(router, place);
        continue;
      }
      if (near && bookmark !== undefined) {
        if (this.#seen === undefined || this.#seen < bookmark) this.#seen = bookmark;
        router.learn(place[0], sent_ms, bookmark, commits);
        this.#refresh(router, place, Date.now());
      }
      return { text, bookmark: bookmark ?? null };
    }
  }

  #read(
    router: Router,
    place: Place,
    path: string,
    body: string,
    session: string | null,
  ): TransportReply | undefined {
    const [id, now_ms] = [place[0], Date.now()];
    const least = session ?? this.#seen;
    const staleness_ms = session === null ? this.#staleness_ms : undefined;
    const text = router.read(id, path, body, least, staleness_ms, now_ms);
    if (text === undefined) return undefined;
    // A replica goes forward only: what it has shown once it need not be asked for again.
    if (session === null) this.#seen = undefined;
    const bookmark = session === null ? null : router.have(id);
    if (now_ms >= this.#look_ms) this.#refresh(router, place, now_ms);
    return { text, bookmark };
  }

  /** Asks in the background, well before a read would have to wait. */
  #refresh(router: Router, place: Place, now_ms: number): void {
    this.#look_ms = now_ms + this.#staleness_ms / 8;
    const path = router.want(place[0], this.#staleness_ms / 2, now_ms);
    if (path !== undefined) waitUntil(this.#fill(router, place, path));
  }

  async #fill(router: Router, place: Place, path: string): Promise<void> {
    const sent_ms = Date.now();
    const asked = this.#primary(place).call(path, "", undefined, router.have(place[0]));
    // Whatever goes wrong here, the next read asks the primary.
    const [, status, bookmark, ltx] = await asked.catch((): Answer => ["", 0, undefined, undefined]);
    if (status === GONE) this.#forget(router, place);
    else router.settle(place[0], sent_ms, bookmark, ltx, Date.now());
  }

  /** Where the database is; the text is D1's failure. */
  async #find(router: Router): Promise<Place | string> {
    const place = router.place(this.#database) ?? (await this.#resolve(router));
    if (typeof place === "string") return place;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(this.#database, place);
    return place;
  }

  #forget(router: Router, place: Place): void {
    known.delete(this.#database);
    router.forget(this.#database, place[0]);
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
