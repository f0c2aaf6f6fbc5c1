/**
 * What statements are sent by, and what is made of several of them: a database has one, and so has each
 * session and each transaction.
 */

import { d1Error } from "./errors.ts";
import type { Failure, Reply, ValueOptions } from "./reply.ts";
import { type D1ExecResult, type D1Result, toResult } from "./result.ts";
import type { Operation } from "./spans.ts";
import type { Batchable, D1PreparedStatement } from "./statement.ts";
import type { Query } from "./transport.ts";

export type Replies = Reply[] | Failure;

export interface Sender {
  readonly options: ValueOptions;
  /** The newest bookmark; null outside sessions and while only a constraint is known. */
  readonly bookmark: string | null;

  /** Sends one statement. A reply that is at hand comes as it is: a promise more would be slow. */
  one(query: Query, operation?: Operation): Reply | Promise<Reply>;

  /** Sends several as one transaction; the replies come in their order. */
  many(queries: Query[], operation?: Operation): Promise<Replies>;
}

/** Only the text and the values of each statement count, not the sender that prepared it. */
export async function batch<T>(sender: Sender, statements: Batchable[]): Promise<D1Result<T>[]> {
  const queries = (statements as D1PreparedStatement[]).map(({ statement, params }) => {
    return { sql: statement, params };
  });
  return succeeded(await sender.many(queries, "batch")).map((reply) => toResult<T>(reply));
}

/** Runs each line as a statement of its own, all in one transaction. */
export async function exec(sender: Sender, query: string): Promise<D1ExecResult> {
  const lines = query.trim().split("\n");
  const queries = lines.map((line) => ({ sql: line }));
  const replies = await sender.many(queries, "exec");
  if ("error" in replies) {
    // One failure comes back for all lines; D1 counts it as the first one's.
    const message = `Error in line 1: ${lines[0]}: ${replies.error}`;
    throw d1Error("D1_EXEC_ERROR", message, message, replies.code);
  }
  const duration = replies.reduce((sum, reply) => sum + reply.meta.duration, 0);
  return { count: replies.length, duration };
}

export function theOne(replies: Replies): Reply {
  return succeeded(replies)[0] as Reply;
}

export function failed({ error, code }: Failure): Error {
  return d1Error("D1_ERROR", error, error, code);
}

function succeeded(outcome: Replies): Reply[] {
  if ("error" in outcome) throw failed(outcome);
  return outcome;
}
