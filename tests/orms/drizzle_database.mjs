// A database with the tables of drizzle_schema.mjs, made by drizzle's migrator.

import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

import * as schema from "./drizzle_schema.mjs";

export const TABLES = { migrationsFolder: "/bundle/tables" };

/** The `run` of a case that wants these tables. */
export const withTables = (work) => async ({ DB }) => {
  const db = drizzle(DB, { schema });
  await migrate(db, TABLES);
  await work(db, DB);
};

export const ADA = { email: "ada@x.test", name: "Ada" };
export const BOB = { email: "bob@x.test", name: null };
