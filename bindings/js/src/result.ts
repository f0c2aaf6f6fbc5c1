/**
 * Replies of the server, and the results that a caller gets from them.
 *
 * Rows travel as arrays under one list of columns, which is shorter and faster to parse than
 * objects with the names repeated. They become objects here, in one loop; duplicate names keep
 * the last value.
 */

import { d1Error } from "./errors.ts";

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

export interface Grid {
  columns: string[];
  rows: unknown[][];
}

/** One statement's reply as it travels. Failure is told by `error`, as D1's client does. */
export interface Reply {
  success: boolean;
  error?: string;
  results?: Grid | Row[];
  meta: D1Meta & Record<string, unknown>;
}

/** Parses a response body. A single reply comes back as an array of one. */
export function parseReplies(text: string): Reply[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const replies: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (replies.every(isReply)) return replies;
  throw d1Error("D1_ERROR", `Failed to parse body as JSON, got: ${text}`);
}

function isReply(value: unknown): value is Reply {
  if (typeof value !== "object" || value === null) return false;
  return ("error" in value && Boolean(value.error)) || "meta" in value;
}

export function toResult<T>(reply: Reply): D1Result<T> {
  return { success: true, meta: reply.meta, results: toRows(reply.results) as T[] };
}

export function toRows(results: Grid | Row[] | undefined): Row[] {
  if (results === undefined) return [];
  if (Array.isArray(results)) return results;
  const { columns, rows } = results;
  return rows.map(columns.includes("__proto__") ? safely : plainly);

  function plainly(values: unknown[]): Row {
    const row: Row = {};
    for (let i = 0; i < columns.length; i++) row[columns[i] as string] = values[i];
    return row;
  }

  // Assigning to `__proto__` would set the prototype; fromEntries defines a property instead.
  function safely(values: unknown[]): Row {
    return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
  }
}

/** The first row alone, however many there are. */
export function toFirstRow(results: Grid | Row[] | undefined): Row | undefined {
  if (results === undefined || Array.isArray(results)) return results?.[0];
  return toRows({ columns: results.columns, rows: results.rows.slice(0, 1) })[0];
}

export function toGrid(results: Grid | Row[] | undefined): Grid {
  if (results === undefined) return { columns: [], rows: [] };
  if (!Array.isArray(results)) return results;
  return { columns: Object.keys(results[0] ?? {}), rows: results.map((row) => Object.values(row)) };
}
