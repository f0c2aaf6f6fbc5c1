/** What one can do about a failure. What is not known here is shown as the server tells it. */

import { messageOf, Refused, ServerGone } from "../../../api/failure.ts";
import { isUnbounded } from "../../../sql/nature.ts";
import type { Statement } from "../../../sql/statements.ts";

interface NextSteps {
  /** In place of the message. */
  text?: string;
  hint?: string;
  /** A statement in place of the one that gave too many rows. */
  limited?: { statement: Statement; sql: string };
  explain?: boolean;
  again?: boolean;
  /** Whether the whole database can be fetched instead. */
  href?: boolean;
}

const LIMIT = 1_000;

export function nextSteps(error: unknown, statements: Statement[], writes: boolean): NextSteps {
  if (error instanceof ServerGone) {
    return { ...(!writes && { text: "The server does not answer." }), again: !writes };
  }
  if (!(error instanceof Refused)) return {};
  const message = messageOf(error);
  if (message.startsWith("result too large")) {
    const [statement] = statements;
    const isOne = statements.length === 1 && statement !== undefined && isUnbounded(statement);
    return {
      hint: "All rows of all tables are in a download of the database.",
      href: true,
      ...(isOne && { limited: { statement, sql: `${statement.sql}\nLIMIT ${LIMIT}` } }),
    };
  }
  if (message.startsWith("query took too long")) {
    return { hint: "Its plan tells whether an index is missing.", explain: true };
  }
  if (message.startsWith("To execute a transaction")) {
    return {
      text: "BEGIN, COMMIT, ROLLBACK and savepoints are not run here.",
      hint: "What runs together is one transaction by itself: select it, and run it without them.",
    };
  }
  if (message.startsWith("Wrong number of parameter")) {
    return { hint: "Parameters have no values here, except for a plan: write the values instead." };
  }
  if (error.status === 413) return { hint: "Import it as a file: see docs/operations.md." };
  if (error.status >= 500) {
    return writes ? { hint: "Whether it was written is not known." } : { again: true };
  }
  return writes || statements.length > 1 ? { hint: "Nothing of it has happened." } : {};
}
