/**
 * Transactions of several requests: between two statements the program decides what comes next.
 *
 * One that writes has the database for itself, so that nobody changes what it has read; others wait, and
 * read what was committed before. As long as nothing was committed it may be run again from its
 * beginning. What is not known to have failed is never run again.
 */

import type { Channel } from "./channel.ts";
import { OpenTransaction } from "./open_transaction.ts";
import { type QueryRequest, type QueryResponse, runQuery } from "./query.ts";
import type { D1ExecResult, D1Result } from "./result.ts";
import { batch, exec, failed } from "./sender.ts";
import { type Batchable, D1PreparedStatement } from "./statement.ts";

/** Whether it may write. One that only reads never waits, and sees one state of the database. */
export type TransactionMode = "write" | "read";

export interface TransactionOptions {
  /** `write` unless told. */
  mode?: TransactionMode | undefined;
  /**
   * How often the whole is run again if others were writing for too long, or if it was rolled back
   * because it lasted for too long while others waited; 3 unless told.
   */
  retries?: number | undefined;
}

const RETRIES = 3;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;

const PAST = "isolite: the database as of a past bookmark is only read, and has no transactions";

const NESTED = "A nested transaction is open: await it before the next one";

/** What a transaction's function is given: the database's methods, within the transaction. */
export class D1Transaction {
  readonly #open: OpenTransaction;
  readonly #depth: number;
  #nests = false;

  constructor(open: OpenTransaction, depth = 0) {
    this.#open = open;
    this.#depth = depth;
  }

  /** A statement of this transaction. It fails once that has ended. */
  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#open, query);
  }

  /** Runs the statements within the transaction, whoever prepared them: all of them, or none. */
  async batch<T = unknown>(statements: Batchable[]): Promise<D1Result<T>[]> {
    return batch(this.#open, statements);
  }

  /** Runs each line as a statement of its own: all of them, or none. */
  async exec(query: string): Promise<D1ExecResult> {
    return exec(this.#open, query);
  }

  /** As `query` of the database, within the transaction. */
  async query(request: Pick<QueryRequest, "queries">): Promise<QueryResponse> {
    return runQuery(() => this.#open, request);
  }

  /** A part that is taken back by itself if its function throws. One at a time is open. */
  async transaction<T>(work: (tx: D1Transaction) => Promise<T> | T): Promise<T> {
    if (this.#nests) throw new Error(`isolite: ${NESTED}`);
    const name = `isolite_nested_${this.#depth}`;
    this.#nests = true;
    try {
      await this.#open.nest(`SAVEPOINT ${name}`);
      const value = await this.#nested(name, work);
      await this.#open.nest(`RELEASE ${name}`);
      return value;
    } finally {
      this.#nests = false;
    }
  }

  async #nested<T>(name: string, work: (tx: D1Transaction) => Promise<T> | T): Promise<T> {
    try {
      return await work(new D1Transaction(this.#open, this.#depth + 1));
    } catch (error) {
      try {
        await this.#open.nest(`ROLLBACK TO ${name}`);
        await this.#open.nest(`RELEASE ${name}`);
      } catch {
        // The whole is over then, and says so to whoever goes on.
      }
      throw error;
    }
  }
}

/** What came of one try. `again` is set only where nothing was committed. */
type Outcome<T> = { value: T } | { error: unknown; again: boolean };

export async function runTransaction<T>(
  channel: Channel,
  work: (tx: D1Transaction) => Promise<T> | T,
  options: TransactionOptions = {},
): Promise<T> {
  const { mode, retries } = checked(options);
  if (channel.isPast) throw new TypeError(PAST);
  for (let tries = 1; ; tries++) {
    const outcome = await tried(channel, work, mode);
    if ("value" in outcome) return outcome.value;
    if (!outcome.again || tries > retries) throw outcome.error;
    const delay_ms = Math.min(RETRY_MS_MIN * 2 ** (tries - 1), RETRY_MS_MAX);
    // Those who collided once are not to come back together.
    await new Promise((done) => setTimeout(done, delay_ms * (0.5 + Math.random())));
  }
}

async function tried<T>(
  channel: Channel,
  work: (tx: D1Transaction) => Promise<T> | T,
  mode: TransactionMode,
): Promise<Outcome<T>> {
  const open = await OpenTransaction.begin(channel, mode);
  if ("error" in open) return { error: failed(open), again: open.code === "TRANSACTION_BUSY" };
  let value: T;
  try {
    value = await work(new D1Transaction(open));
  } catch (error) {
    // Thrown, most likely, because of it.
    if (open.isLost) return { error, again: true };
    await open.rollBack();
    return { error, again: false };
  }
  const failure = await open.commit();
  if (failure === undefined) return { value };
  return { error: failed(failure), again: failure.code === "TRANSACTION_ENDED" };
}

function checked({ mode = "write", retries = RETRIES }: TransactionOptions): {
  mode: TransactionMode;
  retries: number;
} {
  if (mode !== "write" && mode !== "read") {
    throw new TypeError('isolite: the mode of a transaction is "write" or "read"');
  }
  if (Number.isInteger(retries) && retries >= 0) return { mode, retries };
  throw new TypeError("isolite: retries must be a whole number, or 0");
}
