// The migration that ORMs write when a table must change in a way that ALTER TABLE cannot: a new
// table, the rows copied, the old table dropped, the new one renamed.
//
// Other tables refer to the old one with ON DELETE CASCADE, and dropping a table deletes its rows
// first. The migration switches foreign keys off against that, which SQLite ignores within a
// transaction, and a batch is one: so on D1 the rows that refer to the table are lost. Here none may
// be.

import assert from "node:assert/strict";

import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

const LOST = "on D1 the rows of the child are deleted by the cascade";

// As drizzle-kit writes them for a parent whose `name` becomes NOT NULL.
const TABLES = [
  "CREATE TABLE `child` (`id` integer PRIMARY KEY NOT NULL, `parent_id` integer NOT NULL, " +
    "FOREIGN KEY (`parent_id`) REFERENCES `parent`(`id`) ON UPDATE no action ON DELETE cascade)",
  "CREATE TABLE `parent` (`id` integer PRIMARY KEY NOT NULL, `name` text)",
];
const ROWS = [
  "INSERT INTO parent VALUES (1, 'one'), (2, 'two'), (3, 'three')",
  "INSERT INTO child VALUES (10, 1), (11, 1), (20, 2)",
];
const OFF = "PRAGMA foreign_keys=OFF;";
const ON = "PRAGMA foreign_keys=ON;";
const DEFER = "PRAGMA defer_foreign_keys=ON";
const REBUILD = [
  "CREATE TABLE `__new_parent` (`id` integer PRIMARY KEY NOT NULL, `name` text NOT NULL);",
  'INSERT INTO `__new_parent`("id", "name") SELECT "id", "name" FROM `parent`;',
  "DROP TABLE `parent`;",
  "ALTER TABLE `__new_parent` RENAME TO `parent`;",
];
// The same with one parent forgotten, to which rows of the child refer.
const DANGLING = REBUILD.map((sql) =>
  sql.startsWith("INSERT") ? sql.replace(";", " WHERE id <> 2;") : sql);

const batch = (DB, statements) => DB.batch(statements.map((sql) => DB.prepare(sql)));
const rows = async (DB, sql) => (await DB.prepare(sql).raw());

const withRows = (work) => async ({ DB }) => {
  await batch(DB, [...TABLES, ...ROWS]);
  await work(DB);
};

async function assertWhole(DB) {
  assert.deepEqual(await rows(DB, "SELECT * FROM child ORDER BY id"), [[10, 1], [11, 1], [20, 2]]);
  assert.deepEqual(await rows(DB, "SELECT * FROM parent ORDER BY id"), [
    [1, "one"], [2, "two"], [3, "three"],
  ]);
}

/** All rows are there, the parent has its new form, and foreign keys hold as they did. */
async function assertRebuilt(DB) {
  await assertWhole(DB);
  const [[form]] = await rows(DB, "SELECT sql FROM sqlite_schema WHERE name = 'parent'");
  assert.match(form, /`name` text NOT NULL/);
  const [[reference]] = await rows(DB, "SELECT sql FROM sqlite_schema WHERE name = 'child'");
  assert.match(reference, /REFERENCES [`"]parent[`"]/);
  await assertEnforced(DB);
}

async function assertEnforced(DB) {
  assert.deepEqual(await rows(DB, "PRAGMA foreign_key_check"), []);
  assert.deepEqual(await rows(DB, "PRAGMA foreign_keys"), [[1]]);
  await assert.rejects(DB.prepare("INSERT INTO child VALUES (99, 99)").run(), {
    message: "D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT " +
      "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
  });
  await DB.prepare("DELETE FROM parent WHERE id = 1").run();
  assert.deepEqual(await rows(DB, "SELECT id FROM child"), [[20]]);
}

/** Nothing has happened: the old parent, every row, and no table under way. */
async function assertUntouched(DB) {
  await assertWhole(DB);
  const tables = await rows(DB, "SELECT name FROM sqlite_schema WHERE type = 'table' " +
    "AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*' ORDER BY name");
  assert.deepEqual(tables, [["child"], ["parent"]]);
  const [[form]] = await rows(DB, "SELECT sql FROM sqlite_schema WHERE name = 'parent'");
  assert.doesNotMatch(form, /`name` text NOT NULL/);
  await assertEnforced(DB);
}

const refused = ({ message, cause }) =>
  /FOREIGN KEY constraint failed/.test(`${message} ${cause?.message}`);

export const rebuildCases = [
  {
    name: "by drizzle's migrator: every row of the child is there",
    except: { d1: LOST },
    async run({ DB }) {
      const db = drizzle(DB);
      const noted = "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('', ?)";
      const [{ when }] = (await journal()).entries;
      await batch(DB, [
        "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, " +
          "created_at numeric)",
        ...TABLES,
        ...ROWS,
      ]);
      await DB.prepare(noted).bind(when).run();
      await migrate(db, { migrationsFolder: "/bundle/rebuild" });
      const [[done]] = await rows(DB, "SELECT count(*) FROM __drizzle_migrations");
      assert.equal(done, 2);
      await assertRebuilt(DB);
    },
  },
  {
    name: "by a batch: every row of the child is there",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await batch(DB, [OFF, ...REBUILD, ON]);
      await assertRebuilt(DB);
    }),
  },
  {
    name: "by exec: every row of the child is there",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await DB.exec([OFF, ...REBUILD, ON].join("\n"));
      await assertRebuilt(DB);
    }),
  },
  {
    name: "by a batch that does not switch foreign keys on again: they hold afterwards",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await batch(DB, [OFF, ...REBUILD]);
      await assertRebuilt(DB);
    }),
  },
  {
    name: "by a batch with deferred foreign keys: every row of the child is there",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await batch(DB, [DEFER, ...REBUILD]);
      await assertRebuilt(DB);
    }),
  },
  {
    name: "by a batch as Prisma writes it: every row of the child is there",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await batch(DB, [`${DEFER};`, OFF, ...REBUILD, ON, "PRAGMA defer_foreign_keys=OFF;"]);
      await assertRebuilt(DB);
    }),
  },
  {
    name: "references that a delete would set to NULL keep their values",
    except: { d1: "on D1 they are set to NULL" },
    run: withRows(async (DB) => {
      await batch(DB, [
        "CREATE TABLE note (id INTEGER, parent INTEGER REFERENCES parent (id) ON DELETE SET NULL)",
        "INSERT INTO note VALUES (1, 1), (2, 3)",
      ]);
      await batch(DB, [OFF, ...REBUILD, ON]);
      assert.deepEqual(await rows(DB, "SELECT * FROM note ORDER BY id"), [[1, 1], [2, 3]]);
      await assertRebuilt(DB);
    }),
  },
  {
    name: "a rebuild that leaves references to nothing fails, and changes nothing",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await assert.rejects(batch(DB, [OFF, ...DANGLING, ON]), refused);
      await assertUntouched(DB);
    }),
  },
  {
    name: "the same with deferred foreign keys",
    except: { d1: LOST },
    run: withRows(async (DB) => {
      await assert.rejects(batch(DB, [DEFER, ...DANGLING]), refused);
      await assertUntouched(DB);
    }),
  },
  {
    name: "a rebuild that fails later leaves everything as it was",
    run: withRows(async (DB) => {
      await assert.rejects(batch(DB, [OFF, ...REBUILD, "SELECT * FROM nope", ON]), {
        message: "D1_ERROR: no such table: nope: SQLITE_ERROR",
      });
      await assertUntouched(DB);
    }),
  },
  {
    name: "the child itself is rebuilt: it refers to the parent as before",
    run: withRows(async (DB) => {
      await batch(DB, [
        OFF,
        TABLES[0].replace("`child`", "`__new_child`"),
        "INSERT INTO __new_child SELECT * FROM child",
        "DROP TABLE child",
        "ALTER TABLE __new_child RENAME TO child",
        ON,
      ]);
      await assertWhole(DB);
      await assertEnforced(DB);
    }),
  },
  {
    name: "switching foreign keys off in one call leaves them on in the next",
    run: withRows(async (DB) => {
      await DB.prepare("PRAGMA foreign_keys = OFF").run();
      await assertEnforced(DB);
    }),
  },
  {
    name: "without a rebuild, a drop deletes what refers to the table",
    run: withRows(async (DB) => {
      await batch(DB, ["DROP TABLE parent", TABLES[1]]);
      assert.deepEqual(await rows(DB, "SELECT * FROM child"), []);
    }),
  },
];

async function journal() {
  const { readFileSync } = await import("node:fs");
  return JSON.parse(readFileSync("/bundle/rebuild/meta/_journal.json", "utf8"));
}
