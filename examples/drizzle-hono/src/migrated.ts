/**
 * Brings the database to the schema of this code, once in the life of an isolate.
 *
 * Isolates may start side by side. A migration is one transaction and the first one makes it
 * impossible to note any twice, so of two that try, one does it all and the other changes nothing.
 */

import type { DrizzleD1Database } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

const FOLDER = { migrationsFolder: "/bundle" };

let done = false;

export async function migrated(db: DrizzleD1Database<Record<string, unknown>>): Promise<void> {
  if (done) return;
  try {
    await migrate(db, FOLDER);
  } catch {
    // Another isolate may have been faster: then nothing is left to do. Otherwise it fails again.
    await migrate(db, FOLDER);
  }
  done = true;
}
