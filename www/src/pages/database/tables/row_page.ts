/**
 * Pages of a table's rows: each goes on behind the last row of the one before, by an index where there is
 * one. Never by OFFSET, which would read all rows before it again.
 *
 * What follows a row in an order of several columns, some of which may be NULL or descending, is a few
 * ranges one after the other: each is one statement that an index serves.
 */

import { type Query, runBatch } from "../../../api/queries.ts";
import type { Cell } from "../../../sql/cells.ts";
import { type Filter, filterSql } from "./filter.ts";
import type { Table } from "./schema.ts";
import { bound, quoted, shownSql, type Sql, type Value, valueOf, wholeSql } from "./value.ts";

export interface Sort {
  column: string;
  descending: boolean;
}

export interface Row {
  /** Empty where rows cannot be told apart. */
  key: Value[];
  values: Value[];
  /** Where it is in the order. */
  place: Value[];
}

export interface RowPage {
  rows: Row[];
  /** Behind which row the next page begins; undefined of the last. */
  next: Value[] | undefined;
  /** What it costs, if no index serves it. */
  cost: string | undefined;
}

export interface Wanted {
  sort?: Sort | undefined;
  filters: readonly Filter[];
  after?: Value[] | undefined;
  limit: number;
}

interface Term {
  sql: string;
  descending: boolean;
}

export function orderOf({ key = [] }: Pick<Table, "key">, sort: Sort | undefined): Term[] {
  if (sort === undefined) return key;
  const first = { sql: quoted(sort.column), descending: sort.descending };
  // An index has the key behind its columns, so that it serves both, forwards or backwards.
  const rest = key.filter(({ sql }) => sql !== first.sql);
  const along = rest.map(({ sql, descending }) => ({ sql, descending: descending !== sort.descending }));
  return [first, ...along];
}

/** The ranges behind `after`, in their order. */
export function rangesOf(order: readonly Term[], after: readonly Value[] | undefined): Sql[] {
  if (after === undefined) return [{ sql: "", params: [] }];
  const ranges: Sql[] = [];
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const same = order.slice(0, at).map((term, before) => isEqual(term, after[before]));
    for (const behind of behindOf(order[at], after[at])) ranges.push(all([...same, behind]));
  }
  return ranges;
}

function isEqual({ sql }: Term, value: Value = { type: "null" }): Sql {
  const { sql: hole, params } = bound(value);
  return { sql: `${sql} IS ${hole}`, params };
}

/** NULL comes first, and last where the order descends. */
function behindOf(term: Term | undefined, value: Value | undefined): Sql[] {
  if (term === undefined || value === undefined) return [];
  const { sql, descending } = term;
  if (value.type === "null") return descending ? [] : [{ sql: `${sql} IS NOT NULL`, params: [] }];
  const { sql: hole, params } = bound(value);
  if (!descending) return [{ sql: `${sql} > ${hole}`, params }];
  return [{ sql: `${sql} < ${hole}`, params }, { sql: `${sql} IS NULL`, params: [] }];
}

const all = (parts: readonly Sql[]): Sql => ({
  sql: parts.map(({ sql }) => sql).join(" AND "),
  params: parts.flatMap(({ params }) => params),
});

/** The statements whose rows, one after the other, are the page and one row more. */
export function pageStatements(table: Table, wanted: Wanted, columnSql = shownSql): Query[] {
  const { sort, filters, after, limit } = wanted;
  const order = orderOf(table, sort);
  const told = [
    ...(table.key ?? []).map(({ sql }) => wholeSql(sql)),
    ...order.map(({ sql }) => wholeSql(sql)),
    ...table.columns.map(({ name }) => columnSql(quoted(name))),
  ];
  const by = order.map(({ sql, descending }) => sql + (descending ? " DESC" : "")).join(", ");
  const filter = filterSql(filters, table.columns);
  return rangesOf(order, after).map((range) => {
    const { sql, params } = all([range, filter].filter(({ sql }) => sql !== ""));
    return {
      sql: `SELECT ${told.join(", ")} FROM ${quoted(table.name)}${sql && ` WHERE ${sql}`}` +
        `${by && ` ORDER BY ${by}`} LIMIT ${limit + 1}`,
      params,
    };
  });
}

/** The first `limit` of what the statements gave. */
export function pageOf(table: Table, { sort, limit }: Wanted, cells: readonly (readonly Cell[])[]): Omit<RowPage, "cost"> {
  const keyed = table.key?.length ?? 0;
  const ordered = orderOf(table, sort).length;
  const rows = cells.slice(0, limit).map((row) => ({
    key: row.slice(0, keyed).map(valueOf),
    place: row.slice(keyed, keyed + ordered).map(valueOf),
    values: row.slice(keyed + ordered).map(valueOf),
  }));
  const isMore = cells.length > limit && keyed > 0;
  return { rows, next: isMore ? rows.at(-1)?.place : undefined };
}

export async function readPage(database: string, table: Table, wanted: Wanted): Promise<RowPage> {
  const statements = pageStatements(table, wanted);
  const plans = statements.map(({ sql, params = [] }) => ({ sql: `EXPLAIN QUERY PLAN ${sql}`, params }));
  const results = await runBatch(database, [...statements, ...plans]);
  const cells = results.slice(0, statements.length).flatMap(({ rows }) => rows);
  const plan = results.slice(statements.length).flatMap(({ rows }) => rows.map((row) => String(row[3])));
  return { ...pageOf(table, wanted, cells), cost: costOf(plan, wanted) };
}

function costOf(plan: string[], { sort, filters }: Wanted): string | undefined {
  if (sort !== undefined && plan.some((step) => step === "USE TEMP B-TREE FOR ORDER BY")) {
    return `No index serves the order by ${sort.column}: each page reads and sorts all rows.`;
  }
  if (filters.length > 0 && plan.some((step) => step.startsWith("SCAN"))) {
    return "No index serves this filter: a page may have to read all rows.";
  }
  return undefined;
}
