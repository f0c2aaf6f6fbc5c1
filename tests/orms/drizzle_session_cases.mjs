// drizzle over a session, which has D1's face without `exec` and `withSession`.

import assert from "node:assert/strict";

import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

import { ADA, BOB, TABLES } from "./drizzle_database.mjs";
import * as schema from "./drizzle_schema.mjs";

const { users } = schema;

export const drizzleSessionCases = [
  {
    name: "queries and batches move the session's bookmark on",
    async run({ DB }) {
      await migrate(drizzle(DB), TABLES);
      const session = DB.withSession("first-primary");
      const db = drizzle(session, { schema });
      assert.equal(session.getBookmark(), null);
      await db.insert(users).values(ADA);
      const first = session.getBookmark();
      const [, found] = await db.batch([db.insert(users).values(BOB), db.query.users.findMany()]);
      assert.equal(found.length, 2);
      assert.ok(session.getBookmark() > first, `${session.getBookmark()} after ${first}`);
    },
  },
  {
    name: "a session begun at a bookmark sees what was written before it",
    async run({ DB }) {
      const earlier = DB.withSession();
      const db = drizzle(earlier);
      await migrate(db, TABLES);
      await db.insert(users).values(ADA);
      const later = drizzle(DB.withSession(earlier.getBookmark()));
      const [{ name }] = await later.select().from(users).where(eq(users.email, ADA.email));
      assert.equal(name, ADA.name);
    },
  },
];
