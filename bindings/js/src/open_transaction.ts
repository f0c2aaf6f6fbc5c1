/**
 * A transaction that is open at the primary: the sender of its statements, until its end.
 */

import { type Channel, QUERY_PATH } from "./channel.ts";
import { d1Error } from "./errors.ts";
import { type Failure, parseReplies, type Reply, told, type ValueOptions } from "./reply.ts";
import { failed, type Replies, type Sender, theOne } from "./sender.ts";
import { type Operation, type Shown, spanned } from "./spans.ts";
import type { TransactionMode } from "./transaction.ts";
import { compact, type Query, type TransportReply } from "./transport.ts";

const OVER = { error: "The transaction has ended, and its statements run no more" };

const NAME = /^[0-9a-f]{16}$/;
const DONE = /^\{\}$/;

export class OpenTransaction implements Sender {
  /** Who has it moves it: the sender that began this one. */
  readonly bookmark = null;
  readonly #channel: Channel;
  readonly #name: string;
  /** What was sent and is not answered yet, whether or not anybody awaits it. */
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;
  #lost = false;

  private constructor(channel: Channel, name: string) {
    this.#channel = channel;
    this.#name = name;
  }

  /** Waits for the turn to write, unless it is to read. A failure has begun nothing. */
  static async begin(channel: Channel, mode: TransactionMode): Promise<OpenTransaction | Failure> {
    const path = `/transaction/begin?mode=${mode}`;
    const name = await channel.ask(path, "", ({ text }) => told(text, NAME));
    return typeof name === "string" ? new OpenTransaction(channel, name) : name;
  }

  get options(): ValueOptions {
    return this.#channel.options;
  }

  /** Whether the primary has said that it is over before its end: nothing of it was done. */
  get isLost(): boolean {
    return this.#lost;
  }

  one(query: Query, operation?: Operation): Promise<Reply> {
    const body = JSON.stringify(query);
    return spanned(this.#shown([query], operation), async () => theOne(await this.#query(body)));
  }

  many(queries: Query[], operation?: Operation): Promise<Replies> {
    const body = JSON.stringify(compact(queries));
    return spanned(this.#shown(queries, operation), () => this.#query(body));
  }

  #shown(queries: Query[], operation: Operation | undefined): Shown {
    return { tracing: this.#channel.tracing, operation, queries, bookmark: () => null };
  }

  /** Nests a transaction in it, or ends one that is nested: by SAVEPOINT, RELEASE or ROLLBACK TO. */
  async nest(sql: string): Promise<void> {
    await this.#answers();
    const done = await this.#send(this.#path("nest"), sql, ({ text }) => told(text, DONE));
    if (typeof done !== "string") throw failed(done);
  }

  /** A failure says that nothing was committed; an error, that this is not known. */
  async commit(): Promise<Failure | undefined> {
    try {
      return await this.#end("commit");
    } catch (error) {
      const { message } = error as Error;
      const text = `It is not known whether the transaction was committed: ${message}`;
      throw d1Error("D1_ERROR", text, message);
    }
  }

  /** Whatever goes wrong here, nothing of it will be committed. */
  async rollBack(): Promise<void> {
    await this.#end("rollback").catch(() => {});
  }

  async #end(how: "commit" | "rollback"): Promise<Failure | undefined> {
    if (this.#closed) return OVER;
    this.#closed = true;
    await this.#answers();
    const done = await this.#channel.ask(this.#path(how), "", ({ text }) => told(text, DONE));
    return typeof done === "string" ? undefined : done;
  }

  /** Calls come to the primary in any order; what came after the end would be lost. */
  async #answers(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #query(body: string): Promise<Replies> {
    const path = `${QUERY_PATH}&transaction=${this.#name}`;
    return this.#send(path, body, (reply) => parseReplies(reply, this.options));
  }

  async #send<Told extends object | string>(
    path: string,
    body: string,
    read: (reply: TransportReply) => Told | Failure,
  ): Promise<Told | Failure> {
    if (this.#closed) return OVER;
    const asked = this.#channel.ask(path, body, read);
    this.#running.add(asked);
    try {
      const answer = await asked;
      if ((answer as Partial<Failure>).code === "TRANSACTION_ENDED") this.#lost = true;
      return answer;
    } finally {
      this.#running.delete(asked);
    }
  }

  #path(what: "nest" | "commit" | "rollback"): string {
    return `/transaction/${what}?transaction=${this.#name}`;
  }
}
