// What programs do with @tursodatabase/serverless, as its README has it, and with its layer for programs
// written for @libsql/client.

import assert from "node:assert/strict";

import { connect } from "@tursodatabase/serverless";
import { createClient } from "@tursodatabase/serverless/compat";

const rejects = (promise, expected, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, expected, `${error}`);
    assert.match(error.message, message);
    return true;
  });

/** The `run` of a case with a connection whose database has a table. */
const withTable = (work) => async ({ url, authToken }) => {
  const open = () => connect({ url, authToken });
  const connection = open();
  await connection.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)");
  await work(connection, open);
  await connection.close();
};

const ids = async (connection) => (await connection.all("SELECT id FROM users ORDER BY id")).map(({ id }) => id);

const add = "INSERT INTO users (email) VALUES (?)";

export const serverlessCases = [
  {
    name: "run, get, all and iterate",
    run: withTable(async (connection) => {
      assert.deepEqual(await connection.run(add, "a"), { changes: 1, lastInsertRowid: 1 });
      assert.deepEqual(await connection.run(add, ["b"]), { changes: 1, lastInsertRowid: 2 });
      const { id, email } = await connection.get("SELECT * FROM users WHERE id = ?", 2);
      assert.deepEqual([id, email], [2, "b"]);
      assert.equal(await connection.get("SELECT * FROM users WHERE id = ?", 9), undefined);
      const by = await connection.all("SELECT email FROM users WHERE email = :email", { email: "a" });
      assert.deepEqual(by.map(({ email }) => email), ["a"]);
      const iterated = [];
      for await (const row of connection.iterate("SELECT id FROM users ORDER BY id")) iterated.push(row.id);
      assert.deepEqual(iterated, [1, 2]);
    }),
  },
  {
    name: "prepared statements",
    run: withTable(async (connection) => {
      const insert = await connection.prepare(add);
      assert.equal(insert.reader, false);
      for (const email of ["a", "b", "c"]) await insert.run([email]);
      const select = await connection.prepare("SELECT id, email FROM users WHERE id > ? ORDER BY id");
      assert.equal(select.reader, true);
      assert.deepEqual(select.columns().map(({ name, type }) => [name, type]), [["id", "INTEGER"], ["email", "TEXT"]]);
      assert.deepEqual((await select.all([1])).map(({ email }) => email), ["b", "c"]);
      assert.equal((await select.get([2])).email, "c");
      assert.deepEqual(await select.raw().get([0]), [1, "a"]);
      const pluck = (await connection.prepare("SELECT email FROM users ORDER BY id")).pluck();
      assert.deepEqual(await pluck.all(), ["a", "b", "c"]);
      const iterated = [];
      for await (const row of (await connection.prepare("SELECT id FROM users")).iterate()) iterated.push(row.id);
      assert.deepEqual(iterated, [1, 2, 3]);
      await assert.rejects(connection.prepare("SELEC"), /syntax error/);
    }),
  },
  {
    name: "values of every kind",
    run: withTable(async (connection) => {
      const sent = [null, 1, -5, 1.5, "it's é😀 \0", Buffer.from([0, 255]), 2n ** 53n];
      const row = await connection.get("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g", sent);
      assert.deepEqual([row.a, row.b, row.c, row.d, row.e, row.f, row.g], [...sent.slice(0, 6), 2 ** 53]);
      const largest = (await connection.prepare("SELECT 9223372036854775807 AS n")).safeIntegers();
      assert.equal((await largest.get()).n, 2n ** 63n - 1n);
    }),
  },
  {
    name: "batches",
    run: withTable(async (connection) => {
      const results = await connection.batch([
        "INSERT INTO users (email) VALUES ('a')",
        { sql: add, args: ["b"] },
        { sql: "SELECT email FROM users WHERE email = :it", args: { it: "b" } },
      ]);
      assert.deepEqual(results.map(({ rowsAffected }) => rowsAffected), [1, 1, 0]);
      assert.equal(results[2].rows[0].email, "b");
      // Without a mode each statement is by itself; with one they are one.
      await assert.rejects(connection.batch([{ sql: add, args: ["c"] }, { sql: add, args: ["a"] }]), /UNIQUE/);
      assert.deepEqual(await ids(connection), [1, 2, 3]);
      for (const mode of ["immediate", "deferred", "write", "concurrent"]) {
        await assert.rejects(connection.batch([{ sql: add, args: ["d"] }, { sql: add, args: ["a"] }], mode), /UNIQUE/);
        assert.deepEqual(await ids(connection), [1, 2, 3], mode);
        assert.equal(connection.inTransaction, false);
      }
      await connection.batch([{ sql: add, args: ["d"] }, { sql: add, args: ["e"] }], "immediate");
      assert.deepEqual(await ids(connection), [1, 2, 3, 4, 5]);
    }),
  },
  {
    name: "transactions",
    run: withTable(async (connection, open) => {
      const insertMany = connection.transaction(async (emails) => {
        assert.equal(connection.inTransaction, true);
        for (const email of emails) await connection.run(add, email);
        return emails.length;
      });
      assert.equal(await insertMany(["a", "b"]), 2);
      assert.equal(connection.inTransaction, false);
      await assert.rejects(insertMany(["c", "a"]), /UNIQUE/);
      assert.deepEqual(await ids(connection), [1, 2]);
      for (const mode of ["deferred", "immediate", "exclusive", "concurrent"]) {
        await insertMany[mode]([mode]);
      }
      await connection.transaction(async () => {
        await connection.batch([{ sql: add, args: ["x"] }, { sql: add, args: ["y"] }]);
      }).concurrent();
      const other = open();
      assert.equal((await ids(other)).length, 8);
      await other.close();
    }),
  },
  {
    name: "transactions on streams of their own, at the same time",
    run: withTable(async (connection) => {
      await connection.run(add, "0");
      const increment = connection.transactionAsync(async (transaction) => {
        const { email } = await transaction.get("SELECT email FROM users");
        await transaction.run("UPDATE users SET email = ?", `${Number(email) + 1}`);
      });
      await Promise.all(Array.from({ length: 20 }, () => increment.immediate()));
      assert.equal((await connection.get("SELECT email FROM users")).email, "20");
    }),
  },
  {
    name: "a transaction of plain statements",
    run: withTable(async (connection) => {
      await connection.exec("BEGIN");
      assert.equal(connection.inTransaction, true);
      await connection.run(add, "a");
      await rejects(connection.run(add, "a"), "SQLITE_CONSTRAINT", /UNIQUE/);
      assert.equal(connection.inTransaction, true);
      await connection.exec("ROLLBACK");
      assert.equal(connection.inTransaction, false);
      assert.deepEqual(await ids(connection), []);
      await connection.exec("INSERT INTO users VALUES (1, 'a;b'); INSERT INTO users VALUES (2, 'c')");
      assert.deepEqual(await ids(connection), [1, 2]);
    }),
  },
  {
    name: "errors have codes, and the connection goes on",
    run: withTable(async (connection) => {
      await rejects(connection.run("SELEC"), "SQL_PARSE_ERROR", /syntax error/);
      await rejects(connection.run("SELECT nope"), "SQL_INPUT_ERROR", /no such column: nope/);
      await rejects(connection.run("SELECT ?"), "ARGS_INVALID", /value for parameter/);
      assert.deepEqual(await ids(connection), []);
    }),
  },
  {
    name: "the layer for @libsql/client",
    async run({ url, authToken }) {
      const client = createClient({ url, authToken });
      await client.batch(["CREATE TABLE t (a INTEGER PRIMARY KEY, b)", "INSERT INTO t VALUES (1, 'x')"]);
      const { rows, columns } = await client.execute({ sql: "SELECT * FROM t WHERE a = ?", args: [1] });
      assert.deepEqual([columns, rows[0].b], [["a", "b"], "x"]);
      const { rowsAffected, lastInsertRowid } = await client.execute("INSERT INTO t VALUES (7, 'y')");
      assert.deepEqual([rowsAffected, lastInsertRowid], [1, 7n]);
      const twice = ["INSERT INTO t VALUES (8, 'z')", "INSERT INTO t VALUES (1, 'z')"];
      await assert.rejects(client.batch(twice, "write"), /UNIQUE/);
      assert.equal((await client.execute("SELECT count(*) AS n FROM t")).rows[0].n, 2);
      client.close();
    },
  },
];
