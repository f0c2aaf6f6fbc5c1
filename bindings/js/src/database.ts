/**
 * A database with the face of D1's `env.DB`.
 *
 * Nothing here knows how requests travel: that is the transport's part, so that the same face
 * stands over a service binding and over the router inside the isolate.
 */

import { Channel } from "./channel.ts";
import { d1Error } from "./errors.ts";
import { type QueryRequest, type QueryResponse, runQuery } from "./query.ts";
import type { ValueOptions } from "./reply.ts";
import type { D1ExecResult, D1Result } from "./result.ts";
import { D1DatabaseSession, type SessionOptions } from "./session.ts";
import { checked } from "./staleness.ts";
import { type Batchable, D1PreparedStatement } from "./statement.ts";
import type { Transport } from "./transport.ts";

const TWO_STARTS = "withSession takes `start` or `as_of`, not both";

export class D1Database {
  // The worker crate for Rust tells a database by its constructor's name, which minifiers change.
  static {
    Object.defineProperty(this, "name", { value: "D1Database" });
  }

  readonly #transport: Transport;
  readonly #channel: Channel;

  constructor(transport: Transport, options: ValueOptions = {}) {
    this.#transport = transport;
    this.#channel = new Channel(transport, null, options);
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#channel, query);
  }

  /** Runs the statements as one transaction: all of them, or none. */
  async batch<T = unknown>(statements: Batchable[]): Promise<D1Result<T>[]> {
    return this.#channel.batch(statements);
  }

  /** Runs each line as a statement of its own, all in one transaction. For schemas and tests. */
  async exec(query: string): Promise<D1ExecResult> {
    const lines = query.trim().split("\n");
    const queries = lines.map((line) => ({ sql: line }));
    const replies = await this.#channel.many(queries);
    if ("error" in replies) {
      // One failure comes back for all lines; D1 counts it as the first one's.
      throw d1Error("D1_EXEC_ERROR", `Error in line 1: ${lines[0]}: ${replies.error}`);
    }
    const duration = replies.reduce((sum, reply) => sum + reply.meta.duration, 0);
    return { count: replies.length, duration };
  }

  /**
   * A session from a constraint or an earlier session's bookmark, or with a bound of its own; or one that
   * reads the database as of a past bookmark.
   */
  withSession(start?: string | SessionOptions | null): D1DatabaseSession {
    const options: SessionOptions = typeof start === "object" ? (start ?? {}) : { start };
    const { start: from, ...terms } = options;
    if (terms.max_staleness_ms !== undefined) checked(terms.max_staleness_ms);
    if (terms.as_of !== undefined && from != null) throw new TypeError(TWO_STARTS);
    const session = from?.trim() || "first-unconstrained";
    return new D1DatabaseSession(this.#transport, session, this.#channel.options, terms);
  }

  /**
   * Runs the queries as one transaction and gives rows as arrays; D1 has it behind the flag
   * `d1_binding_jsrpc`. A parameter may be a BigInt or bytes, and a failure has no code before it.
   */
  async query(request: QueryRequest): Promise<QueryResponse> {
    return runQuery(this.#transport, request, this.#channel.options);
  }

  /** Refused, as D1 refuses it for all but the databases of its first alpha. */
  async dump(): Promise<ArrayBuffer> {
    throw d1Error("D1_DUMP_ERROR", "Status + 404", "Status 404");
  }
}
