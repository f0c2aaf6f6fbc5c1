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

export function d1Error(code: D1ErrorCode, message: string, cause = message): Error {
  return new Error(`${code}: ${message}`, { cause: new Error(cause) });
}
