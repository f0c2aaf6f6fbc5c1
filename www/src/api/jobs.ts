/** The long works of a database, as its primary tells of them. */

import { ask } from "./rest.ts";

export interface Job {
  job: string;
  kind: string;
  state: "running" | "complete" | "error";
  messages: string[];
  done: number;
  total: number;
  unit: "bytes" | "pages";
  error?: string;
}

/** The newest one. */
export const newestJob = async (database: string): Promise<Job> =>
  (await ask<Job>("GET", `/${encodeURIComponent(database)}/jobs`)).result;
