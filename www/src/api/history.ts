/** What a primary ran in the past, by the hour and by the statement: REST's GraphQL has it. */

import { askGraphql } from "./rest.ts";

export interface Hour {
  /** When it began, in milliseconds since 1970. */
  time_ms: number;
  reads: number;
  writes: number;
  rows_read: number;
  rows_written: number;
  duration_ms: number;
}

interface Sums {
  readQueries: number;
  writeQueries: number;
  rowsRead: number;
  rowsWritten: number;
  queryDurationMs: number;
}

interface Accounts<T> {
  viewer: { accounts: T[] };
}

const HOURS = `query Hours($accountTag: string!, $filter: filter) {
  viewer { accounts(filter: { accountTag: $accountTag }) {
    d1AnalyticsAdaptiveGroups(limit: 10000, filter: $filter, orderBy: [datetimeHour_ASC]) {
      sum { readQueries writeQueries rowsRead rowsWritten queryDurationMs }
      dimensions { datetimeHour }
    } } } }`;

const hourOf = ({ readQueries, writeQueries, rowsRead, rowsWritten, queryDurationMs }: Sums) => ({
  reads: readQueries,
  writes: writeQueries,
  rows_read: rowsRead,
  rows_written: rowsWritten,
  duration_ms: queryDurationMs,
});

/** The hours since then in which something ran, that in which `since_ms` lies among them. */
export async function hoursOf(id: string, since_ms: number): Promise<Hour[]> {
  const filter = { databaseId: id, datetimeHour_geq: new Date(since_ms).toISOString() };
  const data = await askGraphql<
    Accounts<{
      d1AnalyticsAdaptiveGroups: { sum: Sums; dimensions: { datetimeHour: string } }[];
    }>
  >(HOURS, { accountTag: "isolite", filter });
  const groups = data.viewer.accounts[0]?.d1AnalyticsAdaptiveGroups ?? [];
  return groups.map(({ sum, dimensions }) => ({
    time_ms: Date.parse(dimensions.datetimeHour),
    ...hourOf(sum),
  }));
}

/** All of these hours together. */
export async function totalsOf(id: string, since_ms: number): Promise<Omit<Hour, "time_ms">> {
  const sums = { reads: 0, writes: 0, rows_read: 0, rows_written: 0, duration_ms: 0 };
  for (const hour of await hoursOf(id, since_ms)) {
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += hour[key];
  }
  return sums;
}

export interface Statement {
  sql: string;
  runs: number;
  duration_ms: number;
  duration_ms_mean: number;
  rows_read: number;
  rows_written: number;
  rows_returned: number;
}

/** As `wrangler d1 insights` has them. */
export type StatementOrder =
  | "sum_queryDurationMs"
  | "avg_queryDurationMs"
  | "count"
  | "sum_rowsRead"
  | "sum_rowsWritten";

interface StatementGroup {
  count: number;
  sum: Omit<Sums, "readQueries" | "writeQueries"> & { rowsReturned: number };
  avg: { queryDurationMs: number };
  dimensions: { query: string };
}

const STATEMENTS = `query Statements($accountTag: string!, $filter: filter, $orderBy: [order!], $limit: int) {
  viewer { accounts(filter: { accountTag: $accountTag }) {
    d1QueriesAdaptiveGroups(limit: $limit, filter: $filter, orderBy: $orderBy) {
      count
      sum { queryDurationMs rowsRead rowsWritten rowsReturned }
      avg { queryDurationMs }
      dimensions { query }
    } } } }`;

/** Those with most of it, the first of them first. */
export async function costliestOf(
  id: string,
  since_ms: number,
  order: StatementOrder,
  limit: number,
): Promise<Statement[]> {
  const data = await askGraphql<Accounts<{ d1QueriesAdaptiveGroups: StatementGroup[] }>>(
    STATEMENTS,
    {
      accountTag: "isolite",
      filter: { databaseId: id, datetimeHour_geq: new Date(since_ms).toISOString() },
      orderBy: [`${order}_DESC`],
      limit,
    },
  );
  const groups = data.viewer.accounts[0]?.d1QueriesAdaptiveGroups ?? [];
  return groups.map(({ count, sum, avg, dimensions }) => ({
    sql: dimensions.query,
    runs: count,
    duration_ms: sum.queryDurationMs,
    duration_ms_mean: avg.queryDurationMs,
    rows_read: sum.rowsRead,
    rows_written: sum.rowsWritten,
    rows_returned: sum.rowsReturned,
  }));
}
