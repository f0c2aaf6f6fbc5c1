// Prisma's client, made of prisma/schema.prisma, with its query compiler in WebAssembly.

import assert from "node:assert/strict";

import { PrismaD1 } from "@prisma/adapter-d1";

import { getPrismaClientClass } from "./prisma/class.ts";

// What `prisma migrate diff --from-empty` writes for the models.
const SCHEMA = [
  `CREATE TABLE "User" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" TEXT NOT NULL,
    "name" TEXT
  )`,
  `CREATE TABLE "Post" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "title" TEXT NOT NULL,
    "published" BOOLEAN NOT NULL DEFAULT false,
    "score" REAL,
    "views" BIGINT NOT NULL DEFAULT 0,
    "body" BLOB,
    "data" JSONB,
    "at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "authorId" INTEGER NOT NULL,
    CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId")
      REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
  )`,
  'CREATE TABLE "Tag" ("name" TEXT NOT NULL PRIMARY KEY)',
  `CREATE TABLE "_PostToTag" (
    "A" INTEGER NOT NULL,
    "B" TEXT NOT NULL,
    CONSTRAINT "_PostToTag_A_fkey" FOREIGN KEY ("A")
      REFERENCES "Post" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "_PostToTag_B_fkey" FOREIGN KEY ("B")
      REFERENCES "Tag" ("name") ON DELETE CASCADE ON UPDATE CASCADE
  )`,
  'CREATE UNIQUE INDEX "User_email_key" ON "User"("email")',
  'CREATE UNIQUE INDEX "_PostToTag_AB_unique" ON "_PostToTag"("A", "B")',
  'CREATE INDEX "_PostToTag_B_index" ON "_PostToTag"("B")',
];

const connected = (work) => async ({ DB }) => {
  const PrismaClient = getPrismaClientClass();
  await DB.batch(SCHEMA.map((sql) => DB.prepare(sql)));
  const prisma = new PrismaClient({ adapter: new PrismaD1(DB) });
  try {
    await work(prisma);
  } finally {
    await prisma.$disconnect();
  }
};

const ADA = { email: "ada@x.test", name: "Ada" };

export const prismaClientCases = [
  {
    name: "create, find, update, delete",
    run: connected(async ({ user }) => {
      assert.deepEqual(await user.create({ data: ADA }), { id: 1, ...ADA });
      assert.deepEqual(await user.findUnique({ where: { email: ADA.email } }), { id: 1, ...ADA });
      const changed = await user.update({ where: { id: 1 }, data: { name: null } });
      assert.equal(changed.name, null);
      assert.deepEqual(await user.delete({ where: { id: 1 } }), { id: 1, ...ADA, name: null });
      assert.equal(await user.findUnique({ where: { id: 1 } }), null);
    }),
  },
  {
    name: "a value of each type comes back as it was",
    run: connected(async ({ user, post }) => {
      await user.create({ data: ADA });
      const data = {
        title: "漢字 😀 'x'",
        published: true,
        score: 0.1,
        views: 9007199254740991n,
        body: new Uint8Array([0, 127, 128, 255]),
        data: { a: [1, null, "ü"] },
        at: new Date("2026-01-02T03:04:05.678Z"),
        authorId: 1,
      };
      const created = await post.create({ data });
      assert.deepEqual({ ...created, body: [...created.body] }, {
        id: 1, ...data, body: [...data.body],
      });
      const found = await post.findFirst({ where: { at: { gte: data.at }, published: true } });
      assert.equal(found.id, 1);
    }),
  },
  {
    name: "defaults of the database and of the client",
    run: connected(async ({ user, post }) => {
      await user.create({ data: ADA });
      const row = await post.create({ data: { title: "t", authorId: 1 } });
      assert.deepEqual(
        [row.published, row.score, row.views, row.body, row.data],
        [false, null, 0n, null, null],
      );
      assert.ok(Math.abs(Date.now() - row.at) < 60_000);
    }),
  },
  {
    name: "nested writes and reads",
    run: connected(async ({ user, post }) => {
      const created = await user.create({
        data: { ...ADA, posts: { create: [{ title: "one", tags: { create: { name: "red" } } },
          { title: "two", score: 2 }] } },
        include: { posts: { select: { title: true, tags: true }, orderBy: { id: "asc" } } },
      });
      assert.deepEqual(created, { id: 1, ...ADA, posts: [
        { title: "one", tags: [{ name: "red" }] }, { title: "two", tags: [] },
      ] });
      const tagged = await post.findMany({
        where: { tags: { some: { name: "red" } } },
        select: { title: true, author: { select: { name: true } } },
      });
      assert.deepEqual(tagged, [{ title: "one", author: { name: "Ada" } }]);
      await post.update({ where: { id: 2 }, data: { tags: { connect: { name: "red" } } } });
      assert.equal(await post.count({ where: { tags: { some: {} } } }), 2);
    }),
  },
  {
    name: "many at once: counts, and rows",
    run: connected(async ({ user }) => {
      const data = Array.from({ length: 120 }, (_, i) => ({ email: `${i}@x.test`, name: `n${i}` }));
      assert.deepEqual(await user.createMany({ data }), { count: 120 });
      const where = { id: { in: Array.from({ length: 120 }, (_, i) => i + 1) } };
      assert.equal((await user.findMany({ where })).length, 120);
      assert.deepEqual(await user.updateMany({ where: { id: { gt: 100 } }, data: { name: "x" } }), {
        count: 20,
      });
      const last = await user.findMany({ orderBy: { id: "desc" }, take: 2, skip: 1 });
      assert.deepEqual(last.map(({ id, name }) => [id, name]), [[119, "x"], [118, "x"]]);
      assert.deepEqual(await user.deleteMany({ where: { name: { startsWith: "n" } } }), {
        count: 100,
      });
    }),
  },
  {
    name: "upsert",
    run: connected(async ({ user }) => {
      const upsert = (name) =>
        user.upsert({ where: { email: ADA.email }, create: ADA, update: { name } });
      assert.equal((await upsert("one")).name, "Ada");
      assert.equal((await upsert("two")).name, "two");
      assert.equal(await user.count(), 1);
    }),
  },
  {
    name: "aggregates and groups",
    run: connected(async ({ user, post }) => {
      await user.create({ data: { ...ADA, posts: { create: [
        { title: "a", score: 1, views: 5n }, { title: "b", score: 2, views: 6n },
      ] } } });
      const { _sum, _avg, _count } = await post.aggregate({
        _sum: { views: true }, _avg: { score: true }, _count: true,
      });
      assert.deepEqual([_sum.views, _avg.score, _count], [11n, 1.5, 2]);
      const groups = await post.groupBy({ by: ["authorId"], _max: { score: true } });
      assert.deepEqual(groups, [{ authorId: 1, _max: { score: 2 } }]);
    }),
  },
  {
    name: "raw queries",
    run: connected(async (prisma) => {
      await prisma.user.create({ data: ADA });
      const rows = await prisma.$queryRaw`SELECT id, name FROM User WHERE email = ${ADA.email}`;
      assert.deepEqual(rows, [{ id: 1, name: "Ada" }]);
      assert.equal(await prisma.$executeRaw`UPDATE User SET name = ${"B"}`, 1);
    }),
  },
  {
    name: "a list of statements in $transaction, which are run one by one over D1",
    run: connected(async (prisma) => {
      const [created, count] = await prisma.$transaction([
        prisma.user.create({ data: ADA }), prisma.user.count(),
      ]);
      assert.deepEqual([created.id, count], [1, 1]);
    }),
  },
  {
    name: "a function in $transaction, which the client refuses over the adapter for D1",
    run: connected(async (prisma) => {
      await assert.rejects(
        async () => prisma.$transaction((tx) => tx.user.create({ data: ADA })),
        /Cloudflare D1 does not support interactive transactions/,
      );
      assert.equal(await prisma.user.count(), 0);
    }),
  },
  {
    name: "errors have Prisma's codes",
    run: connected(async ({ user, post }) => {
      await user.create({ data: ADA });
      const code = (expected) => (error) => {
        assert.equal(error.code, expected, error.message);
        return true;
      };
      await assert.rejects(user.create({ data: ADA }), code("P2002"));
      await assert.rejects(post.create({ data: { title: "t", authorId: 99 } }), code("P2003"));
      await assert.rejects(user.delete({ where: { id: 99 } }), code("P2025"));
    }),
  },
  {
    name: "the error of a table that is not there",
    async run({ DB }) {
      const prisma = new (getPrismaClientClass())({ adapter: new PrismaD1(DB) });
      await assert.rejects(prisma.user.findMany(), ({ code }) => code === "P2021");
    },
  },
];
