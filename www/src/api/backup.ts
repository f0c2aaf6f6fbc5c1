/** How far the backup of a database is. */

import { ask } from "./rest.ts";

export interface Backup {
  enabled: boolean;
  lag_commits: number | null;
  lag_ms: number | null;
  files: number | null;
  bytes: number | null;
  errors: number | null;
}

export const backupOf = async (id: string): Promise<Backup> =>
  (await ask<Backup>("GET", `/${encodeURIComponent(id)}/backup`)).result;
