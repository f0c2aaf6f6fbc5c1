// kysely's builder over kysely-d1: rows, and the counts and keys that it takes from `meta`.

import assert from "node:assert/strict";

import { Kysely, sql } from "kysely";
import { D1Dialect } from "kysely-d1";
import { jsonArrayFrom, jsonObjectFrom } from "kysely/helpers/sqlite";

const withTables = (work) => async ({ DB }) => {
  const db = new Kysely({ dialect: new D1Dialect({ database: DB }) });
  await db.schema.createTable("person")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("age", "integer")
    .execute();
  await db.schema.createTable("pet")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("owner", "integer", (column) =>
      column.notNull().references("person.id").onDelete("cascade"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("photo", "blob")
    .execute();
  await work(db, DB);
};

const people = async (db) => {
  await db.insertInto("person").values([{ name: "Ada", age: 36 }, { name: "Bob", age: 40 }])
    .execute();
  await db.insertInto("pet").values([
    { id: 1, owner: 1, name: "Rex" }, { id: 2, owner: 1, name: "Tom" },
  ]).execute();
};

export const kyselyCases = [
  {
    name: "over a transaction of the database",
    except: { d1: "D1 has no transactions of several requests" },
    run: withTables(async (db, DB) => {
      const over = (database) => new Kysely({ dialect: new D1Dialect({ database }) });
      const work = async (tx) => {
        await people(over(tx));
        throw new Error("taken back");
      };
      await assert.rejects(DB.transaction(work), /taken back/);
      await DB.transaction((tx) => over(tx).insertInto("person").values({ name: "C" }).execute());
      assert.deepEqual(await db.selectFrom("person").select("name").execute(), [{ name: "C" }]);
    }),
  },
  {
    name: "insert: the new key, and how many rows",
    run: withTables(async (db) => {
      const values = [{ name: "Ada", age: 36 }, { name: "Bob", age: null }];
      const [result] = await db.insertInto("person").values(values).execute();
      assert.equal(result.insertId, 2n);
      assert.equal(result.numInsertedOrUpdatedRows, 2n);
      const one = await db.insertInto("person").values({ name: "C" }).executeTakeFirstOrThrow();
      assert.deepEqual([one.insertId, one.numInsertedOrUpdatedRows], [3n, 1n]);
    }),
  },
  {
    name: "insert returning, and on conflict",
    run: withTables(async (db) => {
      const ada = { name: "Ada", age: 36 };
      const insert = () => db.insertInto("person").values(ada);
      assert.deepEqual(await insert().returningAll().executeTakeFirst(), { id: 1, ...ada });
      const ignored = await insert().onConflict((on) => on.column("name").doNothing())
        .executeTakeFirst();
      assert.equal(ignored.numInsertedOrUpdatedRows ?? 0n, 0n);
      const changed = await insert()
        .onConflict((on) => on.column("name").doUpdateSet({
          age: (eb) => eb("person.age", "+", eb.ref("excluded.age")),
        }))
        .returning(["id", "age as years"])
        .execute();
      assert.deepEqual(changed, [{ id: 1, years: 72 }]);
    }),
  },
  {
    name: "update and delete: how many rows",
    run: withTables(async (db) => {
      await people(db);
      const updated = await db.updateTable("person")
        .set((eb) => ({ age: eb("age", "+", 1) })).where("age", ">", 0).executeTakeFirst();
      assert.equal(updated.numUpdatedRows, 2n);
      const rows = await db.updateTable("person").set({ age: null }).where("name", "=", "Bob")
        .returning(["name", "age"]).execute();
      assert.deepEqual(rows, [{ name: "Bob", age: null }]);
      const none = await db.deleteFrom("person").where("id", "=", 99).executeTakeFirst();
      assert.equal(none.numDeletedRows, 0n);
      const gone = await db.deleteFrom("person").where("id", "=", 2).executeTakeFirst();
      assert.equal(gone.numDeletedRows, 1n);
    }),
  },
  {
    name: "a delete that cascades: its rows, and how many it counts",
    run: withTables(async (db) => {
      await people(db);
      const gone = await db.deleteFrom("person").where("id", "=", 1).executeTakeFirst();
      // D1 counts what foreign keys took along.
      assert.equal(gone.numDeletedRows, 3n);
      const { n } = await db.selectFrom("pet").select((eb) => eb.fn.countAll().as("n"))
        .executeTakeFirst();
      assert.equal(n, 0);
    }),
  },
  {
    name: "select, where, order and limit",
    run: withTables(async (db) => {
      await people(db);
      const rows = await db.selectFrom("person").selectAll()
        .where((eb) => eb.or([eb("name", "in", ["Ada", "Eve"]), eb("age", "is", null)]))
        .orderBy("id", "desc").limit(5).offset(0).execute();
      assert.deepEqual(rows, [{ id: 1, name: "Ada", age: 36 }]);
      const none = db.selectFrom("person").selectAll().where("id", "=", 99);
      assert.equal(await none.executeTakeFirst(), undefined);
      await assert.rejects(none.executeTakeFirstOrThrow(), /no result/);
    }),
  },
  {
    name: "joins, groups and common table expressions",
    run: withTables(async (db) => {
      await people(db);
      const rows = await db.selectFrom("person").leftJoin("pet", "pet.owner", "person.id")
        .select((eb) => ["person.name as owner", eb.fn.count("pet.id").as("pets")])
        .groupBy("person.id").orderBy("person.id").execute();
      assert.deepEqual(rows, [{ owner: "Ada", pets: 2 }, { owner: "Bob", pets: 0 }]);
      const old = await db
        .with("old", (qb) => qb.selectFrom("person").selectAll().where("age", ">=", 40))
        .selectFrom("old").select("name").execute();
      assert.deepEqual(old, [{ name: "Bob" }]);
      const pair = await db.selectFrom("pet").innerJoin("person", "person.id", "pet.owner")
        .select(["pet.name as pet", "person.name as person"]).where("pet.id", "=", 2).execute();
      assert.deepEqual(pair, [{ pet: "Tom", person: "Ada" }]);
    }),
  },
  {
    name: "nested rows as JSON",
    run: withTables(async (db) => {
      await people(db);
      const row = await db.selectFrom("person").where("person.id", "=", 1)
        .select((eb) => [
          "name",
          jsonArrayFrom(
            eb.selectFrom("pet").select(["id", "name"]).whereRef("owner", "=", "person.id")
              .orderBy("id"),
          ).as("pets"),
          jsonObjectFrom(eb.selectFrom("pet").select("name").where("id", "=", 2)).as("second"),
        ])
        .executeTakeFirst();
      assert.equal(row.name, "Ada");
      assert.deepEqual(JSON.parse(row.pets), [{ id: 1, name: "Rex" }, { id: 2, name: "Tom" }]);
      assert.deepEqual(JSON.parse(row.second), { name: "Tom" });
    }),
  },
  {
    name: "blobs and statements as text",
    run: withTables(async (db) => {
      await people(db);
      const photo = new Uint8Array([0, 128, 255]);
      await db.updateTable("pet").set({ photo }).where("id", "=", 1).execute();
      const row = await db.selectFrom("pet").select("photo").where("photo", "=", photo)
        .executeTakeFirst();
      assert.deepEqual(row, { photo: [0, 128, 255] });
      const { rows, numAffectedRows } = await sql`SELECT ${"a"} AS a, ${null} AS b`.execute(db);
      assert.deepEqual(rows, [{ a: "a", b: null }]);
      assert.equal(numAffectedRows, undefined);
    }),
  },
  {
    name: "compiled queries in the database's own batch",
    run: withTables(async (db, DB) => {
      await people(db);
      const queries = [
        db.insertInto("person").values({ name: "Eve", age: 1 }),
        db.updateTable("pet").set({ owner: 3 }).where("name", "=", "Rex"),
        db.selectFrom("pet").select(["name", "owner"]).orderBy("id"),
      ].map((query) => query.compile());
      const [, , { results }] = await DB.batch(
        queries.map(({ sql, parameters }) => DB.prepare(sql).bind(...parameters)),
      );
      assert.deepEqual(results, [{ name: "Rex", owner: 3 }, { name: "Tom", owner: 1 }]);
    }),
  },
  {
    name: "errors, and transactions, which the dialect refuses",
    run: withTables(async (db) => {
      await people(db);
      await assert.rejects(db.insertInto("person").values({ name: "Ada" }).execute(), {
        message: "D1_ERROR: UNIQUE constraint failed: person.name: SQLITE_CONSTRAINT " +
          "(extended: SQLITE_CONSTRAINT_UNIQUE)",
      });
      await assert.rejects(db.selectFrom("nope").selectAll().execute(), {
        message: "D1_ERROR: no such table: nope: SQLITE_ERROR",
      });
      await assert.rejects(
        db.transaction().execute((trx) => trx.deleteFrom("pet").execute()),
        { message: "Transactions are not supported yet." },
      );
      const { n } = await db.selectFrom("pet").select((eb) => eb.fn.countAll().as("n"))
        .executeTakeFirst();
      assert.equal(n, 2);
    }),
  },
];
