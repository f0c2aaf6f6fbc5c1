/**
 * A session: statements that see each other's effects in order, wherever each one runs.
 *
 * The bookmark it hands out lets a later session, in another request or another isolate, start
 * from what this one has seen.
 */

import { Channel, type SessionTerms } from "./channel.ts";
import { type ConnectionOptions, mustBeFree, senderOf } from "./connection.ts";
import type { ValueOptions } from "./reply.ts";
import type { D1Result } from "./result.ts";
import { batch, type Sender } from "./sender.ts";
import type { SpanOptions } from "./spans.ts";
import { type Batchable, D1PreparedStatement } from "./statement.ts";
import { type D1Transaction, runTransaction, type TransactionOptions } from "./transaction.ts";
import type { Transport } from "./transport.ts";

/** What a session of ours may say besides. */
export interface SessionOptions extends SessionTerms {
  /** A constraint, or an earlier session's bookmark; `first-unconstrained` unless told. */
  start?: string | null | undefined;
}

export class D1DatabaseSession {
  readonly #channel: Channel;
  readonly #sender: Sender;

  constructor(
    transport: Transport,
    constraintOrBookmark: string,
    options: ValueOptions & ConnectionOptions & SpanOptions = {},
    terms: SessionTerms = {},
  ) {
    this.#channel = new Channel(transport, constraintOrBookmark, options, terms);
    this.#sender = senderOf(this.#channel, options);
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#sender, query);
  }

  async batch<T = unknown>(statements: Batchable[]): Promise<D1Result<T>[]> {
    return batch(this.#sender, statements);
  }

  /** As {@link D1Database.transaction}; the session has seen what it has read and written. */
  async transaction<T>(
    work: (tx: D1Transaction) => Promise<T> | T,
    options?: TransactionOptions,
  ): Promise<T> {
    mustBeFree(this.#sender);
    return runTransaction(this.#channel, work, options);
  }

  /** The newest position that this session has seen; null before its first query. */
  getBookmark(): string | null {
    return this.#channel.bookmark;
  }
}
