/**
 * What a statement does, told by its words before it runs. SQLite itself decides where it runs; this is
 * so that a person is not surprised.
 */

import { outermost, type Token } from "./lexer.ts";
import { qualifiedName, type Statement } from "./statements.ts";

export interface Nature {
  writes: boolean;
  /** It may leave another schema. */
  isSchema: boolean;
  /** What is lost by it, if it is to be asked about first. */
  danger?: string;
}

const SCHEMA = new Set(["CREATE", "ALTER", "DROP"]);
const WRITES = new Set([
  ...SCHEMA, "INSERT", "REPLACE", "UPDATE", "DELETE", "REINDEX", "ANALYZE", "VACUUM",
]);
const MAIN = new Set(["SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"]);
/** Pragmas that set something of the request alone, or nothing. */
const HARMLESS = new Set(
  `DATA_VERSION PAGE_SIZE CASE_SENSITIVE_LIKE DEFER_FOREIGN_KEYS FOREIGN_KEYS
   IGNORE_CHECK_CONSTRAINTS LEGACY_ALTER_TABLE RECURSIVE_TRIGGERS REVERSE_UNORDERED_SELECTS
   FOREIGN_KEY_LIST INDEX_INFO INDEX_LIST INDEX_XINFO TABLE_INFO TABLE_XINFO FOREIGN_KEY_CHECK
   QUICK_CHECK TABLE_LIST`.split(/\s+/),
);

export function natureOf({ tokens, sql }: Statement): Nature {
  const [first] = tokens;
  const verb = mainVerb(tokens);
  if (first?.text === "EXPLAIN" || verb === undefined) return { writes: false, isSchema: false };
  if (verb.text === "PRAGMA") return { writes: !isHarmless(tokens), isSchema: false };
  const danger = dangerOf(verb, outermost(tokens), sql);
  return {
    writes: WRITES.has(verb.text),
    isSchema: SCHEMA.has(verb.text),
    ...(danger !== undefined && { danger }),
  };
}

/** What the common table expressions of a statement are for, or its first word. */
export function mainVerb(tokens: readonly Token[]): Token | undefined {
  const [first] = tokens;
  if (first?.text !== "WITH") return first;
  return outermost(tokens).find(({ kind, text }) => kind === "word" && MAIN.has(text));
}

function isHarmless(tokens: readonly Token[]): boolean {
  const name = tokens[2]?.text === "." ? tokens[3] : tokens[1];
  const isQuestion = !tokens.some(({ text }) => text === "=" || text === "(");
  return HARMLESS.has(name?.text ?? "") || (isQuestion && name?.text !== "OPTIMIZE");
}

function dangerOf(verb: Token, tokens: readonly Token[], sql: string): string | undefined {
  const at = tokens.indexOf(verb);
  const has = (word: string) => tokens.some(({ kind, text }) => kind === "word" && text === word);
  const name = (index: number) => qualifiedName(tokens, index, sql) ?? "it";
  switch (verb.text) {
    case "DROP": {
      const optional = tokens[at + 2]?.text === "IF" ? 2 : 0;
      return `It drops the ${tokens[at + 1]?.text.toLowerCase() ?? ""} ${name(at + 2 + optional)}.`;
    }
    case "ALTER":
      return has("DROP") ? `It drops a column of ${name(at + 2)}, with what is in it.` : undefined;
    case "DELETE":
      return has("WHERE") ? undefined : `It deletes every row of ${name(at + 2)}: it has no WHERE.`;
    case "UPDATE": {
      const or = tokens[at + 1]?.text === "OR" ? 2 : 0;
      return has("WHERE")
        ? undefined
        : `It changes every row of ${name(at + 1 + or)}: it has no WHERE.`;
    }
    default:
      return undefined;
  }
}

/** Whether rows come from it without a bound. */
export function isUnbounded({ tokens }: Statement): boolean {
  return mainVerb(tokens)?.text === "SELECT" &&
    !outermost(tokens).some(({ kind, text }) => kind === "word" && text === "LIMIT");
}
