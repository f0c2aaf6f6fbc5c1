/** How a database stands at the moment: its replicas, and its backup. */

import { ask } from "./rest.ts";

/** What is not known is null, or not there. */
export interface Replica {
  region: string;
  state: string;
  lag_commits?: number | null;
  lag_ms?: number | null;
  reads_per_second?: number | null;
}

export interface Replicas {
  primary: { region?: string | null; size_bytes?: number | null };
  replicas: Replica[];
}

export interface Backup {
  enabled: boolean;
  lag_commits: number | null;
  lag_ms: number | null;
  files: number | null;
  bytes: number | null;
  errors: number | null;
}

const of = async <T>(id: string, what: string): Promise<T> =>
  (await ask<T>("GET", `/${encodeURIComponent(id)}/${what}`)).result;

/** Refused with status 404 or 405 by a Worker that does not tell. */
export const replicasOf = (id: string): Promise<Replicas> => of(id, "replicas");

export const backupOf = (id: string): Promise<Backup> => of(id, "backup");
