// A database with the tables of drizzle_schema.mjs, made by drizzle's migrator. What runs the cases may have
// a driver of its own, besides the one of D1.

import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

import * as schema from "./drizzle_schema.mjs";

export const TABLES = { migrationsFolder: "/bundle/tables" };

async function openTables({ DB }) {
  const db = drizzle(DB, { schema });
  await migrate(db, TABLES);
  return db;
}

/** The `run` of a case that wants these tables. */
export const withTables = (work) => async (environment) => {
  const open = environment.openTables ?? openTables;
  await work(await open(environment), environment.DB);
};

export const ADA = { email: "ada@x.test", name: "Ada" };
export const BOB = { email: "bob@x.test", name: null };
