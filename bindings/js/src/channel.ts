/**
 * The way of statements to the database, and the keeper of a session's bookmark.
 *
 * A database and each of its sessions own one channel. A statement keeps the channel that
 * prepared it, so that what it runs moves its own session forward.
 */

import { d1Error } from "./errors.ts";
import { type Failure, parseReplies, type Reply, type ValueOptions } from "./reply.ts";
import { type D1Result, toResult } from "./result.ts";
import type { Batchable, D1PreparedStatement } from "./statement.ts";
import type { Transport } from "./transport.ts";

/** A statement as it travels. */
export interface Query {
  sql: string;
  params?: unknown[];
}

const PATH = "/query?resultsFormat=COMPACT";
const CONSTRAINTS = ["first-primary", "first-unconstrained"];

export class Channel {
  readonly options: ValueOptions;
  readonly #transport: Transport;
  #session: string | null;
  readonly #max_staleness_ms: number | undefined;

  /**
   * `session` is a constraint or a bookmark, or null for requests outside any session; a session may
   * have a bound of its own.
   */
  constructor(
    transport: Transport,
    session: string | null,
    options: ValueOptions,
    max_staleness_ms?: number,
  ) {
    this.#transport = transport;
    this.#session = session;
    this.#max_staleness_ms = max_staleness_ms;
    this.options = options;
  }

  /** The newest bookmark; null outside sessions and while only a constraint is known. */
  get bookmark(): string | null {
    return this.#session !== null && CONSTRAINTS.includes(this.#session) ? null : this.#session;
  }

  /** Sends one statement. */
  async one(query: Query): Promise<Reply> {
    return succeeded(await this.#send(query))[0] as Reply;
  }

  /** Sends several as one transaction; the replies come in their order. */
  many(queries: Query[]): Promise<Reply[] | Failure> {
    return this.#send(compact(queries));
  }

  /** Only the text and the values of each statement count, not the channel that prepared it. */
  async batch<T>(statements: Batchable[]): Promise<D1Result<T>[]> {
    const queries = (statements as D1PreparedStatement[]).map(({ statement, params }) => {
      return { sql: statement, params };
    });
    return succeeded(await this.many(queries)).map((reply) => toResult<T>(reply));
  }

  async #send(request: unknown): Promise<Reply[] | Failure> {
    const body = JSON.stringify(request);
    const [session, bound] = [this.#session, this.#max_staleness_ms];
    const { text, bookmark } = await this.#transport.send(PATH, body, session, bound);
    if (this.#session !== null) this.#advance(bookmark);
    return parseReplies(text, this.options);
  }

  // Bookmarks sort as text. Answers may arrive out of order, and a session never goes back.
  #advance(received: string | null): void {
    const next = received?.trim();
    const current = this.bookmark;
    if (next && (current === null || current.localeCompare(next) < 0)) this.#session = next;
  }
}

function succeeded(outcome: Reply[] | Failure): Reply[] {
  if ("error" in outcome) throw d1Error("D1_ERROR", outcome.error);
  return outcome;
}

/** The same queries with each text once: a batch is mostly one statement with other values. */
function compact(queries: Query[]): { sql: string[]; queries: [number, unknown[]][] } {
  const places = new Map<string, number>();
  const numbered = queries.map(({ sql, params = [] }): [number, unknown[]] => {
    const place = places.get(sql) ?? places.size;
    if (place === places.size) places.set(sql, place);
    return [place, params];
  });
  return { sql: [...places.keys()], queries: numbered };
}
