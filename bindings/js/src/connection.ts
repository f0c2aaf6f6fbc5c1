/**
 * A handle on which SQL begins and ends transactions, as ORMs send it: `BEGIN`, `COMMIT`, `ROLLBACK` and
 * those that nest. Elsewhere these statements are refused, as by D1.
 *
 * It is what one connection is of other databases: while its transaction is open, all its statements run
 * within it. So it is for one request, and has one transaction at a time.
 */

import type { Channel } from "./channel.ts";
import { OpenTransaction } from "./open_transaction.ts";
import { Reply, type ValueOptions } from "./reply.ts";
import { failed, type Replies, type Sender } from "./sender.ts";
import type { Operation } from "./spans.ts";
import { type TransactionStatement, transactionStatement } from "./transaction_statement.ts";
import type { Query } from "./transport.ts";

export interface ConnectionOptions {
  /**
   * Lets SQL begin and end transactions of this handle: `BEGIN` and `COMMIT`, as ORMs send them. The handle
   * is then one connection: make one in each request. False unless told, as in D1.
   */
  transactions?: boolean | undefined;
}

export function senderOf(channel: Channel, { transactions }: ConnectionOptions): Sender {
  return transactions === true ? new Connection(channel) : channel;
}

/** Throws where the sender's transaction is open: another one would wait for it, and it for that one. */
export function mustBeFree(sender: Sender): void {
  if (sender instanceof Connection && sender.isBusy) throw refusal(WITHIN);
}

class Connection implements Sender {
  readonly #channel: Channel;
  #open: OpenTransaction | undefined;
  /** When the next statement has its turn, while one is beginning, ending or nesting a transaction. */
  #turn: Promise<void> | undefined;
  /** COMMIT has failed, which is followed by a ROLLBACK of what is over already. */
  #failed = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get options(): ValueOptions {
    return this.#channel.options;
  }

  get bookmark(): string | null {
    return this.#channel.bookmark;
  }

  get isBusy(): boolean {
    return this.#open !== undefined || this.#turn !== undefined;
  }

  one(query: Query, operation?: Operation): Reply | Promise<Reply> {
    const statement = transactionStatement(query.sql);
    if (statement !== undefined) return this.#inTurn(() => this.#perform(statement, query.sql), true);
    if (this.#turn === undefined) return this.#sender().one(query, operation);
    return this.#inTurn(async () => this.#sender().one(query, operation));
  }

  many(queries: Query[], operation?: Operation): Promise<Replies> {
    if (this.#turn === undefined) return this.#sender().many(queries, operation);
    return this.#inTurn(() => this.#sender().many(queries, operation));
  }

  #sender(): Sender {
    return this.#open ?? this.#channel;
  }

  /** Begins `work` in the order in which it was sent; those behind one that is `alone` wait for its end. */
  #inTurn<T>(work: () => Promise<T>, alone = false): Promise<T> {
    // In a box, which is there once the work has begun.
    const begun = (this.#turn ?? Promise.resolve()).then(() => ({ done: work() }));
    const turn = begun.then(({ done }) => (alone ? done.then(nothing, nothing) : undefined));
    this.#turn = turn;
    turn.then(() => {
      if (this.#turn === turn) this.#turn = undefined;
    });
    return begun.then(({ done }) => done);
  }

  async #perform(statement: TransactionStatement, sql: string): Promise<Reply> {
    await this.#change(statement, sql);
    return new Reply(null, {}, [0, 0, 0, false, 0, 0, 0]);
  }

  async #change(statement: TransactionStatement, sql: string): Promise<void> {
    const open = this.#open;
    switch (statement.does) {
      case "begin": {
        if (open !== undefined) throw refusal(WITHIN);
        const begun = await OpenTransaction.begin(this.#channel, statement.mode);
        if ("error" in begun) throw failed(begun);
        this.#failed = false;
        this.#open = begun;
        return;
      }
      case "commit": {
        if (open === undefined) throw refusal("cannot commit - no transaction is active");
        this.#open = undefined;
        this.#failed = true;
        const failure = await open.commit();
        if (failure !== undefined) throw failed(failure);
        this.#failed = false;
        return;
      }
      case "roll back":
        this.#open = undefined;
        if (open === undefined && !this.#failed) {
          throw refusal("cannot rollback - no transaction is active");
        }
        this.#failed = false;
        return open?.rollBack();
      case "nest":
        if (open === undefined) throw refusal(NOT_WITHIN);
        return open.nest(sql);
    }
  }
}

const WITHIN = `cannot start a transaction within a transaction: this handle's is open. A handle is \
one connection; make one in each request with isolite(…, { transactions: true })`;

const NOT_WITHIN = "no transaction is active: begin one with BEGIN before it is nested";

function nothing(): void {}

function refusal(error: string): Error {
  return failed({ error: `${error}: SQLITE_ERROR` });
}
