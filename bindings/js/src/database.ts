/**
 * A database with the face of D1's `env.DB`.
 *
 * Nothing here knows how requests travel: that is the transport's part, so that the same face
 * stands over a service binding and over the router inside the isolate.
 */

import { Channel } from "./channel.ts";
import { type ConnectionOptions, mustBeFree, senderOf } from "./connection.ts";
import { d1Error } from "./errors.ts";
import { type QueryRequest, type QueryResponse, runQuery } from "./query.ts";
import type { ValueOptions } from "./reply.ts";
import type { D1ExecResult, D1Result } from "./result.ts";
import { batch, exec, type Sender } from "./sender.ts";
import { D1DatabaseSession, type SessionOptions } from "./session.ts";
import type { SpanOptions } from "./spans.ts";
import { checked } from "./staleness.ts";
import { type Batchable, D1PreparedStatement } from "./statement.ts";
import { type D1Transaction, runTransaction, type TransactionOptions } from "./transaction.ts";
import type { Transport } from "./transport.ts";

/** How a database's values come, and what its statements may do. */
export interface DatabaseOptions extends ValueOptions, ConnectionOptions, SpanOptions {}

const TWO_STARTS = "withSession takes `start` or `as_of`, not both";

export class D1Database {
  // The worker crate for Rust tells a database by its constructor's name, which minifiers change.
  static {
    Object.defineProperty(this, "name", { value: "D1Database" });
  }

  readonly #transport: Transport;
  readonly #options: DatabaseOptions;
  readonly #channel: Channel;
  readonly #sender: Sender;

  constructor(transport: Transport, options: DatabaseOptions = {}) {
    this.#transport = transport;
    this.#options = options;
    this.#channel = new Channel(transport, null, options);
    this.#sender = senderOf(this.#channel, options);
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#sender, query);
  }

  /** Runs the statements as one transaction: all of them, or none. */
  async batch<T = unknown>(statements: Batchable[]): Promise<D1Result<T>[]> {
    return batch(this.#sender, statements);
  }

  /**
   * Runs a function whose statements are one transaction: what it has written is committed when it returns,
   * and taken back if it throws, which the caller then sees.
   *
   * Nobody else writes meanwhile, and nobody sees anything of it before the commit. One of the mode `read`
   * sees one state of the database, and does not hold up anybody.
   *
   * The function may run several times, each time from the beginning: if others were writing for too
   * long, or if it lasted for too long while others waited. So it should await nothing but its own
   * statements, and do nothing else that cannot be repeated. Statements of the database itself, not of `tx`, are
   * outside; one that writes there would wait for this transaction, and this for it.
   *
   * Rejects with what the function throws; with `code` `TRANSACTION_BUSY` or `TRANSACTION_ENDED`, after
   * which nothing was done, when the retries are used up; or with an error that says that it is not known
   * whether it was committed, if the answer to the commit was lost. That is never run again.
   */
  async transaction<T>(
    work: (tx: D1Transaction) => Promise<T> | T,
    options?: TransactionOptions,
  ): Promise<T> {
    mustBeFree(this.#sender);
    return runTransaction(this.#channel, work, options);
  }

  /** Runs each line as a statement of its own, all in one transaction. For schemas and tests. */
  async exec(query: string): Promise<D1ExecResult> {
    return exec(this.#sender, query);
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
    return new D1DatabaseSession(this.#transport, session, this.#options, terms);
  }

  /**
   * Runs the queries as one transaction and gives rows as arrays; D1 has it behind the flag
   * `d1_binding_jsrpc`. A parameter may be a BigInt or bytes, and a failure has no code before it.
   */
  async query(request: QueryRequest): Promise<QueryResponse> {
    const open = (bookmark: string | null): Sender =>
      bookmark === null
        ? this.#sender
        : new Channel(this.#transport, bookmark, this.#options);
    return runQuery(open, request);
  }

  /** Refused, as D1 refuses it for all but the databases of its first alpha. */
  async dump(): Promise<ArrayBuffer> {
    throw d1Error("D1_DUMP_ERROR", "Status + 404", "Status 404");
  }
}
