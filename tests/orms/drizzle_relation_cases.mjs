// drizzle's relational queries. Each is one statement, of JSON functions and correlated subqueries.

import assert from "node:assert/strict";

import { asc, desc, eq, gt, sql } from "drizzle-orm";

import { ADA, BOB, withTables } from "./drizzle_database.mjs";
import { posts, postTags, tags, users } from "./drizzle_schema.mjs";

const withRows = (work) =>
  withTables(async (db) => {
    await db.batch([
      db.insert(users).values([ADA, BOB, { email: "eve@x.test", name: "Eve" }]),
      db.insert(posts).values([
        { id: 1, authorId: 1, title: "one", views: 10, score: 1.5 },
        { id: 2, authorId: 1, title: "two", views: 20 },
        { id: 3, authorId: 2, title: "thrée 😀", views: 30 },
      ]),
      db.insert(tags).values([{ id: 1, name: "red" }, { id: 2, name: "blue" }]),
      db.insert(postTags).values([
        { postId: 1, tagId: 1 }, { postId: 1, tagId: 2 }, { postId: 3, tagId: 2 },
      ]),
    ]);
    await work(db);
  });

export const drizzleRelationCases = [
  {
    name: "many rows with each one",
    run: withRows(async (db) => {
      const found = await db.query.users.findMany({
        columns: { name: true },
        with: { posts: { columns: { id: true, title: true }, orderBy: [desc(posts.id)] } },
        orderBy: [asc(users.id)],
      });
      assert.deepEqual(found, [
        { name: "Ada", posts: [{ id: 2, title: "two" }, { id: 1, title: "one" }] },
        { name: null, posts: [{ id: 3, title: "thrée 😀" }] },
        { name: "Eve", posts: [] },
      ]);
    }),
  },
  {
    name: "one row with each of many",
    run: withRows(async (db) => {
      const found = await db.query.posts.findMany({
        columns: { title: true },
        with: { author: { columns: { id: true, email: true, active: true } } },
        where: gt(posts.views, 10),
        orderBy: asc(posts.id),
      });
      assert.deepEqual(found, [
        { title: "two", author: { id: 1, email: "ada@x.test", active: true } },
        { title: "thrée 😀", author: { id: 2, email: "bob@x.test", active: true } },
      ]);
    }),
  },
  {
    name: "three tables deep, through a table of pairs",
    run: withRows(async (db) => {
      const found = await db.query.users.findFirst({
        where: eq(users.email, "ada@x.test"),
        columns: { id: true, joined: true },
        with: { posts: { with: { tags: { with: { tag: true } } }, orderBy: asc(posts.id) } },
      });
      assert.ok(found.joined instanceof Date);
      assert.deepEqual(found.posts[0], {
        id: 1, authorId: 1, title: "one", views: 10, score: 1.5,
        tags: [
          { postId: 1, tagId: 1, tag: { id: 1, name: "red" } },
          { postId: 1, tagId: 2, tag: { id: 2, name: "blue" } },
        ],
      });
      assert.deepEqual(found.posts[1].tags, []);
    }),
  },
  {
    name: "limits, offsets and computed columns at both levels",
    run: withRows(async (db) => {
      const found = await db.query.users.findMany({
        columns: { id: true },
        extras: { short: sql`substr(${users.email}, 1, 3)`.as("short") },
        with: {
          posts: {
            columns: { id: true },
            extras: { twice: sql`${posts.views} * 2`.as("twice") },
            limit: 1,
            orderBy: desc(posts.views),
          },
        },
        orderBy: desc(users.id),
        limit: 2,
        offset: 1,
      });
      assert.deepEqual(found, [
        { id: 2, short: "bob", posts: [{ id: 3, twice: 60 }] },
        { id: 1, short: "ada", posts: [{ id: 2, twice: 40 }] },
      ]);
    }),
  },
  {
    name: "nothing found",
    run: withRows(async (db) => {
      const where = eq(users.id, 99);
      assert.equal(await db.query.users.findFirst({ where, with: { posts: true } }), undefined);
      assert.deepEqual(await db.query.users.findMany({ where, with: { posts: true } }), []);
    }),
  },
  {
    name: "prepared, with placeholders",
    run: withRows(async (db) => {
      const query = db.query.users
        .findFirst({
          columns: { name: true },
          where: eq(users.id, sql.placeholder("id")),
          with: { posts: { columns: { id: true }, limit: sql.placeholder("limit") } },
        })
        .prepare();
      assert.deepEqual(await query.get({ id: 1, limit: 1 }), { name: "Ada", posts: [{ id: 1 }] });
      assert.deepEqual(await query.get({ id: 3, limit: 9 }), { name: "Eve", posts: [] });
    }),
  },
];
