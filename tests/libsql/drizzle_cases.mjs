// drizzle over @libsql/client: the cases of D1's driver that ask for nothing of D1's, and those of what this
// driver has besides.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";

import { drizzleBatchCases } from "../orms/drizzle_batch_cases.mjs";
import { drizzleCases } from "../orms/drizzle_cases.mjs";
import { drizzleColumnCases } from "../orms/drizzle_column_cases.mjs";
import { ADA, BOB, withTables } from "../orms/drizzle_database.mjs";
import { drizzleRelationCases } from "../orms/drizzle_relation_cases.mjs";
import * as schema from "../orms/drizzle_schema.mjs";
import { inRepository } from "../support/repository.mjs";

const { posts, users } = schema;

const TABLES = { migrationsFolder: inRepository("tests/workers/orms/migrations/tables") };
const REBUILD = { migrationsFolder: inRepository("tests/workers/orms/migrations/rebuild") };

/** What the shared cases are run with. */
export const drizzleOf = (client) => ({
  client,
  async openTables() {
    const db = open(client);
    await migrate(db, TABLES);
    return db;
  },
});

/** With rows of values as arrays, where this driver has objects that have indices. */
function open(client) {
  const db = drizzle(client, { schema });
  const { values } = db;
  db.values = async (query) => (await values.call(db, query)).map((row) => Array.from(row));
  return db;
}

const emails = async (db) => {
  const rows = await db.select({ email: users.email }).from(users).orderBy(users.id);
  return rows.map(({ email }) => email);
};

const EVE = { email: "eve@x.test" };

const ownCases = [
  {
    name: "what a statement answers",
    run: withTables(async (db) => {
      const inserted = await db.insert(users).values([ADA, BOB]);
      assert.deepEqual([inserted.rowsAffected, inserted.lastInsertRowid], [2, 2n]);
      const updated = await db.update(users).set({ name: "x" });
      assert.deepEqual([updated.rowsAffected, updated.lastInsertRowid], [2, undefined]);
      assert.equal((await db.delete(users).where(eq(users.id, 99))).rowsAffected, 0);
    }),
  },
  {
    name: "a batch that fails leaves nothing",
    run: withTables(async (db) => {
      const [inserted, rows] = await db.batch([db.insert(users).values(ADA), db.select().from(users)]);
      assert.deepEqual([inserted.rowsAffected, rows.length], [1, 1]);
      await assert.rejects(db.batch([db.insert(users).values(BOB), db.insert(users).values(ADA)]));
      assert.deepEqual(await emails(db), [ADA.email]);
    }),
  },
  {
    name: "transactions commit, roll back, and nest",
    run: withTables(async (db) => {
      const count = await db.transaction(async (tx) => {
        await tx.insert(users).values(ADA);
        await tx.insert(posts).values({ id: 1, authorId: 1, title: "one" });
        assert.deepEqual(await emails(db), [], "others do not see it");
        return tx.$count(posts);
      });
      assert.equal(count, 1);
      await assert.rejects(
        db.transaction(async (tx) => {
          await tx.insert(users).values(BOB);
          tx.rollback();
        }),
        /Rollback/,
      );
      await assert.rejects(db.transaction((tx) => tx.insert(users).values([BOB, ADA])), ({ cause }) =>
        cause.code === "SQLITE_CONSTRAINT");
      assert.deepEqual(await emails(db), [ADA.email]);
      await db.transaction(async (tx) => {
        await tx.insert(users).values(BOB);
        const nested = tx.transaction(async (inner) => {
          await inner.insert(users).values(EVE);
          await inner.insert(users).values(ADA);
        });
        await assert.rejects(nested);
        await tx.transaction((inner) => inner.insert(users).values({ email: "kept@x.test" }));
      });
      assert.deepEqual(await emails(db), [ADA.email, BOB.email, "kept@x.test"]);
    }),
  },
  {
    name: "a query of relations within a transaction",
    run: withTables(async (db) => {
      const found = await db.transaction(async (tx) => {
        await tx.insert(users).values(ADA);
        await tx.insert(posts).values({ id: 7, authorId: 1, title: "seven" });
        return tx.query.users.findFirst({ columns: { name: true }, with: { posts: { columns: { id: true } } } });
      });
      assert.deepEqual(found, { name: "Ada", posts: [{ id: 7 }] });
    }),
  },
  {
    name: "migrations run once",
    async run({ client }) {
      const db = open(client);
      await migrate(db, TABLES);
      await db.insert(users).values(ADA);
      await migrate(db, TABLES);
      assert.deepEqual(await emails(db), [ADA.email]);
      assert.deepEqual(await db.values(sql`SELECT count(*) FROM __drizzle_migrations`), [[1]]);
    },
  },
  {
    name: "a migration rebuilds a table: every row that refers to it is there",
    async run({ client }) {
      const [{ tag, when }] = JSON.parse(readFileSync(join(REBUILD.migrationsFolder, "meta/_journal.json"))).entries;
      await client.executeMultiple(`
        ${readFileSync(join(REBUILD.migrationsFolder, `${tag}.sql`), "utf8")};
        INSERT INTO parent VALUES (1, 'one'), (2, 'two');
        INSERT INTO child VALUES (10, 1), (11, 1), (20, 2);
        CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);
        INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('', ${when});`);
      const db = open(client);
      await migrate(db, REBUILD);
      assert.deepEqual(await db.values(sql`SELECT id FROM child ORDER BY id`), [[10], [11], [20]]);
      const [[form]] = await db.values(sql`SELECT sql FROM sqlite_schema WHERE name = 'parent'`);
      assert.match(form, /`name` text NOT NULL/);
      await assert.rejects(db.run(sql`INSERT INTO child VALUES (99, 99)`), ({ cause }) =>
        cause.code === "SQLITE_CONSTRAINT");
    },
  },
];

const shared = [...drizzleCases, ...drizzleBatchCases, ...drizzleColumnCases, ...drizzleRelationCases];

export const drizzleLibsqlCases = [...shared.filter(({ except }) => !except?.libsql), ...ownCases];
