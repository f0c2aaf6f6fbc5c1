/** SQL by REST, with exact integers. All statements of a call are one transaction. */

import type { LongInteger, Row } from "../sql/cells.ts";
import { withExactIntegers } from "./exact_json.ts";
import { checked, type Envelope } from "./http.ts";
import { ask, askText } from "./rest.ts";

export type Param = null | string | number | number[] | LongInteger;

export interface Query {
  sql: string;
  params?: Param[];
}

export interface Meta {
  served_by_region?: string;
  served_by_primary: boolean;
  duration: number;
  changes: number;
  last_row_id: number;
  rows_read: number;
  rows_written: number;
}

export interface Result {
  columns: string[];
  rows: Row[];
  meta: Meta;
}

export interface RunOptions {
  /** A bookmark: the database as it was there. */
  asOf?: string | undefined;
  signal?: AbortSignal;
}

interface RawResult {
  results: { columns: string[]; rows: Row[] };
  meta: Meta;
}

/** A result for each of the queries. */
export async function runBatch(
  database: string,
  batch: readonly Query[],
  { asOf, signal }: RunOptions = {},
): Promise<Result[]> {
  const query = asOf === undefined ? "" : `?${new URLSearchParams({ as_of: asOf })}`;
  const path = `/${encodeURIComponent(database)}/raw${query}`;
  const { status, text } = await askText("POST", path, { batch }, signal);
  const { result } = checked<Envelope>({ status, text: withExactIntegers(text) });
  return (result as RawResult[]).map(({ results, meta }) => ({ ...results, meta }));
}

/** The rows of one query. */
export async function rowsOf(database: string, query: Query): Promise<readonly Row[]> {
  const [result] = await runBatch(database, [query]);
  return result?.rows ?? [];
}

/** Where the database stood at a time, or stands now. */
export async function bookmarkAt(database: string, timestamp?: string): Promise<string> {
  const query = timestamp === undefined ? "" : `?${new URLSearchParams({ timestamp })}`;
  const path = `/${encodeURIComponent(database)}/time_travel/bookmark${query}`;
  return (await ask<{ bookmark: string }>("GET", path)).result.bookmark;
}
