// What the clients of libSQL have below them: @libsql/hrana-client, with streams, batches and cursors.

import assert from "node:assert/strict";

import { BatchCond } from "@libsql/hrana-client";

const TABLE = "CREATE TABLE t (a INTEGER PRIMARY KEY, b)";

/** The `run` of a case with a stream whose database has a table. */
const withStream = (work) => async (open) => {
  const client = open();
  // Before that it does not know what it may ask for.
  await client.getVersion();
  const stream = client.openStream();
  await stream.run(TABLE);
  await work(stream, client);
  stream.close();
  client.close();
};

const all = async (stream) => (await stream.query("SELECT a FROM t ORDER BY a")).rows.map((row) => row.a);

export const hranaCases = [
  {
    name: "query, queryRow, queryValue and run",
    run: withStream(async (stream) => {
      const { affectedRowCount, lastInsertRowid } = await stream.run(["INSERT INTO t VALUES (?, ?)", [1, "x"]]);
      assert.deepEqual([affectedRowCount, lastInsertRowid], [1, 1n]);
      const { rows, columnNames, columnDecltypes } = await stream.query("SELECT a, b FROM t");
      assert.deepEqual([rows[0].b, columnNames], ["x", ["a", "b"]]);
      assert.equal(columnDecltypes[0], "INTEGER");
      assert.equal((await stream.queryRow("SELECT a FROM t")).row[0], 1);
      assert.equal((await stream.queryValue(["SELECT b FROM t WHERE a = :a", { a: 1 }])).value, "x");
      assert.equal((await stream.queryRow("SELECT a FROM t WHERE 0")).row, undefined);
    }),
  },
  {
    name: "values of every kind",
    run: withStream(async (stream, client) => {
      const bytes = new Uint8Array([0, 127, 128, 255]).buffer;
      const sent = [null, 1.5, 2n ** 63n - 1n, -(2n ** 63n), "é😀\0", bytes, new ArrayBuffer(0), ""];
      client.intMode = "bigint";
      const other = client.openStream();
      const { row } = await other.queryRow([`SELECT ${sent.map(() => "?").join()}`, sent]);
      assert.deepEqual(Array.from(row), sent);
      other.close();
    }),
  },
  {
    name: "describe, sequence and autocommit",
    since: 3,
    run: withStream(async (stream) => {
      const described = await stream.describe("SELECT a, :x FROM t WHERE b = ?");
      assert.deepEqual(described.paramNames, [":x", undefined]);
      assert.deepEqual(described.columns.map(({ name }) => name), ["a", ":x"]);
      assert.deepEqual([described.isExplain, described.isReadonly], [false, true]);
      await stream.sequence("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b;c')");
      assert.deepEqual(await all(stream), [1, 2]);
      assert.equal(await stream.getAutocommit(), true);
      await stream.run("BEGIN");
      assert.equal(await stream.getAutocommit(), false);
      await stream.run("ROLLBACK");
    }),
  },
  {
    name: "stored texts",
    run: withStream(async (stream, client) => {
      const owner = client.storeSql ? client : stream;
      const sql = owner.storeSql("INSERT INTO t (b) VALUES (?)");
      for (const b of ["x", "y"]) await stream.run([sql, [b]]);
      sql.close();
      assert.deepEqual(await all(stream), [1, 2]);
    }),
  },
  ...[false, true].map((useCursor) => ({
    name: `batches with conditions${useCursor ? ", as a cursor" : ""}`,
    since: useCursor ? 3 : 2,
    run: withStream(async (stream) => {
      const batch = stream.batch(useCursor);
      const good = batch.step();
      const inserted = good.run("INSERT INTO t VALUES (1, 'x')");
      const bad = batch.step().condition(BatchCond.ok(good));
      const failed = bad.run("INSERT INTO t VALUES (1, 'x')").catch((error) => error);
      const skipped = batch.step().condition(BatchCond.ok(bad)).query("SELECT 1");
      const after = batch.step().condition(BatchCond.error(bad)).query("SELECT a FROM t");
      await batch.execute();
      assert.equal((await inserted).affectedRowCount, 1);
      assert.equal((await failed).code, "SQLITE_CONSTRAINT");
      assert.equal(await skipped, undefined);
      assert.deepEqual((await after).rows.map((row) => row.a), [1]);
    }),
  })),
  {
    name: "interactive transactions on streams at the same time",
    run: withStream(async (stream, client) => {
      await stream.run("INSERT INTO t VALUES (1, 0)");
      await Promise.all(Array.from({ length: 20 }, async () => {
        const own = client.openStream();
        await own.run("BEGIN IMMEDIATE");
        const { value } = await own.queryValue("SELECT b FROM t");
        await own.run(["UPDATE t SET b = ?", [BigInt(value) + 1n]]);
        await own.run("COMMIT");
        own.close();
      }));
      assert.equal((await stream.queryValue("SELECT b FROM t")).value, 20);
    }),
  },
  {
    name: "a stream that is closed rolls back",
    run: withStream(async (stream, client) => {
      const own = client.openStream();
      await own.run("BEGIN IMMEDIATE");
      await own.run("INSERT INTO t VALUES (1, 'x')");
      own.closeGracefully();
      await stream.run("INSERT INTO t VALUES (2, 'x')");
      assert.deepEqual(await all(stream), [2]);
    }),
  },
  {
    name: "errors have codes, and the stream goes on",
    run: withStream(async (stream) => {
      const code = (expected) => (error) => {
        assert.deepEqual([error.name, error.code], ["ResponseError", expected]);
        return true;
      };
      await assert.rejects(stream.run("SELEC"), code("SQL_PARSE_ERROR"));
      await assert.rejects(stream.run(["SELECT ?", []]), code("ARGS_INVALID"));
      await assert.rejects(stream.describe("SELECT 1; SELECT 2"), code("SQL_MANY_STATEMENTS"));
      await assert.rejects(stream.sequence("SELECT 1; SELEC"), code("SQL_PARSE_ERROR"));
      assert.deepEqual(await all(stream), []);
    }),
  },
];
