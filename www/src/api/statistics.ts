/** What databases did in the last 24 hours. */

import { askGraphql } from "./rest.ts";

export interface Traffic {
  reads: number;
  writes: number;
  rowsRead: number;
  rowsWritten: number;
}

interface Group {
  sum: { readQueries: number; writeQueries: number; rowsRead: number; rowsWritten: number };
  dimensions: { databaseId: string };
}

const QUERY = `query Traffic($accountTag: string!, $filter: filter) {
  viewer { accounts(filter: { accountTag: $accountTag }) {
    d1AnalyticsAdaptiveGroups(limit: 10000, filter: $filter) {
      sum { readQueries writeQueries rowsRead rowsWritten }
      dimensions { databaseId }
    } } } }`;

const DAY_MS = 86_400_000;

/** By id; of a database that did nothing there is none. */
export async function trafficOf(ids: string[]): Promise<Map<string, Traffic>> {
  if (ids.length === 0) return new Map();
  const since = new Date(Date.now() - DAY_MS).toISOString();
  const filter = { databaseId_in: ids, datetimeHour_geq: since };
  const data = await askGraphql<{
    viewer: { accounts: { d1AnalyticsAdaptiveGroups: Group[] }[] };
  }>(QUERY, { accountTag: "isolite", filter });
  const groups = data.viewer.accounts[0]?.d1AnalyticsAdaptiveGroups ?? [];
  return new Map(groups.map(({ sum, dimensions }) => [dimensions.databaseId, {
    reads: sum.readQueries,
    writes: sum.writeQueries,
    rowsRead: sum.rowsRead,
    rowsWritten: sum.rowsWritten,
  }]));
}
