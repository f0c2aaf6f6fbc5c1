/**
 * The transport inside the isolate: where a database is, the router in WebAssembly knows, and it
 * answers reads from the replica in this isolate's memory; the objects are called from here.
 *
 * There is one router an isolate. It keeps no stubs: every call brings the environment of the
 * request that makes it, and makes a stub of its own. What brings the replica forward in the
 * background belongs to the request that began it, and nobody waits for it.
 */

import { waitUntil } from "cloudflare:workers";
import { type Near, type Place, Router } from "../wasm/index.js";
import { type Reader, readKnown, remember } from "./known.ts";
import { location } from "./location.ts";
import { type Failure, parseReplies, Reply, type ValueOptions } from "./reply.ts";
import { type Bounds, checked, MAX_STALENESS_MS, SESSION_AGE_MS_MAX } from "./staleness.ts";
import { tracing } from "./tracing.ts";
import type { Query, ReplyAtHand, Transport, TransportReply } from "./transport.ts";

/** The bindings that a Worker with Isolite inside has. */
export interface IsoliteEnv {
  ISOLITE_PRIMARY: object;
  ISOLITE_DIRECTORY: object;
  /** Without it there are no replicas in regions: isolates follow the primary itself. */
  ISOLITE_REPLICA?: object;
}

/** The method that a primary and a region's replica have for RPC. */
interface Database {
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
  age_ms?: number,
];

interface Namespace {
  jurisdiction(name: string): Namespace;
  getByName(name: string, options?: { locationHint: string }): Database;
}

export interface RouterOptions extends Bounds {
  create: boolean;
  /** The database whose schema one begins with that is created. */
  template?: string | undefined;
  /** A bookmark that no answer may be older than, outside sessions. */
  seen?: string | null | undefined;
  /**
   * Whether each answer says all of itself, for a handle in another isolate: its bookmark, outside
   * sessions too, since the next query may come to another isolate, and in its text who gave it.
   */
  tells?: boolean;
}

/** A status for a database that was deleted. */
const GONE = 404;

/** The status of a primary that has made way for another one. Nothing was done. */
const MOVED = 421;
/** How often one call follows a primary that moves. */
const MOVES_MAX = 4;

/** Questions in the background that one request goes on with, one after the other. */
const QUESTIONS_MAX = 64;

/** The age of an answer to whoever knows settings that were changed since. */
const OUT_OF_DATE = Infinity;

const NOT_TEXT = "isolite: the database, the path, the body and the session must be strings";

let shared: Router | undefined;
/** What the router was last told of where this isolate is, and who answers from its memory there. */
let told: ReturnType<typeof location>;
let served: Record<string, unknown> = {};

/** Asked of the router for each query, and so kept on this side. */
const known = new Map<string, Place>();
const KNOWN_MAX = 2_000;

/** The id of a database that was asked lately. */
export function idOf(database: string): string | undefined {
  return known.get(database)?.[0];
}

export class RouterTransport implements Transport {
  readonly #env: IsoliteEnv;
  readonly #database: string;
  readonly #create: boolean;
  readonly #template: string | undefined;
  readonly #tells: boolean;
  /**
   * How old answers outside sessions may be, if it says; 0 sends everything to the primary.
   */
  readonly #age_ms_max: number | undefined;
  /** The newest position that this handle has been answered from, but for this isolate's memory. */
  #seen: string | undefined;
  /** The number of the memory that it has been answered from, which goes forward only; 0 for none. */
  #local = 0;
  /** When to look next whether the replica is to be brought forward. */
  #look_ms = 0;

  constructor(env: IsoliteEnv, database: string, options: RouterOptions) {
    const { create, template, seen, tells = false, max_staleness_ms } = options;
    if (max_staleness_ms !== undefined) this.#age_ms_max = checked(max_staleness_ms);
    this.#template = template;
    if (typeof seen === "string") this.#seen = seen;
    this.#tells = tells;
    this.#env = env;
    this.#database = database;
    this.#create = create;
  }

  get tracing(): Tracing | undefined {
    return tracing;
  }

  atHand(
    path: string,
    query: Query,
    session: string | null,
    max_staleness_ms: number | undefined,
    options: ValueOptions,
  ): ReplyAtHand | undefined {
    if (this.#tells) return undefined;
    const { sql, params = [] } = query;
    this.#checkTexts(path, sql, session);
    const router = this.#router();
    const place = known.get(this.#database);
    const age_ms_max = this.#bound(place, session, max_staleness_ms);
    if (place === undefined || age_ms_max === 0 || !isKept(place)) return undefined;
    const id = place[0];
    const reader = this.#reader(session, age_ms_max);
    let reply: Reply | Failure | undefined = readKnown(id, sql, params, reader, served, options);
    if (reply === undefined) {
      // A text crosses as it is, without becoming part of a body first.
      const text = router.read_query(id, sql, JSON.stringify(params), ...reader);
      if (text === undefined) return undefined;
      const replies = parseReplies({ text, bookmark: null, served }, options);
      reply = "error" in replies ? replies : (replies[0] as Reply);
      if (reply instanceof Reply && reply.grid !== null) remember(id, sql, reply.grid.columns);
    }
    return { reply, bookmark: this.#wasRead(router, place, session, reader) };
  }

  async send(
    path: string,
    body: string = "",
    session: string | null,
    max_staleness_ms?: number,
  ): Promise<TransportReply> {
    this.#checkTexts(path, body, session);
    this.#bound(undefined, session, max_staleness_ms);
    const router = this.#router();
    const database = this.#database;
    const transaction = isOfTransaction(path);
    let [deleted, moves] = [false, 0];
    for (;;) {
      const place = known.get(database) ?? (await this.#find(router));
      if (typeof place === "string") return { text: place, bookmark: null };
      const age_ms_max = this.#bound(place, session, max_staleness_ms);
      if (age_ms_max > 0 && isKept(place) && !transaction) {
        const reader = this.#reader(session, age_ms_max);
        const text = router.read_request(place[0], path, body, ...reader, this.#tells);
        if (text !== undefined) {
          return { text, bookmark: this.#wasRead(router, place, session, reader), served };
        }
      }
      const [local, knew] = [this.#local, this.#knows(router, place)];
      const sent_ms = Date.now();
      const asked = this.#ask(router, place, path, body, session, age_ms_max);
      if (age_ms_max > 0) this.#begin(router, place, age_ms_max, sent_ms);
      const answer = await asked.catch((error: unknown) => {
        // It may be somewhere else, where this one cannot be reached.
        this.#forgetPlace(router, place);
        throw error;
      });
      const [text, status, bookmark, commits, age_ms = 0] = answer;
      // A second time only: the name may have been given to a new database since.
      if (status === GONE && !deleted) {
        deleted = true;
        this.#forget(router, place);
        continue;
      }
      if (status === MOVED && moves++ < MOVES_MAX) {
        this.#follow(router, place, text);
        continue;
      }
      if (age_ms === OUT_OF_DATE) this.#forgetPlace(router, place);
      if (bookmark !== undefined) {
        if (this.#seen === undefined || this.#seen < bookmark) this.#seen = bookmark;
        // The primary has answered, with no less than what was forgotten.
        if (session === null && !knew && this.#local === local) this.#local = 0;
        if (isKept(place) && age_ms !== OUT_OF_DATE) {
          const now_ms = Date.now();
          router.learn(place[0], sent_ms - age_ms, bookmark, commits, now_ms);
          if (age_ms_max > 0) this.#refresh(router, place, age_ms_max, now_ms);
        }
      }
      return { text, bookmark: bookmark ?? null };
    }
  }

  // The types may lie, as when a caller by RPC sends what it likes; and wasm that is given anything
  // else for a string crashes, with every object of the isolate.
  #checkTexts(path: string, body: string, session: string | null): void {
    if (
      typeof this.#database === "string" &&
      typeof path === "string" &&
      typeof body === "string" &&
      (session === null || typeof session === "string")
    ) {
      return;
    }
    throw new TypeError(NOT_TEXT);
  }

  #bound(
    place: Place | undefined,
    session: string | null,
    max_staleness_ms: number | undefined,
  ): number {
    if (max_staleness_ms !== undefined) return checked(max_staleness_ms);
    if (session !== null) return SESSION_AGE_MS_MAX;
    return this.#age_ms_max ?? place?.[6] ?? MAX_STALENESS_MS;
  }

  /** Asks the region's replica what only reads, and the primary everything else. */
  #ask(
    router: Router,
    place: Place,
    path: string,
    body: string,
    session: string | null,
    age_ms_max: number,
  ): Promise<Answer> {
    const [id, , , near] = place;
    // Asked for a bookmark, even without a replica: what this handle has seen it must know.
    const have = router.have(id) || (age_ms_max > 0 ? "" : undefined);
    const may_read = age_ms_max > 0 && session !== "first-primary" && !isOfTransaction(path);
    if (near !== undefined && may_read) {
      const newest = router.newest(id);
      // What was read in memory may have been forgotten since: then only the primary is new enough.
      if (this.#knows(router, place) && router.may_only_read(body)) {
        const least = session === null ? newer(this.#seen, newest) : undefined;
        const asked = nearPath(near, path, age_ms_max, least);
        return this.#replica(place, near).call(asked, body, session ?? undefined, have);
      }
    }
    return this.#primary(place).call(placed(path, place), body, session ?? undefined, have);
  }

  /** Whether this isolate remembers what this handle was answered from its memory. */
  #knows(router: Router, [id]: Place): boolean {
    return this.#local === 0 || this.#local === router.number(id);
  }

  /** What this handle or session may be answered with. */
  #reader(session: string | null, age_ms_max: number): Reader {
    return session === null
      ? [undefined, this.#seen, age_ms_max, Date.now(), this.#local]
      : [session, undefined, age_ms_max, Date.now(), 0];
  }

  /** After an answer from memory; returns its bookmark, where somebody wants it. */
  #wasRead(
    router: Router,
    place: Place,
    session: string | null,
    [, , age_ms_max, now_ms]: Reader,
  ): string | null {
    // A replica goes forward only: what it has shown once it need not be asked for again.
    if (session === null) {
      this.#seen = undefined;
      // Who is told all makes one query.
      if (this.#local === 0 && !this.#tells) this.#local = router.number(place[0]);
    }
    const bookmark = session === null && !this.#tells ? null : router.have(place[0]);
    if (now_ms >= this.#look_ms) this.#refresh(router, place, age_ms_max, now_ms);
    return bookmark;
  }

  /**
   * Asks for a replica that is missing while the first answer is on its way. Of one that is only
   * behind that answer brings what is lacking.
   */
  #begin(router: Router, place: Place, age_ms_max: number, now_ms: number): void {
    if (isKept(place) && router.have(place[0]) === "") {
      this.#refresh(router, place, age_ms_max, now_ms);
    }
  }

  /** Asks in the background, well before a read would have to wait. */
  #refresh(router: Router, place: Place, age_ms_max: number, now_ms: number): void {
    this.#look_ms = now_ms + age_ms_max / 8;
    const path = router.want(place[0], age_ms_max / 2, now_ms);
    if (path !== undefined) waitUntil(this.#fill(router, place, path, age_ms_max / 4));
  }

  async #fill(router: Router, place: Place, path: string, age_ms_max: number): Promise<void> {
    const [id, , , near] = place;
    let next: string | undefined = path;
    for (let count = 0; next !== undefined && count < QUESTIONS_MAX; count++) {
      const sent_ms = Date.now();
      const object = near === undefined ? this.#primary(place) : this.#replica(place, near);
      const asked =
        near === undefined
          ? placed(next, place)
          : nearPath(near, next, age_ms_max, router.newest(id));
      const call = object.call(asked, "", undefined, router.have(id));
      // Whatever goes wrong here, the next read asks.
      const answer = await call.catch((): Answer => ["", 0, undefined, undefined]);
      const [text, status, bookmark, ltx, age_ms = 0] = answer;
      if (status === GONE) return this.#forget(router, place);
      // The next read asks there.
      if (status === MOVED) this.#follow(router, place, text);
      if (age_ms === OUT_OF_DATE) {
        router.settle(id, sent_ms, undefined, undefined, Date.now());
        return this.#forgetPlace(router, place);
      }
      next = router.settle(id, sent_ms - age_ms, bookmark, ltx, Date.now());
    }
  }

  /** Where the database is; the text is D1's failure. */
  async #find(router: Router): Promise<Place | string> {
    const place =
      router.place(this.#env, this.#database) ??
      (await router.resolve(this.#env, this.#database, this.#create, this.#template));
    if (typeof place === "string") return place;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(this.#database, place);
    return place;
  }

  #forget(router: Router, place: Place): void {
    known.delete(this.#database);
    router.forget(this.#database, place[0]);
  }

  /** Takes down where the primary has moved. */
  #follow(router: Router, place: Place, text: string): void {
    const moved = router.moved(this.#env, this.#database, place[0], text);
    if (moved === undefined) return this.#forgetPlace(router, place);
    known.set(this.#database, moved);
  }

  #forgetPlace(router: Router, place: Place): void {
    known.delete(this.#database);
    router.forget_place(this.#database, place[0]);
  }

  #router(): Router {
    const here = location();
    if (shared !== undefined && here === told) return shared;
    const router = (shared ??= new Router(this.#env));
    told = here;
    router.came_in_at(here?.colo ?? "", here?.continent ?? "");
    served = JSON.parse(router.served());
    // What is near was not known.
    known.clear();
    return router;
  }

  #primary([, locationHint, jurisdiction, , , , , primary]: Place): Database {
    const namespace = within(this.#env.ISOLITE_PRIMARY, jurisdiction);
    return namespace.getByName(primary, locationHint ? { locationHint } : undefined);
  }

  #replica([, , jurisdiction]: Place, [name, locationHint]: Near): Database {
    return within(this.#env.ISOLITE_REPLICA, jurisdiction).getByName(name, { locationHint });
  }
}

/** Whether a call belongs to a transaction of several requests, of which the primary alone knows. */
function isOfTransaction(path: string): boolean {
  return path.startsWith("/transaction/") || /[?&]transaction=/.test(path);
}

/**
 * The path of a call to a region's replica. What it is told of its primary and of the bounds stands
 * first: of two of a name the first counts, so that a client's path has no say in it.
 */
function nearPath([, , home]: Near, path: string, age_ms_max: number, least = ""): string {
  const [resource, query = ""] = path.split("?", 2);
  const bounds = `age_ms_max=${age_ms_max}&least=${encodeURIComponent(least)}`;
  return `${resource}?${home}&${bounds}&${query}`;
}

/** The path of a call to the primary, which says what of its settings is known here. */
function placed(path: string, [, , , , , settings]: Place): string {
  if (settings === 0) return path;
  const [resource, query = ""] = path.split("?", 2);
  return `${resource}?settings=${settings}&${query}`;
}

function within(everywhere: object | undefined, jurisdiction: string | undefined): Namespace {
  const namespace = everywhere as Namespace;
  return jurisdiction ? namespace.jurisdiction(jurisdiction) : namespace;
}

/** What must not leave its border is not kept in an isolate, which may be anywhere. */
function isKept([, , , , kept]: Place): boolean {
  return kept;
}

function newer(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined || (other !== undefined && one < other) ? other : one;
}
