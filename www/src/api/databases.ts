/** Databases as REST has them. */

import { Refused, STILL_RUNNING } from "./failure.ts";
import { ask } from "./rest.ts";

export interface Database {
  uuid: string;
  name: string;
  created_at: string;
  version: string;
  jurisdiction?: string;
  /**
   * Only of one that was asked for by itself, as is all up to `retention_days`, and whose primary
   * has answered.
   */
  num_tables?: number;
  file_size?: number;
  running_in_region?: string;
  read_replication?: { mode: "auto" | "disabled" };
  max_staleness_ms?: number;
  retention_days?: number;
  deleted_at?: string;
  purge_at?: string;
}

export interface NewDatabase {
  name: string;
  primary_location_hint?: string;
  jurisdiction?: string;
}

export interface DatabasePage {
  databases: Database[];
  total: number;
}

export const PER_PAGE = 20;

const one = (id: string): string => `/${encodeURIComponent(id)}`;

export async function listDatabases(
  { search = "", page = 1, deleted = false }: { search?: string; page?: number; deleted?: boolean },
): Promise<DatabasePage> {
  const query = new URLSearchParams({ page: String(page), per_page: String(PER_PAGE) });
  if (search !== "") query.set("name", search);
  if (deleted) query.set("deleted", "true");
  const { result, info } = await ask<Database[]>("GET", `?${query}`);
  return { databases: result, total: info?.total_count ?? result.length };
}

/** What the directory knows by itself. */
const FIELDS = "uuid,name,version,created_at,jurisdiction,running_in_region,read_replication,"
  + "max_staleness_ms,retention_days";
const PRIMARY_MS_MAX = 3_000;

/** With its size, which its primary is asked for; without, where that does not answer. */
export async function getDatabase(id: string): Promise<Database> {
  const whole = ask<Database>("GET", one(id));
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PRIMARY_MS_MAX));
  const unless = (error: unknown) => {
    if (error instanceof Refused && error.status >= 500) return undefined;
    throw error;
  };
  const answer = await Promise.race([whole.catch(unless), late]);
  return (answer ?? await ask<Database>("GET", `${one(id)}?fields=${FIELDS}`)).result;
}

export const createDatabase = async (body: NewDatabase): Promise<Database> =>
  (await ask<Database>("POST", "", body)).result;

export const deleteDatabase = async (id: string): Promise<void> => {
  await ask<null>("DELETE", one(id));
};

/** Nothing brings it back. */
export const purgeDatabase = async (id: string): Promise<void> => {
  await ask<null>("DELETE", `${one(id)}?purge=true`);
};

/** By another name, where its own was given away meanwhile. */
export const undeleteDatabase = async (id: string, name?: string): Promise<Database> =>
  (await ask<Database>("POST", `${one(id)}/undelete`, name === undefined ? {} : { name })).result;

export interface NewFork extends NewDatabase {
  timestamp?: string;
}

/** What REST began, and may have stopped waiting for. */
export interface LongWork {
  goesOn: boolean;
}

export async function forkDatabase(
  id: string,
  body: NewFork,
): Promise<LongWork & { database: Database }> {
  const { result, status } = await ask<Database>("POST", `${one(id)}/fork`, body);
  return { database: result, goesOn: status === 202 };
}

/** What the database had at a time, it has again. */
export async function restoreDatabase(id: string, timestamp: string): Promise<LongWork> {
  const query = new URLSearchParams({ timestamp });
  try {
    await ask<unknown>("POST", `${one(id)}/time_travel/restore?${query}`);
    return { goesOn: false };
  } catch (error) {
    if (error instanceof Refused && error.code === STILL_RUNNING) return { goesOn: true };
    throw error;
  }
}

/** Where the whole of it can be fetched, once. */
export async function exportUrl(id: string, format: "sql" | "sqlite"): Promise<string> {
  const body = { output_format: "polling", format };
  const { result } = await ask<{ result?: { signed_url: string } }>("POST", `${one(id)}/export`, body);
  if (result.result === undefined) throw new Error("The database is busy. Try again in a moment.");
  return result.result.signed_url;
}
