// drizzle's builder: every kind of statement, and what each one answers.

import assert from "node:assert/strict";

import {
  aliasedTable, and, asc, avg, count, countDistinct, desc, eq, exists, gt, inArray, isNull, like,
  max, or, sql, sum,
} from "drizzle-orm";
import { union } from "drizzle-orm/sqlite-core";

import { ADA, BOB, withTables } from "./drizzle_database.mjs";
import { posts, users } from "./drizzle_schema.mjs";

const people = async (db) => {
  await db.insert(users).values([ADA, BOB]);
  await db.insert(posts).values([
    { id: 1, authorId: 1, title: "one", views: 10, score: 1.5 },
    { id: 2, authorId: 1, title: "two", views: 20, score: 2.5 },
    { id: 3, authorId: 2, title: "three", views: 30 },
  ]);
};

export const drizzleCases = [
  {
    name: "insert, and its meta",
    except: { libsql: "D1's meta" },
    run: withTables(async (db) => {
      const { success, meta, results } = await db.insert(users).values([ADA, BOB]);
      assert.equal(success, true);
      assert.deepEqual([meta.changes, meta.last_row_id, meta.changed_db], [2, 2, true]);
      assert.deepEqual(results, []);
    }),
  },
  {
    name: "insert returning rows, with defaults filled in",
    run: withTables(async (db) => {
      const rows = await db.insert(users).values([ADA, BOB]).returning();
      assert.deepEqual(rows.map(({ id, name, role, active }) => [id, name, role, active]), [
        [1, "Ada", "reader", true],
        [2, null, "reader", true],
      ]);
      assert.ok(rows[0].joined instanceof Date);
      const [part] = await db.insert(users).values({ email: "c" }).returning({ key: users.id });
      assert.deepEqual(part, { key: 3 });
    }),
  },
  {
    name: "insert from a select",
    except: { libsql: "D1's meta" },
    run: withTables(async (db) => {
      await people(db);
      const source = db
        .select({
          id: sql`${posts.id} + 10`.as("id"),
          authorId: posts.authorId,
          title: posts.title,
          views: posts.views,
          score: posts.score,
        })
        .from(posts)
        .where(gt(posts.views, 10));
      const { meta } = await db.insert(posts).select(source);
      assert.equal(meta.changes, 2);
      assert.equal(await db.$count(posts), 5);
    }),
  },
  {
    name: "select with where, order, limit and offset",
    run: withTables(async (db) => {
      await people(db);
      const titles = (query) => query.then((rows) => rows.map(({ title }) => title));
      const all = () => db.select({ title: posts.title }).from(posts);
      assert.deepEqual(await titles(all().orderBy(desc(posts.views)).limit(2).offset(1)), [
        "two", "one",
      ]);
      assert.deepEqual(
        await titles(all().where(and(gt(posts.views, 10), like(posts.title, "t%")))
          .orderBy(asc(posts.id))),
        ["two", "three"],
      );
      assert.deepEqual(await titles(all().where(or(isNull(posts.score), eq(posts.id, 1)))
        .orderBy(posts.id)), ["one", "three"]);
      assert.deepEqual(await titles(all().where(inArray(posts.id, [2, 3])).orderBy(posts.id)), [
        "two", "three",
      ]);
      assert.deepEqual(await titles(all().where(inArray(posts.id, []))), []);
    }),
  },
  {
    name: "all, get, values and run",
    except: { libsql: "D1's results" },
    run: withTables(async (db) => {
      await people(db);
      const query = db.select({ id: posts.id, title: posts.title }).from(posts)
        .where(eq(posts.id, 2));
      assert.deepEqual(await query.all(), [{ id: 2, title: "two" }]);
      assert.deepEqual(await query.get(), { id: 2, title: "two" });
      assert.deepEqual(await query.values(), [[2, "two"]]);
      assert.deepEqual((await query.run()).results, [{ id: 2, title: "two" }]);
      const none = db.select().from(posts).where(eq(posts.id, 99));
      assert.equal(await none.get(), undefined);
    }),
  },
  {
    name: "update, with and without returning",
    except: { libsql: "D1's meta" },
    run: withTables(async (db) => {
      await people(db);
      const add = { views: sql`${posts.views} + 1` };
      const { meta } = await db.update(posts).set(add).where(eq(posts.authorId, 1));
      assert.equal(meta.changes, 2);
      const rows = await db.update(posts).set({ title: "3" }).where(eq(posts.id, 3))
        .returning({ title: posts.title, views: posts.views });
      assert.deepEqual(rows, [{ title: "3", views: 30 }]);
      const [{ total }] = await db.select({ total: sum(posts.views).mapWith(Number) }).from(posts);
      assert.equal(total, 62);
    }),
  },
  {
    name: "delete, with and without returning, and its cascade",
    except: { libsql: "D1's meta" },
    run: withTables(async (db) => {
      await people(db);
      const gone = await db.delete(posts).where(eq(posts.id, 3)).returning({ id: posts.id });
      assert.deepEqual(gone, [{ id: 3 }]);
      assert.equal((await db.delete(users).where(eq(users.id, 2))).meta.changes, 1);
      assert.equal((await db.delete(users).where(eq(users.id, 99))).meta.changes, 0);
      await db.delete(users).where(eq(users.id, 1));
      assert.equal(await db.$count(posts), 0);
    }),
  },
  {
    name: "update and delete with an order and a limit",
    run: withTables(async (db) => {
      await people(db);
      await db.update(posts).set({ score: 0 }).orderBy(desc(posts.views)).limit(1);
      assert.equal((await db.query.posts.findFirst({ where: eq(posts.id, 3) })).score, 0);
      const gone = await db.delete(posts).orderBy(posts.views).limit(1).returning();
      assert.deepEqual(gone.map(({ id }) => id), [1]);
    }),
  },
  {
    name: "upserts",
    run: withTables(async (db) => {
      await db.insert(users).values(ADA);
      const ignored = await db.insert(users).values(ADA).onConflictDoNothing().returning();
      assert.deepEqual(ignored, []);
      const [row] = await db.insert(users).values({ ...ADA, name: "Ada L." })
        .onConflictDoUpdate({
          target: users.email,
          set: { name: sql`excluded.name || ' (' || ${users.name} || ')'` },
        })
        .returning({ id: users.id, name: users.name });
      assert.deepEqual(row, { id: 1, name: "Ada L. (Ada)" });
      assert.equal(await db.$count(users), 1);
    }),
  },
  {
    name: "joins keep columns of the same name apart",
    run: withTables(async (db) => {
      await people(db);
      const inner = await db.select().from(posts).innerJoin(users, eq(users.id, posts.authorId))
        .orderBy(posts.id);
      assert.deepEqual(inner.map((row) => [row.posts.id, row.users.id, row.users.name]), [
        [1, 1, "Ada"], [2, 1, "Ada"], [3, 2, null],
      ]);
      const other = aliasedTable(posts, "other");
      const left = await db.select({ id: posts.id, next: other.id }).from(posts)
        .leftJoin(other, and(eq(other.authorId, posts.authorId), gt(other.id, posts.id)))
        .orderBy(posts.id);
      assert.deepEqual(left, [{ id: 1, next: 2 }, { id: 2, next: null }, { id: 3, next: null }]);
      const whole = await db.select().from(users)
        .leftJoin(posts, and(eq(posts.authorId, users.id), gt(posts.views, 20)))
        .orderBy(users.id);
      assert.deepEqual(whole.map((row) => row.posts?.id ?? null), [null, 3]);
    }),
  },
  {
    name: "aggregates, groups and having",
    run: withTables(async (db) => {
      await people(db);
      const rows = await db
        .select({
          author: posts.authorId,
          posts: count(),
          scored: count(posts.score),
          views: sum(posts.views),
          mean: avg(posts.score),
          most: max(posts.views),
        })
        .from(posts).groupBy(posts.authorId).orderBy(posts.authorId);
      assert.deepEqual(rows, [
        { author: 1, posts: 2, scored: 2, views: "30", mean: "2", most: 20 },
        { author: 2, posts: 1, scored: 0, views: "30", mean: null, most: 30 },
      ]);
      const busy = await db.select({ n: countDistinct(posts.title) }).from(posts)
        .groupBy(posts.authorId).having(({ n }) => gt(n, 1));
      assert.deepEqual(busy, [{ n: 2 }]);
    }),
  },
  {
    name: "subqueries, common table expressions and unions",
    run: withTables(async (db) => {
      await people(db);
      const seen = db.$with("seen").as(
        db.select({ author: posts.authorId, views: sum(posts.views).as("v") }).from(posts)
          .groupBy(posts.authorId),
      );
      const rows = await db.with(seen).select({ name: users.name, views: seen.views }).from(seen)
        .innerJoin(users, eq(users.id, seen.author)).orderBy(users.id);
      assert.deepEqual(rows, [{ name: "Ada", views: "30" }, { name: null, views: "30" }]);
      const writers = await db.select({ id: users.id }).from(users).where(
        exists(db.select({ one: sql`1` }).from(posts)
          .where(and(eq(posts.authorId, users.id), gt(posts.views, 25)))),
      );
      assert.deepEqual(writers, [{ id: 2 }]);
      const both = await union(
        db.select({ text: users.email }).from(users),
        db.select({ text: posts.title }).from(posts),
      ).orderBy(sql`email`);
      assert.deepEqual(both.map(({ text }) => text), [
        "ada@x.test", "bob@x.test", "one", "three", "two",
      ]);
    }),
  },
  {
    name: "statements as text, and what goes wrong in one",
    except: { libsql: "D1's text of an error" },
    run: withTables(async (db) => {
      await people(db);
      const rows = await db.all(
        sql`SELECT id, title FROM ${posts} WHERE views > ${15} ORDER BY id`,
      );
      assert.deepEqual(rows, [{ id: 2, title: "two" }, { id: 3, title: "three" }]);
      assert.deepEqual(await db.get(sql`SELECT 1 AS one`), { one: 1 });
      assert.deepEqual(await db.values(sql`SELECT 1, 'a', NULL`), [[1, "a", null]]);
      await assert.rejects(db.insert(users).values(ADA), ({ cause }) => {
        assert.equal(
          cause.message,
          "D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT " +
            "(extended: SQLITE_CONSTRAINT_UNIQUE)",
        );
        return true;
      });
    }),
  },
  {
    name: "transactions are refused, as D1 refuses them",
    except: { libsql: "it has transactions" },
    run: withTables(async (db) => {
      await assert.rejects(
        db.transaction((tx) => tx.insert(users).values(ADA)),
        ({ cause }) => /^D1_ERROR: To execute a transaction, please use/.test(cause.message),
      );
      assert.equal(await db.$count(users), 0);
    }),
  },
];
