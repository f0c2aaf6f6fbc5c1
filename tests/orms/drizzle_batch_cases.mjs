// drizzle's batches and prepared statements, and its migrator, which is a batch too.

import assert from "node:assert/strict";

import { count, eq, gt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

import { ADA, BOB, TABLES, withTables } from "./drizzle_database.mjs";
import { posts, users } from "./drizzle_schema.mjs";

const unique = ({ message, cause }) =>
  /UNIQUE constraint failed: users\.email/.test(cause?.message ?? message);

export const drizzleBatchCases = [
  {
    name: "a batch gives each statement's own kind of answer",
    except: { libsql: "D1's meta" },
    run: withTables(async (db) => {
      const [inserted, returned, changed, rows, related, counted, none] = await db.batch([
        db.insert(users).values(ADA),
        db.insert(posts).values({ id: 7, authorId: 1, title: "seven" }).returning(),
        db.update(users).set({ active: false }).where(eq(users.id, 1)),
        db.select({ id: users.id, active: users.active }).from(users),
        db.query.users.findFirst({ columns: { name: true }, with: { posts: true } }),
        db.select({ n: count() }).from(posts),
        db.query.users.findMany({ where: gt(users.id, 1) }),
      ]);
      assert.equal(inserted.meta.last_row_id, 1);
      const post = { id: 7, authorId: 1, title: "seven", views: 0, score: null };
      assert.deepEqual(returned, [post]);
      assert.equal(changed.meta.changes, 1);
      assert.deepEqual(rows, [{ id: 1, active: false }]);
      assert.deepEqual(related, { name: "Ada", posts: [post] });
      assert.deepEqual([counted, none], [[{ n: 1 }], []]);
    }),
  },
  {
    name: "a batch that fails leaves nothing",
    run: withTables(async (db) => {
      const inserts = [ADA, BOB, ADA].map((user) => db.insert(users).values(user));
      await assert.rejects(db.batch(inserts), unique);
      assert.equal(await db.$count(users), 0);
    }),
  },
  {
    name: "a batch of statements as text",
    except: { libsql: "rows of values are objects" },
    run: withTables(async (db) => {
      const [, , all, row, values] = await db.batch([
        db.insert(users).values(ADA),
        db.run(sql`INSERT INTO users (email) VALUES ('raw')`),
        db.all(sql`SELECT id, email FROM users ORDER BY id`),
        db.get(sql`SELECT count(*) AS n FROM users`),
        db.values(sql`SELECT id, name FROM users ORDER BY id`),
      ]);
      assert.deepEqual(all, [{ id: 1, email: ADA.email }, { id: 2, email: "raw" }]);
      assert.deepEqual(row, { n: 2 });
      assert.deepEqual(values, [[1, "Ada"], [2, null]]);
    }),
  },
  {
    name: "prepared statements with placeholders",
    run: withTables(async (db) => {
      const insert = db.insert(users)
        .values({ email: sql.placeholder("email"), name: sql.placeholder("name") })
        .returning({ id: users.id })
        .prepare();
      assert.deepEqual(await insert.execute({ email: "a", name: "A" }), [{ id: 1 }]);
      assert.deepEqual(await insert.execute({ email: "b", name: null }), [{ id: 2 }]);
      const select = db.select({ name: users.name }).from(users)
        .where(eq(users.email, sql.placeholder("email")))
        .prepare();
      assert.deepEqual(await select.get({ email: "a" }), { name: "A" });
      assert.deepEqual(await select.all({ email: "b" }), [{ name: null }]);
      assert.deepEqual(await select.values({ email: "c" }), []);
      const page = db.select({ id: users.id }).from(users).orderBy(users.id)
        .limit(sql.placeholder("limit")).offset(sql.placeholder("offset")).prepare();
      assert.deepEqual(await page.all({ limit: 5, offset: 1 }), [{ id: 2 }]);
    }),
  },
  {
    name: "the migrator notes what it did, and does it once",
    except: { libsql: "D1's driver" },
    async run({ DB }) {
      const db = drizzle(DB);
      await migrate(db, TABLES);
      await db.insert(users).values(ADA);
      await migrate(db, TABLES);
      const noted = await db.values(sql`SELECT id, length(hash), created_at, typeof(created_at)
        FROM __drizzle_migrations`);
      assert.deepEqual(noted, [[null, 64, noted[0][2], "integer"]]);
      assert.ok(noted[0][2] > Date.UTC(2026, 0));
      assert.equal(await db.$count(users), 1);
    },
  },
  {
    name: "a migration that fails leaves the database as it was",
    except: { libsql: "D1's driver" },
    async run({ DB }) {
      const db = drizzle(DB);
      await db.run(sql`CREATE TABLE tags (id integer)`);
      await assert.rejects(migrate(db, TABLES), ({ message, cause }) =>
        /table `?tags`? already exists/.test(cause?.message ?? message));
      const tables = await db.values(sql`SELECT name FROM sqlite_schema WHERE type = 'table'
        AND name NOT GLOB '_cf_*' AND name <> 'sqlite_sequence' ORDER BY name`);
      assert.deepEqual(tables, [["__drizzle_migrations"], ["tags"]]);
      assert.deepEqual(await db.values(sql`SELECT * FROM __drizzle_migrations`), []);
    },
  },
  {
    name: "a migrations table of another name",
    except: { libsql: "D1's driver" },
    async run({ DB }) {
      const db = drizzle(DB);
      await migrate(db, { ...TABLES, migrationsTable: "done so far" });
      assert.deepEqual(await db.values(sql`SELECT count(*) FROM "done so far"`), [[1]]);
    },
  },
];
