/**
 * Errors as D1 words them: a code, a colon, the message; the bare message again as the cause.
 *
 * Clients parse both. Prisma reads the text after `D1_ERROR: `, and the worker crate for Rust
 * looks for the prefix and then takes the cause, so neither may be left out. They are plain
 * `Error`s, because D1's are.
 */

export type D1ErrorCode =
  | "D1_ERROR"
  | "D1_EXEC_ERROR"
  | "D1_TYPE_ERROR"
  | "D1_COLUMN_NOTFOUND"
  | "D1_DUMP_ERROR";

/** What kind of failure it is, where a program does something about it: `code` of the error. */
export type FailureCode =
  /** The session's bookmark is not one of this database. Nothing was done. */
  | "BOOKMARK_REFUSED"
  /** Others were writing for as long as could be waited. Nothing was done; a retry may help. */
  | "TRANSACTION_BUSY"
  /** The transaction is over, and nothing of it was done; it may be tried again. */
  | "TRANSACTION_ENDED";

export function d1Error(
  prefix: D1ErrorCode,
  message: string,
  cause = message,
  code?: FailureCode,
): Error {
  const error = new Error(`${prefix}: ${message}`, { cause: new Error(cause) });
  return code === undefined ? error : Object.assign(error, { code });
}
