// drizzle's kinds of columns: what goes in comes out again, and as what it lies in the database.

import assert from "node:assert/strict";

import { eq, sql } from "drizzle-orm";

import { ADA, withTables } from "./drizzle_database.mjs";
import { files, users } from "./drizzle_schema.mjs";

const stored = (db, table, column) =>
  db.values(sql`SELECT ${sql.raw(column)}, typeof(${sql.raw(column)}) FROM ${table}`);

export const drizzleColumnCases = [
  {
    name: "JSON in a text column",
    run: withTables(async (db) => {
      const settings = { theme: 'dark "one"', sizes: [1, 2.5, null], nested: { 漢字: true } };
      const [row] = await db.insert(users).values({ ...ADA, settings }).returning();
      assert.deepEqual(row.settings, settings);
      assert.deepEqual(await stored(db, users, "settings"), [[JSON.stringify(settings), "text"]]);
      const inside = sql`${users.settings} ->> '$.nested.漢字'`;
      assert.deepEqual(await db.select({ inside }).from(users), [{ inside: 1 }]);
      await db.update(users).set({ settings: [] });
      assert.deepEqual((await db.select().from(users))[0].settings, []);
      await db.update(users).set({ settings: null });
      assert.equal((await db.select().from(users))[0].settings, null);
    }),
  },
  {
    name: "JSON in a blob column",
    run: withTables(async (db) => {
      const meta = { a: [1, "ü", { b: null }] };
      const [row] = await db.insert(files).values({ meta }).returning();
      assert.deepEqual(row.meta, meta);
      assert.equal((await stored(db, files, "meta"))[0][1], "blob");
    }),
  },
  {
    name: "booleans",
    run: withTables(async (db) => {
      await db.insert(users).values({ ...ADA, active: false });
      assert.deepEqual(await stored(db, users, "active"), [[0, "integer"]]);
      const idle = await db.select({ active: users.active }).from(users)
        .where(eq(users.active, false));
      assert.deepEqual(idle, [{ active: false }]);
    }),
  },
  {
    name: "timestamps in seconds and in milliseconds",
    run: withTables(async (db) => {
      const at = new Date("2026-02-28T12:34:56.789Z");
      const [row] = await db.insert(users).values({ ...ADA, joined: at, seen: at }).returning();
      assert.equal(row.joined.toISOString(), "2026-02-28T12:34:56.000Z");
      assert.equal(row.seen.toISOString(), "2026-02-28T12:34:56.789Z");
      assert.deepEqual(await stored(db, users, "joined"), [[1772282096, "integer"]]);
      assert.deepEqual(await stored(db, users, "seen"), [[1772282096789, "integer"]]);
      assert.equal(await db.$count(users, eq(users.seen, at)), 1);
    }),
  },
  {
    name: "a timestamp that the database fills in",
    run: withTables(async (db) => {
      const [{ joined, seen }] = await db.insert(users).values(ADA).returning();
      assert.ok(Math.abs(Date.now() - joined) < 60_000, `${joined}`);
      assert.equal(seen, null);
    }),
  },
  {
    name: "blobs as buffers",
    run: withTables(async (db) => {
      const bytes = Buffer.from([0, 1, 127, 128, 255]);
      const [row] = await db.insert(files).values({ bytes }).returning();
      assert.ok(Buffer.isBuffer(row.bytes));
      assert.deepEqual([...row.bytes], [...bytes]);
      assert.deepEqual(
        await db.values(sql`SELECT hex(bytes), typeof(bytes) FROM files`),
        [["00017F80FF", "blob"]],
      );
      assert.equal(await db.$count(files, eq(files.bytes, bytes)), 1);
      const [none] = await db.insert(files).values({ bytes: Buffer.alloc(0) }).returning();
      assert.equal(none.bytes.length, 0);
    }),
  },
  {
    name: "blobs as big integers keep every digit",
    run: withTables(async (db) => {
      for (const size of [0n, -1n, 9007199254740993n, 2n ** 200n]) {
        const [row] = await db.insert(files).values({ size }).returning();
        assert.equal(row.size, size);
      }
      assert.equal(await db.$count(files, eq(files.size, 9007199254740993n)), 1);
    }),
  },
  {
    name: "numbers at the edges of what they can hold",
    run: withTables(async (db) => {
      const [row] = await db.insert(files).values({ id: Number.MAX_SAFE_INTEGER }).returning();
      assert.equal(row.id, Number.MAX_SAFE_INTEGER);
      const [priced] = await db.insert(files).values({ id: 1, price: "12.50" }).returning();
      assert.equal(priced.price, "12.5");
      const values = [[1e300, -0.1, 2 ** 31]];
      assert.deepEqual(await db.values(sql`SELECT ${1e300}, ${-0.1}, ${2 ** 31}`), values);
    }),
  },
  {
    name: "text of any script, and quotes",
    run: withTables(async (db) => {
      const name = "O'Neil \"x\" `y` 漢字 😀 \n\t\\ \u0001";
      const [row] = await db.insert(users).values({ ...ADA, name }).returning();
      assert.equal(row.name, name);
      assert.equal(await db.$count(users, eq(users.name, name)), 1);
    }),
  },
];
