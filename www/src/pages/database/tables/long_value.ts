/** The whole of a value of which the page has only a part. */

import { rowsOf } from "../../../api/queries.ts";
import type { Table } from "./schema.ts";
import { bound, hexOf, NULL, quoted, type Value } from "./value.ts";

export async function wholeValue(
  database: string,
  table: Table,
  key: readonly Value[],
  column: string,
): Promise<Value> {
  const parts = (table.key ?? []).map(({ sql }, at) => {
    const { sql: hole, params } = bound(key[at] ?? NULL);
    return { sql: `${sql} = ${hole}`, params };
  });
  if (parts.length === 0) throw new Error(NO_KEY);
  const where = parts.map(({ sql }) => sql).join(" AND ");
  const rows = await rowsOf(database, {
    sql: `SELECT ${quoted(column)} FROM ${quoted(table.name)} WHERE ${where}`,
    params: parts.flatMap(({ params }) => params),
  });
  const cell = rows[0]?.[0];
  if (Array.isArray(cell)) return { type: "blob", hex: hexOf(cell) };
  if (typeof cell === "string") return { type: "text", text: cell };
  throw new Error("Somebody has changed this row meanwhile. Load the rows again.");
}

const NO_KEY = "This row cannot be told from others, so not all of it can be asked for.";
