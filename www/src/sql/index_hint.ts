/**
 * Which index a statement may lack: where SQLite scans a table, or makes an index for the moment, and a
 * condition compares a column of it.
 *
 * It proposes little rather than wrongly. It reads the conditions of the outermost WHERE, joined by AND,
 * that compare a column by itself with something else; no OR, no compound SELECT, no subqueries.
 */

import type { Index, Relation, Schema } from "../api/schema.ts";
import { nameOf, outermost, quotedName, type Token } from "./lexer.ts";
import { mainVerb } from "./nature.ts";
import type { Step } from "./plan.ts";
import type { Statement } from "./statements.ts";

export interface IndexHint {
  table: string;
  columns: string[];
  /** The conditions, as they are written. */
  conditions: string[];
  /** A statement that makes the index. */
  create: string;
}

interface Source {
  alias: string;
  relation: Relation;
}

interface Condition {
  column: string;
  isEqual: boolean;
  text: string;
}

const COMPARES = new Set(["=", "==", "IS", "IN", "<", ">", "<=", ">=", "BETWEEN"]);
const EQUAL = new Set(["=", "==", "IS", "IN"]);
const ENDS = new Set(["GROUP", "ORDER", "LIMIT", "RETURNING", "HAVING", "WINDOW"]);
const COMPOUND = new Set(["UNION", "INTERSECT", "EXCEPT"]);
const NO_ALIAS = new Set(
  `ON USING WHERE JOIN LEFT RIGHT FULL INNER CROSS NATURAL OUTER SET INDEXED NOT
   GROUP ORDER LIMIT RETURNING HAVING WINDOW VALUES DEFAULT`.split(/\s+/),
);

const same = (one: string, other: string | null): boolean =>
  other !== null && one.toLowerCase() === other.toLowerCase();

export function indexHints(
  statement: Statement,
  steps: readonly Step[],
  schema: Schema,
): IndexHint[] {
  const verb = mainVerb(statement.tokens);
  const all = outermost(statement.tokens).filter(({ from }) => from >= (verb?.from ?? 0));
  if (all.some(({ kind, text }) => kind === "word" && COMPOUND.has(text))) return [];
  const sources = sourcesOf(all, statement.sql, schema);
  const conditions = conditionsOf(all, statement);
  const hints = new Map<string, IndexHint>();
  for (const { detail } of steps) {
    const [, scanned, sought, columns] = LACKS.exec(detail) ?? [];
    const found = sources.filter(({ alias }) => same(alias, scanned ?? sought ?? null));
    const [source] = found;
    if (source === undefined || found.length > 1 || source.relation.kind !== "table") continue;
    const compared = columns === undefined
      ? conditions.flatMap((parts) => conditionOf(parts, source, sources, statement.sql))
      : momentary(columns);
    const hint = hintOf(source.relation, compared, schema);
    if (hint !== undefined) hints.set(hint.create, hint);
  }
  return [...hints.values()];
}

/** What is scanned; or what is searched, and the columns of an index that is made for the moment. */
const LACKS = /^(?:SCAN (?:main\.)?(\S+)|SEARCH (?:main\.)?(\S+) USING AUTOMATIC .*INDEX \((.*)\))/;

const momentary = (columns: string): Condition[] =>
  columns.split(" AND ").flatMap((text) => {
    const column = /^(\w+)=\?$/.exec(text)?.[1];
    return column === undefined ? [] : [{ column, isEqual: true, text: `${column} = ?` }];
  });

/** The tables of the outermost FROM, or the one that is changed. */
function sourcesOf(tokens: readonly Token[], sql: string, schema: Schema): Source[] {
  const sources: Source[] = [];
  let inFrom = false;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind === "word" && (text === "FROM" || text === "UPDATE")) inFrom = true;
    if (kind === "word" && (text === "WHERE" || text === "SET" || ENDS.has(text))) inFrom = false;
    const isBefore = kind === "word"
      ? text === "FROM" || text === "JOIN" || text === "UPDATE"
      : text === "," && inFrom;
    if (!isBefore) continue;
    const from = tokens[at + 2]?.text === "." ? at + 3 : at + 1;
    const name = nameOf(tokens[from], sql);
    const relation = schema.find((each) => name !== undefined && same(name, each.name));
    if (name === undefined || relation === undefined) continue;
    const after = tokens[from + 1];
    const aliased = after?.text === "AS" ? tokens[from + 2] : after;
    const isWord = aliased?.kind === "word" && !NO_ALIAS.has(aliased.text);
    const isAlias = aliased?.kind === "quoted" || isWord;
    sources.push({ alias: (isAlias ? nameOf(aliased, sql) : undefined) ?? name, relation });
  }
  return sources;
}

/** What the outermost WHERE joins by AND, each as its tokens; none if there is an OR. */
function conditionsOf(outer: readonly Token[], { tokens }: Statement): Token[][] {
  const isWord = ({ kind, text }: Token, word: string) => kind === "word" && text === word;
  const where = outer.find((token) => isWord(token, "WHERE"));
  if (where === undefined) return [];
  const ends = (token: Token) => token.kind === "word" && ENDS.has(token.text);
  const end = outer.find((token) => ends(token) && token.from > where.to);
  const inside = tokens.filter(({ from }) => from > where.from && from < (end?.from ?? Infinity));
  const top = new Set(outermost(inside));
  if ([...top].some((token) => isWord(token, "OR") || isWord(token, "CASE"))) return [];
  const conditions: Token[][] = [[]];
  let between = false;
  for (const token of inside) {
    if (top.has(token) && isWord(token, "BETWEEN")) between = true;
    if (top.has(token) && isWord(token, "AND") && !between) conditions.push([]);
    else conditions.at(-1)?.push(token);
    if (top.has(token) && isWord(token, "AND")) between = false;
  }
  return conditions;
}

/** Of one table: a column of it, an operator, and something that does not come from it. */
function conditionOf(
  parts: Token[],
  source: Source,
  sources: readonly Source[],
  sql: string,
): Condition[] {
  const isQualified = parts[1]?.text === ".";
  const at = isQualified ? 2 : 0;
  const operator = parts[at + 1];
  const rest = parts.slice(at + 2);
  const name = nameOf(parts[at], sql);
  const has = ({ relation }: Source, column: string) =>
    relation.columns.find((each) => same(column, each.name));
  if (name === undefined || operator === undefined || !COMPARES.has(operator.text)) return [];
  if (rest.length === 0 || rest[0]?.text === "NOT" || rest[0]?.text === "NULL") return [];
  const owners = isQualified
    ? sources.filter(({ alias }) => same(nameOf(parts[0], sql) ?? "", alias))
    : sources.filter((each) => has(each, name) !== undefined);
  const column = has(source, name);
  if (owners.length !== 1 || owners[0] !== source || column === undefined) return [];
  const isOwn = (token: Token) => {
    const other = nameOf(token, sql);
    return other !== undefined && (has(source, other) !== undefined || same(other, source.alias));
  };
  const isBeyond = (token: Token) => ["COLLATE", "SELECT"].includes(token.text) || isOwn(token);
  if (rest.some(isBeyond)) return [];
  const text = sql.slice(parts[0]?.from ?? 0, rest.at(-1)?.to).replaceAll(/\s+/g, " ");
  return [{ column: column.name, isEqual: EQUAL.has(operator.text), text }];
}

/** Columns that are equal to something come first, and one that is in a range last. */
function hintOf(
  { name, indexes }: Relation,
  conditions: readonly Condition[],
  schema: Schema,
): IndexHint | undefined {
  const equal = conditions.filter(({ isEqual }) => isEqual);
  const range = conditions.find(({ isEqual }) => !isEqual);
  const used = range === undefined ? equal : [...equal, range];
  const columns = [...new Set(used.map(({ column }) => column))];
  // SQLite had its reasons not to take an index that there is.
  const serves = ({ isPartial, columns: [first = null] }: Index) =>
    !isPartial && columns.some((each) => same(each, first));
  if (columns.length === 0 || indexes.some(serves)) return undefined;
  const taken = new Set(schema.flatMap((each) => [each, ...each.indexes].map((it) => it.name)));
  const plain = [name, ...columns].join("_");
  let free = plain;
  for (let count = 2; taken.has(free); count += 1) free = `${plain}_${count}`;
  const list = columns.map(quotedName).join(", ");
  const create = `CREATE INDEX ${quotedName(free)} ON ${quotedName(name)} (${list})`;
  return { table: name, columns, conditions: used.map(({ text }) => text), create };
}
