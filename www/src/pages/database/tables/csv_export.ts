/**
 * A table as CSV, page by page, all of one moment; the browser puts the file together. BLOBs are
 * hexadecimal digits.
 */

import { bookmarkAt, runBatch } from "../../../api/queries.ts";
import { type Cell, type Row, textOf } from "../../../sql/cells.ts";
import { Refused } from "../../../api/failure.ts";
import { guarded, writtenRow } from "./csv.ts";
import { pageOf, pageStatements, type Wanted } from "./row_page.ts";
import type { Table } from "./schema.ts";
import type { Value } from "./value.ts";

const PAGE_ROWS = 2_000;

/** Numbers as text, with all their digits. */
const columnSql = (sql: string): string =>
  `CASE typeof(${sql}) WHEN 'integer' THEN CAST(${sql} AS TEXT) WHEN 'real' THEN quote(${sql}) ` +
  `ELSE ${sql} END`;

interface Options {
  /** Whether texts that a spreadsheet would run as formulas are guarded. */
  guard: boolean;
  onRows: (count: number) => void;
  isStopped: () => boolean;
}

/** Undefined if it was stopped. */
export async function csvOf(database: string, table: Table, options: Options): Promise<Blob | undefined> {
  const asOf = await bookmarkAt(database);
  const write = (fields: (string | null)[]) => writtenRow(options.guard ? fields.map(guarded) : fields);
  const parts: string[] = [write(table.columns.map(({ name }) => name))];
  let count = 0;
  let limit = PAGE_ROWS;
  let after: Value[] | undefined;
  for (;;) {
    if (options.isStopped()) return undefined;
    const wanted = { filters: [], after, limit };
    const cells = await cellsOf(database, table, wanted, asOf);
    if (cells === undefined) {
      limit = Math.ceil(limit / 2);
      continue;
    }
    const { rows, next } = pageOf(table, wanted, cells);
    const first = cells[0]?.length ?? 0;
    for (const row of cells.slice(0, rows.length)) {
      parts.push(write(row.slice(first - table.columns.length).map(fieldOf)));
    }
    count += rows.length;
    options.onRows(count);
    if (cells.length > limit && next === undefined) throw new Error(NO_KEY);
    if (next === undefined) return new Blob(parts, { type: "text/csv" });
    after = next;
  }
}

const NO_KEY = `Without a key it cannot be read in pages, and has more than ${PAGE_ROWS} rows.`;

/** Undefined of a page that is too large for one answer. */
async function cellsOf(
  database: string,
  table: Table,
  wanted: Wanted,
  asOf: string,
): Promise<Row[] | undefined> {
  try {
    const results = await runBatch(database, pageStatements(table, wanted, columnSql), { asOf });
    return results.flatMap(({ rows }) => rows);
  } catch (error) {
    const isTooLarge = error instanceof Refused && error.message.includes("result too large");
    if (isTooLarge && wanted.limit > 1) return undefined;
    throw error;
  }
}

const fieldOf = (cell: Cell): string | null => (cell === null ? null : textOf(cell));
