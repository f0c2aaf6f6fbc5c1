// kysely's schema builder, its introspection and its migrator with migrations in code.

import assert from "node:assert/strict";

import { Kysely, sql } from "kysely";
import { D1Dialect } from "kysely-d1";
import { Migrator } from "kysely/migration";

const open = (work) => ({ DB }) => work(new Kysely({ dialect: new D1Dialect({ database: DB }) }));

const MIGRATIONS = {
  "1_notes": {
    up: (db) =>
      db.schema.createTable("notes")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("text", "text", (column) => column.notNull().defaultTo("none"))
        .execute(),
    down: (db) => db.schema.dropTable("notes").execute(),
  },
  "2_at": {
    up: (db) => db.schema.alterTable("notes").addColumn("at", "integer").execute(),
    down: (db) => db.schema.alterTable("notes").dropColumn("at").execute(),
  },
};

const migrator = (db, migrations = MIGRATIONS) =>
  new Migrator({ db, provider: { getMigrations: async () => migrations } });

const outcome = ({ error, results }) => {
  if (error) throw error;
  return results.map(({ migrationName, direction, status }) =>
    `${direction} ${migrationName} ${status}`);
};

const columns = async (db, table) => {
  const tables = await db.introspection.getTables();
  return tables.find(({ name }) => name === table)?.columns.map(({ name }) => name);
};

export const kyselySchemaCases = [
  {
    name: "introspection tells tables, views and their columns",
    run: open(async (db) => {
      await sql`CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, "two words" TEXT NOT NULL
        DEFAULT 'x', real REAL)`.execute(db);
      await sql`CREATE TABLE a (k TEXT PRIMARY KEY) WITHOUT ROWID`.execute(db);
      await sql`CREATE VIEW v AS SELECT id, real FROM b`.execute(db);
      const tables = (await db.introspection.getTables()).filter(({ name }) => !/^_cf/.test(name));
      assert.deepEqual(tables.map(({ name, isView }) => [name, isView]), [
        ["a", false], ["b", false], ["v", true],
      ]);
      const column = (name, dataType, more) => ({
        name, dataType, isNullable: true, isAutoIncrementing: false, hasDefaultValue: false,
        comment: undefined, ...more,
      });
      assert.deepEqual(tables[1].columns, [
        column("id", "INTEGER", { isAutoIncrementing: true }),
        column("two words", "TEXT", { isNullable: false, hasDefaultValue: true }),
        column("real", "REAL"),
      ]);
      assert.deepEqual(tables[2].columns, [column("id", "INTEGER"), column("real", "REAL")]);
    }),
  },
  {
    name: "the schema builder: tables, indexes, views, and their end",
    run: open(async (db) => {
      await db.schema.createTable("t").ifNotExists()
        .addColumn("a", "integer").addColumn("b", "varchar(20)", (it) => it.defaultTo("b"))
        .addColumn("c", "integer", (it) => it.generatedAlwaysAs(sql`a * 2`).stored())
        .addCheckConstraint("positive", sql`a > 0`)
        .addUniqueConstraint("both", ["a", "b"])
        .execute();
      await db.schema.createIndex("t_a").on("t").columns(["a", "b desc"]).where("a", ">", 5)
        .execute();
      await db.schema.createView("big").as(db.selectFrom("t").selectAll().where("a", ">", 5))
        .execute();
      await db.insertInto("t").values([{ a: 1 }, { a: 7 }]).execute();
      assert.deepEqual(await db.selectFrom("big").selectAll().execute(), [{ a: 7, b: "b", c: 14 }]);
      await assert.rejects(db.insertInto("t").values({ a: -1 }).execute(), {
        message: "D1_ERROR: CHECK constraint failed: positive: SQLITE_CONSTRAINT " +
          "(extended: SQLITE_CONSTRAINT_CHECK)",
      });
      await db.schema.dropView("big").execute();
      await db.schema.dropIndex("t_a").execute();
      await db.schema.alterTable("t").renameTo("u").execute();
      await db.schema.alterTable("u").renameColumn("b", "d").execute();
      assert.deepEqual(await columns(db, "u"), ["a", "d"]);
      await db.schema.dropTable("u").execute();
      assert.equal(await columns(db, "u"), undefined);
    }),
  },
  {
    name: "the migrator runs what is missing, and only that",
    run: open(async (db) => {
      const first = { "1_notes": MIGRATIONS["1_notes"] };
      assert.deepEqual(outcome(await migrator(db, first).migrateToLatest()), [
        "Up 1_notes Success",
      ]);
      await db.insertInto("notes").values({ id: 1 }).execute();
      assert.deepEqual(outcome(await migrator(db).migrateToLatest()), ["Up 2_at Success"]);
      assert.deepEqual(outcome(await migrator(db).migrateToLatest()), []);
      assert.deepEqual(await db.selectFrom("notes").selectAll().execute(), [
        { id: 1, text: "none", at: null },
      ]);
      const known = await migrator(db).getMigrations();
      assert.deepEqual(known.map(({ executedAt }) => executedAt instanceof Date), [true, true]);
    }),
  },
  {
    name: "the migrator goes back",
    run: open(async (db) => {
      await migrator(db).migrateToLatest();
      assert.deepEqual(outcome(await migrator(db).migrateDown()), ["Down 2_at Success"]);
      assert.deepEqual(await columns(db, "notes"), ["id", "text"]);
      assert.deepEqual(outcome(await migrator(db).migrateDown()), ["Down 1_notes Success"]);
      assert.equal(await columns(db, "notes"), undefined);
    }),
  },
  {
    name: "a migration that fails is told, and is not noted",
    run: open(async (db) => {
      const broken = { ...MIGRATIONS, "2_at": { up: (inner) => sql`SELEC 1`.execute(inner) } };
      const { error, results } = await migrator(db, broken).migrateToLatest();
      assert.equal(error.message, 'D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR');
      assert.deepEqual(results.map(({ status }) => status), ["Success", "Error"]);
      assert.deepEqual(outcome(await migrator(db).migrateToLatest()), ["Up 2_at Success"]);
    }),
  },
];
