/**
 * SQLite's tokens, as far as the console has to tell them apart: where statements end, and which words
 * are words. What is not closed reaches to the end of the text, as it does while one types.
 */

export type TokenKind = "word" | "quoted" | "literal" | "parameter" | "mark";

export interface Token {
  kind: TokenKind;
  /** As it is written; of a word in capitals. */
  text: string;
  from: number;
  to: number;
}

const PATTERN = new RegExp(
  [
    /(?<space>[\s\ufeff]+|--[^\n]*|\/\*[^]*?(?:\*\/|$))/,
    /(?<literal>[xX]?'[^']*(?:''[^']*)*'?|(?:\d|\.\d)[\w.]*)/,
    /(?<quoted>"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\[[^\]]*\]?)/,
    /(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/,
    /(?<parameter>\?\d*|[:@#$][\w$:\u0080-\uffff]+)/,
    /(?<mark><=|>=|<>|!=|==|\|\||->>|->|[^])/,
  ].map(({ source }) => source).join("|"),
  "gy",
);

export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: text, index: from, groups = {} } of sql.matchAll(PATTERN)) {
    const kind = KINDS.find((each) => groups[each] !== undefined);
    if (kind === undefined) continue;
    const to = from + text.length;
    tokens.push({ kind, text: kind === "word" ? text.toUpperCase() : text, from, to });
  }
  return tokens;
}

const KINDS: readonly TokenKind[] = ["word", "quoted", "literal", "parameter", "mark"];

/** The tokens outside of all parentheses. */
export function outermost(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter(({ kind, text }) => {
    if (kind === "mark" && text === ")") depth = Math.max(0, depth - 1);
    const outside = depth === 0;
    if (kind === "mark" && text === "(") depth += 1;
    return outside;
  });
}

/** What a token names, if it can be a name: without its quotes, and as it is written. */
export function nameOf(token: Token | undefined, sql: string): string | undefined {
  if (token?.kind === "word") return sql.slice(token.from, token.to);
  if (token?.kind !== "quoted") return undefined;
  const open = token.text[0] ?? "";
  const close = open === "[" ? "]" : open;
  const inner = token.text.slice(1, token.text.endsWith(close) ? -1 : undefined);
  return open === "[" ? inner : inner.replaceAll(close + close, close);
}

/** A name as SQL has it, in quotes where it needs them. */
export const quotedName = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/i.test(name) && !RESERVED.has(name.toUpperCase())
    ? name
    : `"${name.replaceAll('"', '""')}"`;

const RESERVED = new Set(
  `ADD ALL ALTER ALWAYS AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE
   CROSS DEFAULT DEFERRABLE DELETE DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM FULL
   GENERATED GROUP HAVING IF IN INDEX INNER INSERT INTERSECT INTO IS ISNULL JOIN LEFT LIMIT NATURAL
   NOT NOTHING NOTNULL NULL ON OR ORDER OUTER PRIMARY REFERENCES RETURNING RIGHT SELECT SET TABLE
   THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE WINDOW WITH`.split(/\s+/),
);
