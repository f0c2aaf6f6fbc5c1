/**
 * The results that a caller gets, made of replies.
 *
 * Rows become objects here, in one loop; duplicate names keep the last value.
 */

import type { Grid, Reply } from "./reply.ts";

export interface D1Meta {
  duration: number;
  size_after: number;
  rows_read: number;
  rows_written: number;
  last_row_id: number;
  changed_db: boolean;
  changes: number;
  served_by_region?: string;
  served_by_colo?: string;
  served_by_primary?: boolean;
  timings?: { sql_duration_ms: number };
  total_attempts?: number;
}

export interface D1Result<T = unknown> {
  success: true;
  meta: D1Meta & Record<string, unknown>;
  error?: never;
  results: T[];
}

export interface D1ExecResult {
  /** Lines executed. */
  count: number;
  /** Time spent in the database, in milliseconds. */
  duration: number;
}

export type Row = Record<string, unknown>;

export function toResult<T>({ grid, meta }: Reply): D1Result<T> {
  return { success: true, meta, results: toRows(grid) as T[] };
}

function toRows(grid: Grid | null): Row[] {
  if (grid === null) return [];
  const { columns, rows } = grid;
  return columns.includes("__proto__")
    ? rows.map((values) => safeRow(columns, values))
    : rows.map((values) => plainRow(columns, values));
}

/** The first row alone, however many there are. */
export function toFirstRow(grid: Grid | null): Row | undefined {
  const [values] = grid?.rows ?? [];
  if (grid === null || values === undefined) return undefined;
  const { columns } = grid;
  return columns.includes("__proto__") ? safeRow(columns, values) : plainRow(columns, values);
}

function plainRow(columns: string[], values: unknown[]): Row {
  const row: Row = {};
  for (let i = 0; i < columns.length; i++) row[columns[i] as string] = values[i];
  return row;
}

// Assigning to `__proto__` would set the prototype; fromEntries defines a property instead.
function safeRow(columns: string[], values: unknown[]): Row {
  return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
}
