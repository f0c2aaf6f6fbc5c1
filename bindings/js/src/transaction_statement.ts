/**
 * Statements that begin, end or nest a transaction, told by their words.
 *
 * What only begins like one is no such statement here: it goes on, and is refused with SQLite's text.
 */

import type { TransactionMode } from "./transaction.ts";

export type TransactionStatement =
  | { does: "begin"; mode: TransactionMode }
  | { does: "commit" | "roll back" | "nest" };

// No comment can be read in two ways, so that the time stays in proportion to the text.
const COMMENT = String.raw`--[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/`;
const COMMENTS = new RegExp(COMMENT, "g");
const FIRST_WORD = new RegExp(
  String.raw`^(?:\s|${COMMENT})*(begin|commit|end|rollback|savepoint|release)\b`,
  "i",
);

export function transactionStatement(sql: string): TransactionStatement | undefined {
  const word = FIRST_WORD.exec(sql)?.[1]?.toLowerCase();
  if (word === undefined) return undefined;
  if (word === "savepoint" || word === "release") return { does: "nest" };
  const text = sql.replace(COMMENTS, " ").toLowerCase().trim();
  const words = text.replace(/\s*;$/, "").split(/\s+/).join(" ");
  if (/^rollback (transaction )?to /.test(words)) return { does: "nest" };
  if (/^(commit|end)( transaction)?$/.test(words)) return { does: "commit" };
  if (/^rollback( transaction)?$/.test(words)) return { does: "roll back" };
  // Those that SQLite lets write later write from the beginning on here, so that none fails midway.
  if (/^begin( deferred| immediate| exclusive)?( transaction)?$/.test(words)) {
    return { does: "begin", mode: "write" };
  }
  // No words of SQLite's: libSQL's clients send them.
  if (/^begin (transaction )?readonly( transaction)?$/.test(words)) {
    return { does: "begin", mode: "read" };
  }
  return undefined;
}
