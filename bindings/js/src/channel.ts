/**
 * The way of statements to the database, and the keeper of a session's bookmark.
 *
 * A database and each of its sessions own one channel. A statement keeps the channel that
 * prepared it, so that what it runs moves its own session forward.
 */

import { d1Error } from "./errors.ts";
import { type Failure, parseReplies, type Reply, type ValueOptions } from "./reply.ts";
import { type D1Result, toResult } from "./result.ts";
import type { Bounds } from "./staleness.ts";
import type { Batchable, D1PreparedStatement } from "./statement.ts";
import type { Query, Request, Transport, TransportReply } from "./transport.ts";

const REFUSED = "BOOKMARK_REFUSED";
const PATH = "/query?resultsFormat=COMPACT";
const CONSTRAINTS: string[] = ["first-primary", "first-unconstrained"] satisfies Constraint[];

/** What a session may say of itself besides where it starts. */
export interface SessionTerms extends Bounds {
  /**
   * Where the session starts instead if its bookmark is refused: one of another database, or of a
   * position that this one has not reached, as after a restore. Unless told, the query fails.
   */
  fallback?: Constraint | undefined;
  /**
   * A past bookmark: the session reads the database as it was there, and stays there. The primary answers,
   * and a write is refused. What is no longer kept is an error that names the oldest bookmark that is.
   */
  as_of?: string | undefined;
}

export type Constraint = "first-primary" | "first-unconstrained";

export class Channel {
  readonly options: ValueOptions;
  readonly #transport: Transport;
  #session: string | null;
  readonly #terms: SessionTerms;
  readonly #path: string;

  /** `session` is a constraint or a bookmark, or null for requests outside any session. */
  constructor(
    transport: Transport,
    session: string | null,
    options: ValueOptions,
    terms: SessionTerms = {},
  ) {
    const { as_of } = terms;
    this.#transport = transport;
    // The past is in no session: it does not move.
    this.#session = as_of === undefined ? session : null;
    this.#terms = as_of === undefined ? terms : { as_of, max_staleness_ms: 0 };
    this.#path = as_of === undefined ? PATH : `${PATH}&as_of=${encodeURIComponent(as_of)}`;
    this.options = options;
  }

  /** The newest bookmark; null outside sessions and while only a constraint is known. */
  get bookmark(): string | null {
    if (this.#terms.as_of !== undefined) return this.#terms.as_of;
    return this.#session !== null && CONSTRAINTS.includes(this.#session) ? null : this.#session;
  }

  /** Sends one statement. A reply that is at hand comes as it is: a promise more would be slow. */
  one(query: Query): Reply | Promise<Reply> {
    const { max_staleness_ms } = this.#terms;
    const session = this.#session;
    const found = this.#transport.atHand?.(this.#path, query, session, max_staleness_ms, this.options);
    if (found === undefined) return this.#ask(JSON.stringify(query)).then(theOne);
    const { reply, bookmark } = found;
    if (session !== null) this.#advance(bookmark);
    if ("error" in reply) throw d1Error("D1_ERROR", reply.error);
    return reply;
  }

  /** Sends several as one transaction; the replies come in their order. */
  many(queries: Query[]): Promise<Replies> {
    return this.#ask(JSON.stringify(compact(queries)));
  }

  /** Only the text and the values of each statement count, not the channel that prepared it. */
  async batch<T>(statements: Batchable[]): Promise<D1Result<T>[]> {
    const queries = (statements as D1PreparedStatement[]).map(({ statement, params }) => {
      return { sql: statement, params };
    });
    return succeeded(await this.many(queries)).map((reply) => toResult<T>(reply));
  }

  #read(reply: TransportReply): Replies {
    if (this.#session !== null) this.#advance(reply.bookmark);
    return parseReplies(reply, this.options);
  }

  async #ask(body: string): Promise<Replies> {
    const { max_staleness_ms, fallback } = this.#terms;
    for (;;) {
      const session = this.#session;
      const replies = this.#read(
        await this.#transport.send(this.#path, body, session, max_staleness_ms),
      );
      const refused = "error" in replies && replies.code === REFUSED && session !== fallback;
      if (!refused || fallback === undefined) return replies;
      // Nothing was done. Another query of this session may have started it anew already.
      if (this.#session === session) this.#session = fallback;
    }
  }

  // Bookmarks sort as text. Answers may arrive out of order, and a session never goes back.
  #advance(received: string | null): void {
    const next = received?.trim();
    const current = this.bookmark;
    if (next && (current === null || current.localeCompare(next) < 0)) this.#session = next;
  }
}

type Replies = Reply[] | Failure;

function theOne(replies: Replies): Reply {
  return succeeded(replies)[0] as Reply;
}

function succeeded(outcome: Replies): Reply[] {
  if ("error" in outcome) throw d1Error("D1_ERROR", outcome.error);
  return outcome;
}

/** The same queries with each text once: a batch is mostly one statement with other values. */
function compact(queries: Query[]): Request {
  const places = new Map<string, number>();
  const numbered = queries.map(({ sql, params = [] }): [number, unknown[]] => {
    const place = places.get(sql) ?? places.size;
    if (place === places.size) places.set(sql, place);
    return [place, params];
  });
  return { sql: [...places.keys()], queries: numbered };
}
