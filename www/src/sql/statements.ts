/** A text of SQL as its statements, and the one that the cursor is in. */

import { nameOf, type Token, tokensOf } from "./lexer.ts";

export interface Statement {
  /** Without the semicolon, and without comments around it. */
  sql: string;
  from: number;
  to: number;
  /** Their places are those in `sql`. */
  tokens: Token[];
}

export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  const end = () => {
    const [first] = tokens;
    const last = tokens.at(-1);
    if (first !== undefined && last !== undefined) {
      const own = tokens.map((it) => ({ ...it, from: it.from - first.from, to: it.to - first.from }));
      const sql = text.slice(first.from, last.to);
      statements.push({ sql, from: first.from, to: last.to, tokens: own });
    }
    tokens = [];
  };
  for (const token of tokensOf(text)) {
    const isEnd = token.kind === "mark" && token.text === ";";
    if (isEnd && !(isTrigger(tokens) && !isClosed(tokens))) end();
    else tokens.push(token);
  }
  end();
  return statements;
}

/** Its statements have semicolons of their own. */
function isTrigger(tokens: readonly Token[]): boolean {
  const words = tokens.slice(0, 6).map(({ text }) => text);
  while (["EXPLAIN", "QUERY", "PLAN"].includes(words[0] ?? "")) words.shift();
  if (words.shift() !== "CREATE") return false;
  if (words[0] === "TEMP" || words[0] === "TEMPORARY") words.shift();
  return words[0] === "TRIGGER";
}

const isClosed = (tokens: readonly Token[]): boolean =>
  tokens.at(-1)?.text === "END" && tokens.at(-2)?.text === ";";

/** That which begins last before a place, or the first. */
export function statementAt(statements: readonly Statement[], at: number): Statement | undefined {
  return statements.findLast(({ from }) => from <= at) ?? statements[0];
}

/** How many values its parameters take. */
export function parameterCount({ tokens }: Statement): number {
  const named = new Map<string, number>();
  let count = 0;
  for (const { kind, text } of tokens) {
    if (kind !== "parameter") continue;
    if (text === "?") count += 1;
    else if (text.startsWith("?")) count = Math.max(count, Number(text.slice(1)));
    else if (!named.has(text)) named.set(text, (count += 1));
  }
  return count;
}

/** The name at a token, of a table or a view, without the schema before it. */
export function qualifiedName(tokens: readonly Token[], at: number, sql: string): string | undefined {
  const isQualified = tokens[at + 1]?.text === ".";
  return nameOf(tokens[isQualified ? at + 2 : at], sql);
}
