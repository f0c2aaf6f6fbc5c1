/**
 * Saves the changes of a table, in one transaction. Each change of a row names what was seen of it, and a
 * row that is otherwise meanwhile ends the transaction with nothing done: then both versions are shown.
 */

import { type Query, rowsOf, runBatch } from "../../../api/queries.ts";
import { Refused, ServerGone } from "../../../api/failure.ts";
import type { Cells, Change, Delete, Insert, Pending, Update } from "./changes.ts";
import type { Table } from "./schema.ts";
import { bound, isStill, quoted, shownSql, type Sql, type Value, valueOf, wholeSql } from "./value.ts";

/** A change of a row that is not as it was seen. */
export interface Conflict {
  change: Update | Delete;
  /** What the row has now; undefined if there is none. */
  now: Cells | undefined;
}

export type Outcome =
  | { kind: "saved" }
  /** An earlier saving, whose answer did not come, had happened. */
  | { kind: "was saved" }
  | { kind: "conflicts"; conflicts: Conflict[]; gone: string[] };

type Keep = (unsure: Pending["unsure"]) => void;

/** `keep` gets what has to be known if no answer comes. */
export async function save(
  database: string,
  table: Table,
  { changes, unsure }: Pending,
  keep: Keep,
): Promise<Outcome> {
  if (unsure !== undefined && (await hasHappened(database, table, changes, unsure.floor))) {
    return { kind: "was saved" };
  }
  const floor = unsure?.floor ?? (await largestRowid(database, table, changes));
  keep({ floor });
  try {
    await runBatch(database, statementsOf(table, changes));
    return { kind: "saved" };
  } catch (error) {
    if (isUnknown(error)) throw error;
    keep(undefined);
    const found = await conflictsOf(database, table, changes).catch(() => {
      throw error;
    });
    if (found.conflicts.length + found.gone.length > 0) return { kind: "conflicts", ...found };
    throw error;
  }
}

/** Whether it may have happened all the same. */
const isUnknown = (error: unknown): boolean =>
  error instanceof ServerGone || (error instanceof Refused && error.status >= 500);

/** Fails unless the statement before it changed one row; JSON is what fails as an expression. */
const ONE_CHANGED: Query = {
  sql: "SELECT CASE changes() WHEN 1 THEN 1 ELSE json('the row is not as it was seen') END",
};

/** Rows go before others take their place. */
function statementsOf(table: Table, changes: readonly Change[]): Query[] {
  const of = <K extends Change["kind"]>(kind: K) =>
    changes.filter((change): change is Extract<Change, { kind: K }> => change.kind === kind);
  return [
    ...of("delete").flatMap((change) => [deletion(table, change), ONE_CHANGED]),
    ...of("update").flatMap((change) => [update(table, change), ONE_CHANGED]),
    ...of("insert").map((change) => insertion(table, change)),
  ];
}

function deletion(table: Table, { key, before }: Delete): Query {
  const where = every([hasKey(table, key), ...before.map(([name, value]) => isStill(name, value))]);
  return { sql: `DELETE FROM ${quoted(table.name)} WHERE ${where.sql}`, params: where.params };
}

function update(table: Table, { key, before, after }: Update): Query {
  const sets = after.map(([name, value]) => assigned(name, value));
  const where = every([hasKey(table, key), ...before.map(([name, value]) => isStill(name, value))]);
  return {
    sql: `UPDATE ${quoted(table.name)} SET ${sets.map(({ sql }) => sql).join(", ")} WHERE ${where.sql}`,
    params: [...sets.flatMap(({ params }) => params), ...where.params],
  };
}

function insertion(table: Table, { after }: Insert): Query {
  if (after.length === 0) return { sql: `INSERT INTO ${quoted(table.name)} DEFAULT VALUES` };
  const values = after.map(([, value]) => bound(value));
  const names = after.map(([name]) => quoted(name)).join(", ");
  return {
    sql: `INSERT INTO ${quoted(table.name)} (${names}) VALUES (${values.map(({ sql }) => sql).join(", ")})`,
    params: values.flatMap(({ params }) => params),
  };
}

function assigned(name: string, value: Value): Sql {
  const { sql, params } = bound(value);
  return { sql: `${quoted(name)} = ${sql}`, params };
}

/** As a comparison has it, so with the column's own conversion of what was typed. */
function has(name: string, value: Value): Sql {
  const { sql, params } = bound(value);
  return { sql: `${quoted(name)} IS ${sql}`, params };
}

function hasKey({ key = [] }: Table, values: readonly Value[]): Sql {
  return every(key.map(({ sql }, at) => {
    const { sql: hole, params } = bound(values[at] ?? { type: "null" });
    return { sql: `${sql} = ${hole}`, params };
  }));
}

const every = (parts: readonly Sql[]): Sql => ({
  sql: parts.length === 0 ? "1" : parts.map(({ sql }) => sql).join(" AND "),
  params: parts.flatMap(({ params }) => params),
});

const own = (table: Table) => table.columns.filter(({ generated }) => !generated);

/** Which rows are otherwise than they were seen; `gone` are deletions of rows that are no longer there. */
async function conflictsOf(
  database: string,
  table: Table,
  changes: readonly Change[],
): Promise<{ conflicts: Conflict[]; gone: string[] }> {
  const ofRows = changes.filter((change): change is Update | Delete => change.kind !== "insert");
  if (ofRows.length === 0) return { conflicts: [], gone: [] };
  const names = own(table).map(({ name }) => name);
  const results = await runBatch(database, ofRows.map(({ key, before }) => {
    const still = every(before.map(([name, value]) => isStill(name, value)));
    const where = hasKey(table, key);
    return {
      sql: `SELECT (${still.sql}), ${names.map((name) => shownSql(quoted(name))).join(", ")} ` +
        `FROM ${quoted(table.name)} WHERE ${where.sql}`,
      params: [...still.params, ...where.params],
    };
  }));
  const conflicts: Conflict[] = [];
  const gone: string[] = [];
  for (const [at, change] of ofRows.entries()) {
    const row = results[at]?.rows[0];
    if (row?.[0] === 1) continue;
    if (row === undefined && change.kind === "delete") gone.push(change.id);
    else conflicts.push({ change, now: row && names.map((name, of) => [name, valueOf(row[of + 1])]) });
  }
  return { conflicts, gone };
}

/** The largest rowid of what stays: rows that a saving adds are beyond it, where deleted ones were too. */
async function largestRowid(
  database: string,
  table: Table,
  changes: readonly Change[],
): Promise<string | undefined> {
  const [key] = table.key ?? [];
  if (table.withoutRowid || key === undefined) return undefined;
  if (!changes.some(({ kind }) => kind === "insert")) return undefined;
  const deleted = changes.filter((change): change is Delete => change.kind === "delete");
  const where = every(deleted.map((change) => {
    const { sql, params } = hasKey(table, change.key);
    return { sql: `NOT (${sql})`, params };
  }));
  const rows = await rowsOf(database, {
    sql: `SELECT ${wholeSql(key.sql)} FROM ${quoted(table.name)} WHERE ${where.sql} ` +
      `ORDER BY ${key.sql} DESC LIMIT 1`,
    params: where.params,
  });
  const value = valueOf(rows[0]?.[0]);
  return value.type === "integer" ? value.text : undefined;
}

/** Whether all of them are there. All or none are, so a few that are there by chance prove nothing. */
async function hasHappened(
  database: string,
  table: Table,
  changes: readonly Change[],
  floor: string | undefined,
): Promise<boolean> {
  const results = await runBatch(database, changes.map((change) => isThere(table, change, floor)));
  return results.every(({ rows }) => rows[0]?.[0] === 1);
}

function isThere(table: Table, change: Change, floor: string | undefined): Query {
  const { key: keys = [], name } = table;
  if (change.kind === "delete") {
    // Its key may be that of a row which was added with it.
    const seen = change.before.map(([column, value]) => isStill(column, value));
    const { sql, params } = every([hasKey(table, change.key), ...seen]);
    return { sql: `SELECT NOT EXISTS (SELECT 1 FROM ${quoted(name)} WHERE ${sql})`, params };
  }
  const parts = change.after.map(([column, value]) => has(column, value));
  const isGiven = (column: string | undefined) => change.after.some(([given]) => given === column);
  if (change.kind === "update") {
    // A key that was changed is found by what it was changed to.
    const same = keys
      .map((key, at) => ({ key, value: change.key[at] ?? { type: "null" as const } }))
      .filter(({ key }) => !isGiven(key.column))
      .map(({ key, value }) => ({ sql: `${key.sql} = ${bound(value).sql}`, params: bound(value).params }));
    parts.unshift(...same);
  } else if (floor !== undefined && keys[0] !== undefined && !isGiven(keys[0].column)) {
    parts.unshift({ sql: `${keys[0].sql} > ?`, params: [{ $integer: floor }] });
  }
  const { sql, params } = every(parts);
  return { sql: `SELECT EXISTS (SELECT 1 FROM ${quoted(name)} WHERE ${sql})`, params };
}

/** What was seen is now what is there: the change is made over it. */
export function over({ change, now }: Conflict): Change {
  if (now === undefined) throw new Error("There is no row any more.");
  if (change.kind === "delete") return { ...change, before: now };
  const columns = new Set(change.after.map(([name]) => name));
  return { ...change, before: now.filter(([name]) => columns.has(name)) };
}
