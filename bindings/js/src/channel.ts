/**
 * The way of statements to the database, and the keeper of a session's bookmark.
 *
 * A database and each of its sessions own one channel. A statement keeps the channel that
 * prepared it, so that what it runs moves its own session forward.
 */

import { d1Error } from "./errors.ts";
import { parseReplies, type Reply, type D1Result, toResult } from "./result.ts";
import type { Batchable, D1PreparedStatement } from "./statement.ts";
import type { Transport } from "./transport.ts";

/** A statement as it travels. */
export interface Query {
  sql: string;
  params?: unknown[] | undefined;
}

export const QUERY_PATH = "/query?resultsFormat=ROWS_AND_COLUMNS";
export const EXECUTE_PATH = "/execute?resultsFormat=NONE";

const CONSTRAINTS = ["first-primary", "first-unconstrained"];

export class Channel {
  readonly #transport: Transport;
  #session: string | null;

  /** `session` is a constraint or a bookmark, or null for requests outside any session. */
  constructor(transport: Transport, session: string | null) {
    this.#transport = transport;
    this.#session = session;
  }

  /** The newest bookmark; null outside sessions and while only a constraint is known. */
  get bookmark(): string | null {
    return this.#session !== null && CONSTRAINTS.includes(this.#session) ? null : this.#session;
  }

  /** Sends one statement, or several as one transaction; the replies come in their order. */
  async send(path: string, query: Query | Query[]): Promise<Reply[]> {
    const body = JSON.stringify(query);
    const { text, bookmark } = await this.#transport.send(path, body, this.#session);
    if (this.#session !== null) this.#advance(bookmark);
    return parseReplies(text);
  }

  /** As `send`, with a failure thrown. */
  async sendOrThrow(path: string, query: Query | Query[]): Promise<Reply[]> {
    const replies = await this.send(path, query);
    const failed = replies.find((reply) => reply.error);
    if (failed?.error) throw d1Error("D1_ERROR", failed.error);
    return replies;
  }

  /** Only the text and the values of each statement count, not the channel that prepared it. */
  async batch<T>(statements: Batchable[]): Promise<D1Result<T>[]> {
    const queries = (statements as D1PreparedStatement[]).map(({ statement, params }) => {
      return { sql: statement, params };
    });
    return (await this.sendOrThrow(QUERY_PATH, queries)).map((reply) => toResult<T>(reply));
  }

  // Bookmarks sort as text. Answers may arrive out of order, and a session never goes back.
  #advance(received: string | null): void {
    const next = received?.trim();
    const current = this.bookmark;
    if (next && (current === null || current.localeCompare(next) < 0)) this.#session = next;
  }
}
