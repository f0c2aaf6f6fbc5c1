/**
 * The way of statements to the database, and the keeper of a session's bookmark.
 *
 * A database and each of its sessions own one channel. A statement keeps the channel that
 * prepared it, so that what it runs moves its own session forward.
 */

import { type Failure, parseReplies, type Reply, type ValueOptions } from "./reply.ts";
import { failed, type Replies, type Sender, theOne } from "./sender.ts";
import { type Operation, type Shown, type SpanOptions, spanned } from "./spans.ts";
import type { Bounds } from "./staleness.ts";
import { compact, type Query, type Transport, type TransportReply } from "./transport.ts";

export const QUERY_PATH = "/query?resultsFormat=COMPACT";
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

export class Channel implements Sender {
  readonly options: ValueOptions;
  readonly #transport: Transport;
  #session: string | null;
  readonly #terms: SessionTerms;
  readonly #path: string;
  readonly #spansAll: boolean;

  /** `session` is a constraint or a bookmark, or null for requests outside any session. */
  constructor(
    transport: Transport,
    session: string | null,
    options: ValueOptions & SpanOptions,
    terms: SessionTerms = {},
  ) {
    const { as_of } = terms;
    this.#transport = transport;
    // The past is in no session: it does not move.
    this.#session = as_of === undefined ? session : null;
    this.#terms = as_of === undefined ? terms : { as_of, max_staleness_ms: 0 };
    const at = as_of === undefined ? "" : `&as_of=${encodeURIComponent(as_of)}`;
    this.#path = QUERY_PATH + at;
    this.options = options;
    this.#spansAll = options.spans === "all";
  }

  /** Whether it reads the past, in which nothing happens any more. */
  get isPast(): boolean {
    return this.#terms.as_of !== undefined;
  }

  get bookmark(): string | null {
    if (this.#terms.as_of !== undefined) return this.#terms.as_of;
    return this.#session !== null && CONSTRAINTS.includes(this.#session) ? null : this.#session;
  }

  get tracing(): Tracing | undefined {
    return this.#transport.tracing;
  }

  one(query: Query, operation?: Operation): Reply | Promise<Reply> {
    if (!this.#spansAll) return this.#one(query, operation);
    return spanned(this.#shown([query], operation), () => this.#one(query, undefined));
  }

  #one(query: Query, operation: Operation | undefined): Reply | Promise<Reply> {
    const { max_staleness_ms } = this.#terms;
    const session = this.#session;
    const found = this.#transport.atHand?.(this.#path, query, session, max_staleness_ms, this.options);
    if (found === undefined) {
      const body = JSON.stringify(query);
      return spanned(this.#shown([query], operation), () => this.#query(body).then(theOne));
    }
    const { reply, bookmark } = found;
    if (session !== null) this.#advance(bookmark);
    if ("error" in reply) throw failed(reply);
    return reply;
  }

  many(queries: Query[], operation?: Operation): Promise<Replies> {
    const body = JSON.stringify(compact(queries));
    return spanned(this.#shown(queries, operation), () => this.#query(body));
  }

  /** Sends a request by any path; `read` makes of the reply what it tells. */
  async ask<Told extends object | string>(
    path: string,
    body: string,
    read: (reply: TransportReply) => Told | Failure,
  ): Promise<Told | Failure> {
    const { max_staleness_ms, fallback } = this.#terms;
    for (;;) {
      const session = this.#session;
      const reply = await this.#transport.send(path, body, session, max_staleness_ms);
      if (this.#session !== null) this.#advance(reply.bookmark);
      const told = read(reply);
      const refused = (told as Partial<Failure>).code === "BOOKMARK_REFUSED";
      if (!refused || fallback === undefined || session === fallback) return told;
      // Nothing was done. Another query of this session may have started it anew already.
      if (this.#session === session) this.#session = fallback;
    }
  }

  #shown(queries: Query[], operation: Operation | undefined): Shown {
    return { tracing: this.tracing, operation, queries, bookmark: () => this.bookmark };
  }

  #query(body: string): Promise<Replies> {
    return this.ask(this.#path, body, (reply) => parseReplies(reply, this.options));
  }

  // Bookmarks sort as text. Answers may arrive out of order, and a session never goes back.
  #advance(received: string | null): void {
    const next = received?.trim();
    const current = this.bookmark;
    if (next && (current === null || current.localeCompare(next) < 0)) this.#session = next;
  }
}
