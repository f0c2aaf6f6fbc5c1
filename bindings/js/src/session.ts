/**
 * A session: statements that see each other's effects in order, wherever each one runs.
 *
 * The bookmark it hands out lets a later session, in another request or another isolate, start
 * from what this one has seen.
 */

import { Channel, type SessionTerms } from "./channel.ts";
import type { ValueOptions } from "./reply.ts";
import type { D1Result } from "./result.ts";
import { type Batchable, D1PreparedStatement } from "./statement.ts";
import type { Transport } from "./transport.ts";

/** What a session of ours may say besides. */
export interface SessionOptions extends SessionTerms {
  /** A constraint, or an earlier session's bookmark; `first-unconstrained` unless told. */
  start?: string | null | undefined;
}

export class D1DatabaseSession {
  readonly #channel: Channel;

  constructor(
    transport: Transport,
    constraintOrBookmark: string,
    options: ValueOptions = {},
    terms: SessionTerms = {},
  ) {
    this.#channel = new Channel(transport, constraintOrBookmark, options, terms);
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#channel, query);
  }

  async batch<T = unknown>(statements: Batchable[]): Promise<D1Result<T>[]> {
    return this.#channel.batch(statements);
  }

  /** The newest position that this session has seen; null before its first query. */
  getBookmark(): string | null {
    return this.#channel.bookmark;
  }
}
