// Prisma's adapter for D1, without the client: what it makes of values, types and texts of errors.

import assert from "node:assert/strict";

import { PrismaD1 } from "@prisma/adapter-d1";
import { ColumnTypeEnum } from "@prisma/driver-adapter-utils";

// A script is run line by line.
const SCHEMA = [
  "CREATE TABLE parent (id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b))",
  "CREATE TABLE child (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, " +
    "n INTEGER CHECK (n > 0), parent INTEGER REFERENCES parent (id))",
].join("\n");

const connected = (work) => async ({ DB }) => {
  const factory = new PrismaD1(DB);
  const adapter = await factory.connect();
  await adapter.executeScript(SCHEMA);
  try {
    await work(adapter, factory);
  } finally {
    await adapter.dispose();
  }
};

const query = (sql, ...args) => ({
  sql,
  args: args.map((arg) => arg?.value ?? arg),
  argTypes: args.map((arg) => ({ scalarType: arg?.type ?? "string", arity: "scalar" })),
});
const typed = (type, value) => ({ type, value });

/** Cases of one statement that fails, and what the adapter tells of it. */
const failures = {
  "a unique column": {
    sql: "INSERT INTO child (name) VALUES ('taken')",
    cause: {
      originalMessage: "D1_ERROR: UNIQUE constraint failed: child.name: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_UNIQUE)",
      kind: "UniqueConstraintViolation",
      constraint: { fields: ["name"] },
      table: "child",
    },
  },
  "a unique pair of columns": {
    sql: "INSERT INTO parent (a, b) VALUES ('x', 'y')",
    cause: {
      originalMessage: "D1_ERROR: UNIQUE constraint failed: parent.a, parent.b: " +
        "SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
      kind: "UniqueConstraintViolation",
      constraint: { fields: ["a", "b"] },
      table: "parent",
    },
  },
  "a primary key": {
    sql: "INSERT INTO parent (id) VALUES (1)",
    cause: {
      originalMessage: "D1_ERROR: UNIQUE constraint failed: parent.id: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
      kind: "UniqueConstraintViolation",
      constraint: { fields: ["id"] },
      table: "parent",
    },
  },
  "NOT NULL": {
    sql: "INSERT INTO child (name) VALUES (NULL)",
    cause: {
      originalMessage: "D1_ERROR: NOT NULL constraint failed: child.name: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_NOTNULL)",
      kind: "NullConstraintViolation",
      constraint: { fields: ["name"] },
    },
  },
  "a foreign key": {
    sql: "INSERT INTO child (name, parent) VALUES ('orphan', 99)",
    cause: {
      originalMessage: "D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
      kind: "ForeignKeyConstraintViolation",
      constraint: { foreignKey: {} },
    },
  },
  "CHECK": {
    sql: "INSERT INTO child (name, n) VALUES ('small', 0)",
    cause: {
      originalMessage: "D1_ERROR: CHECK constraint failed: n > 0: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_CHECK)",
      kind: "ForeignKeyConstraintViolation",
      constraint: { foreignKey: {} },
    },
  },
  "an unknown table": {
    sql: "SELECT * FROM nope",
    cause: {
      originalMessage: "D1_ERROR: no such table: nope: SQLITE_ERROR",
      kind: "TableDoesNotExist",
      table: "nope",
    },
  },
  "an unknown column": {
    sql: "SELECT nope FROM parent",
    cause: {
      originalMessage: "D1_ERROR: no such column: nope at offset 7: SQLITE_ERROR",
      kind: "ColumnNotFound",
      column: "nope at offset 7",
    },
  },
  "an unknown column of an insert": {
    sql: "INSERT INTO parent (nope) VALUES (1)",
    cause: {
      originalMessage: "D1_ERROR: table parent has no column named nope: SQLITE_ERROR",
      kind: "ColumnNotFound",
      column: "nope: SQLITE_ERROR",
    },
  },
  "a syntax error": {
    sql: "SELEC 1",
    cause: {
      originalMessage: 'D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR',
      kind: "sqlite",
      extendedCode: 1,
      message: 'D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR',
    },
  },
};

const errorCases = Object.entries(failures).map(([what, { sql, cause }]) => ({
  name: `the error of ${what}`,
  run: connected(async (adapter) => {
    await adapter.executeRaw(query("INSERT INTO parent VALUES (1, 'x', 'y')"));
    await adapter.executeRaw(query("INSERT INTO child (name) VALUES ('taken')"));
    for (const method of ["queryRaw", "executeRaw"]) {
      await assert.rejects(adapter[method](query(sql)), (error) => {
        assert.equal(error.name, "DriverAdapterError");
        assert.deepEqual(error.cause, cause);
        return true;
      });
    }
  }),
}));

const { UnknownNumber, Text, Bytes, DateTime, Int32 } = ColumnTypeEnum;

export const prismaAdapterCases = [
  {
    name: "what it says of itself",
    run: connected(async (adapter, factory) => {
      assert.deepEqual([factory.provider, adapter.provider], ["sqlite", "sqlite"]);
      const { maxBindValues, supportsRelationJoins } = adapter.getConnectionInfo();
      assert.deepEqual([maxBindValues, supportsRelationJoins], [98, false]);
    }),
  },
  {
    name: "rows, and the types it infers from them",
    run: connected(async (adapter) => {
      const result = await adapter.queryRaw(query(
        "SELECT 1 AS i, 1.5 AS r, 'text' AS t, x'00ff' AS b, NULL AS n, " +
          "'2026-01-02T03:04:05.678+00:00' AS d, '2026-01-02 03:04:05' AS s, 7 AS i",
      ));
      assert.deepEqual(result, {
        columnNames: ["i", "r", "t", "b", "n", "d", "s", "i"],
        columnTypes: [
          UnknownNumber, UnknownNumber, Text, Bytes, Int32, DateTime, DateTime, UnknownNumber,
        ],
        rows: [[
          1, 1.5, "text", [0, 255], null, "2026-01-02T03:04:05.678+00:00",
          "2026-01-02 03:04:05", 7,
        ]],
      });
    }),
  },
  {
    name: "no rows: no columns either",
    run: connected(async (adapter) => {
      const none = { columnNames: [], columnTypes: [], rows: [] };
      assert.deepEqual(await adapter.queryRaw(query("SELECT id FROM parent")), none);
      const insert = query("INSERT INTO parent VALUES (5, '', '')");
      assert.deepEqual(await adapter.queryRaw(insert), none);
    }),
  },
  {
    name: "arguments of each type",
    run: connected(async (adapter) => {
      const { rows } = await adapter.queryRaw(query(
        "SELECT ?, ?, ?, ?, ?, ?, hex(?), typeof(?), ?",
        typed("int", "42"),
        typed("bigint", "9007199254740991"),
        typed("float", "1.25"),
        typed("boolean", true),
        typed("datetime", "2026-01-02T03:04:05.678Z"),
        null,
        typed("bytes", Buffer.from([1, 254]).toString("base64")),
        typed("bytes", "AA=="),
        typed("decimal", "0.5"),
      ));
      assert.deepEqual(rows, [[
        42, 9007199254740991, 1.25, 1, "2026-01-02T03:04:05.678+00:00", null, "01FE", "blob", 0.5,
      ]]);
    }),
  },
  {
    name: "executeRaw tells how many rows it changed",
    run: connected(async (adapter) => {
      const insert = query("INSERT INTO parent (a) VALUES (?), (?)", "one", "two");
      assert.equal(await adapter.executeRaw(insert), 2);
      assert.equal(await adapter.executeRaw(query("UPDATE parent SET b = ?", "b")), 2);
      assert.equal(await adapter.executeRaw(query("DELETE FROM parent WHERE a = ?", "one")), 1);
      assert.equal(await adapter.executeRaw(query("DELETE FROM parent WHERE a = ?", "one")), 0);
    }),
  },
  {
    name: "insert with returning through queryRaw",
    run: connected(async (adapter) => {
      const { columnNames, rows } = await adapter.queryRaw(
        query("INSERT INTO parent (a) VALUES (?) RETURNING id AS id, a AS a", "x"),
      );
      assert.deepEqual([columnNames, rows], [["id", "a"], [[1, "x"]]]);
    }),
  },
  {
    name: "scripts, and their errors",
    run: connected(async (adapter) => {
      await adapter.executeScript("INSERT INTO parent (a) VALUES ('1'); DELETE FROM parent");
      await assert.rejects(
        adapter.executeScript("INSERT INTO parent (a) VALUES ('2')\nINSERT INTO nope VALUES (1)"),
        ({ name, cause }) => name === "DriverAdapterError" && /no such table: nope/.test(
          cause.originalMessage,
        ),
      );
      const { rows } = await adapter.queryRaw(query("SELECT count(*) FROM parent"));
      assert.deepEqual(rows, [[0]]);
    }),
  },
  {
    name: "a transaction, which it only pretends over D1",
    run: connected(async (adapter) => {
      const transaction = await adapter.startTransaction();
      assert.equal(transaction.options.usePhantomQuery, true);
      await transaction.executeRaw(query("INSERT INTO parent (a) VALUES ('kept')"));
      await transaction.rollback();
      const { rows } = await adapter.queryRaw(query("SELECT a FROM parent"));
      assert.deepEqual(rows, [["kept"]]);
      await (await adapter.startTransaction("SERIALIZABLE")).commit();
      await assert.rejects(adapter.startTransaction("READ COMMITTED"), ({ cause }) =>
        cause.kind === "InvalidIsolationLevel");
    }),
  },
  ...errorCases,
];
