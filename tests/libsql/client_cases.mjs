// What programs do with @libsql/client, whichever way it speaks: values, batches, transactions, errors.

import assert from "node:assert/strict";

const TABLE = "CREATE TABLE t (a INTEGER PRIMARY KEY, b)";

const insert = (a, b = "x") => ({ sql: "INSERT INTO t VALUES (?, ?)", args: [a, b] });

const all = async (client) =>
  (await client.execute("SELECT a FROM t ORDER BY a")).rows.map(({ a }) => Number(a));

const code = (expected, message) => (error) => {
  assert.equal(error.code, expected, `${error}`);
  if (message) assert.match(error.message, message);
  return true;
};

/** The `run` of a case whose database has a table. */
const withTable = (work) => async (open) => {
  const client = open();
  await client.execute(TABLE);
  await work(client, open);
};

export const clientCases = [
  {
    name: "values of every kind",
    async run(open) {
      const client = open();
      const sent = [
        null, 0, -1, 1.5, 1e300, "", "it's \"é😀\" \n\t\0 漢字", new Uint8Array([0, 1, 255]),
        new Uint8Array(0), true, false, new Date(1_700_000_000_123),
      ];
      const { rows: [row], columns } = await client.execute({
        sql: `SELECT ${sent.map((_, i) => `? AS c${i}`).join()}`, args: sent,
      });
      assert.deepEqual(columns, sent.map((_, i) => `c${i}`));
      const got = sent.map((_, i) => row[i] instanceof ArrayBuffer ? new Uint8Array(row[i]) : row[i]);
      assert.deepEqual(got, [...sent.slice(0, 9), 1, 0, 1_700_000_000_123]);
      assert.equal(row.c6, sent[6]);
      const kinds = await client.execute({ sql: "SELECT typeof(?), typeof(?), typeof(?), typeof(?)",
        args: [1, 1n, true, new Uint8Array(1)] });
      // A number of JavaScript is a float, whatever it holds.
      assert.deepEqual(Array.from(kinds.rows[0]), ["real", "integer", "integer", "blob"]);
    },
  },
  {
    name: "integers to 2^63, in each mode",
    async run(open) {
      const edges = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n];
      const query = { sql: "SELECT ?, ?, ?, ?", args: edges };
      const read = async (intMode) => Array.from((await open({ intMode }).execute(query)).rows[0]);
      assert.deepEqual(await read("bigint"), edges);
      assert.deepEqual(await read("string"), edges.map(String));
      await assert.rejects(read("number"), RangeError);
      await assert.rejects(open().execute({ sql: "SELECT ?", args: [2n ** 63n] }), RangeError);
      const [largest] = (await open().execute("SELECT 9007199254740991")).rows;
      assert.equal(largest[0], Number.MAX_SAFE_INTEGER);
    },
  },
  {
    name: "arguments by place and by name",
    async run(open) {
      const client = open();
      const read = async (sql, args) => Array.from((await client.execute({ sql, args })).rows[0]);
      assert.deepEqual(await read("SELECT ?, ?", ["a", "b"]), ["a", "b"]);
      assert.deepEqual(await read("SELECT ?2, ?1", ["a", "b"]), ["b", "a"]);
      assert.deepEqual(await read("SELECT :a, @b, $c", { a: "1", b: "2", c: "3" }), ["1", "2", "3"]);
      assert.deepEqual(await read("SELECT :a, :a", { ":a": "1" }), ["1", "1"]);
      await assert.rejects(client.execute({ sql: "SELECT ?, ?", args: ["a"] }), code("ARGS_INVALID"));
      await assert.rejects(client.execute({ sql: "SELECT :a", args: { b: 1 } }), code("ARGS_INVALID"));
    },
  },
  {
    name: "what a statement answers",
    run: withTable(async (client) => {
      const inserted = await client.execute(insert(7));
      assert.deepEqual([inserted.rowsAffected, inserted.lastInsertRowid], [1, 7n]);
      const many = await client.execute("INSERT INTO t (b) VALUES ('y'), ('z') RETURNING a, b AS c");
      assert.deepEqual([many.columns, many.columnTypes], [["a", "c"], ["INTEGER", ""]]);
      assert.deepEqual(many.rows.map((row) => ({ ...row })), [{ a: 8, c: "y" }, { a: 9, c: "z" }]);
      assert.equal(many.lastInsertRowid, 9n);
      const updated = await client.execute("UPDATE t SET b = 1");
      assert.deepEqual([updated.rowsAffected, updated.lastInsertRowid], [3, undefined]);
      assert.equal((await client.execute("DELETE FROM t WHERE a = 99")).rowsAffected, 0);
      assert.equal((await client.execute("SELECT * FROM t")).rowsAffected, 0);
      const none = await client.execute("SELECT a FROM t WHERE 0");
      assert.deepEqual([none.rows.length, none.columns], [0, ["a"]]);
    }),
  },
  {
    name: "a batch is whole, or nothing",
    run: withTable(async (client) => {
      const [first, , read] = await client.batch([insert(1), insert(2), "SELECT count(*) AS n FROM t"], "write");
      assert.deepEqual([first.rowsAffected, read.rows[0].n], [1, 2]);
      for (const mode of ["write", "deferred", undefined]) {
        await assert.rejects(client.batch([insert(3), insert(1), insert(4)], mode), (error) => {
          assert.equal(error.name, "LibsqlBatchError");
          assert.deepEqual([error.statementIndex, error.code], [1, "SQLITE_CONSTRAINT"]);
          assert.match(error.message, /UNIQUE constraint failed: t\.a/);
          return true;
        });
        assert.deepEqual(await all(client), [1, 2]);
      }
      await assert.rejects(client.batch(["SELECT 1", insert(5)], "read"), code("SQLITE_READONLY"));
      const [one] = await client.batch([["SELECT :x AS x", { x: "by name" }]], "read");
      assert.equal(one.rows[0].x, "by name");
      assert.deepEqual(await client.batch([], "write"), []);
    }),
  },
  {
    name: "a transaction commits, rolls back, and closes",
    run: withTable(async (client) => {
      const committed = await client.transaction("write");
      assert.equal((await committed.execute(insert(1))).lastInsertRowid, 1n);
      await committed.batch([insert(2), insert(3)]);
      await committed.executeMultiple("INSERT INTO t VALUES (4, 'x'); INSERT INTO t VALUES (5, 'x');");
      assert.deepEqual(await all(committed), [1, 2, 3, 4, 5]);
      assert.deepEqual(await all(client), [], "others do not see it");
      await committed.commit();
      assert.equal(committed.closed, true);
      await assert.rejects(committed.execute("SELECT 1"), code("TRANSACTION_CLOSED"));
      assert.deepEqual(await all(client), [1, 2, 3, 4, 5]);

      const rolledBack = await client.transaction("write");
      await rolledBack.execute("DELETE FROM t");
      await rolledBack.rollback();
      const closed = await client.transaction("write");
      await closed.execute("DELETE FROM t");
      closed.close();
      // It waits for its turn, which comes at once.
      await client.execute(insert(6));
      assert.deepEqual(await all(client), [1, 2, 3, 4, 5, 6]);
    }),
  },
  {
    name: "an error does not end a transaction, OR ROLLBACK does",
    run: withTable(async (client) => {
      const transaction = await client.transaction("write");
      await transaction.execute(insert(1));
      await assert.rejects(transaction.execute(insert(1)), code("SQLITE_CONSTRAINT"));
      await assert.rejects(transaction.execute("SELEC"), code("SQL_PARSE_ERROR"));
      await transaction.execute(insert(2));
      await transaction.commit();
      assert.deepEqual(await all(client), [1, 2]);
      const ended = await client.transaction("write");
      await ended.execute(insert(3));
      await assert.rejects(ended.execute("INSERT OR ROLLBACK INTO t VALUES (1, 'x')"), code("SQLITE_CONSTRAINT"));
      await assert.rejects(ended.commit(), /no transaction is active/);
      assert.deepEqual(await all(client), [1, 2]);
    }),
  },
  {
    name: "transactions that read",
    run: withTable(async (client) => {
      await client.execute(insert(1));
      const reader = await client.transaction("read");
      assert.deepEqual(await all(reader), [1]);
      await client.execute(insert(2));
      assert.deepEqual(await all(reader), [1], "it stays where it has begun to read");
      await assert.rejects(reader.execute(insert(3)), code("SQLITE_READONLY"));
      reader.close();
      const deferred = await client.transaction("deferred");
      assert.deepEqual(await all(deferred), [1, 2]);
      await deferred.execute(insert(3));
      await deferred.commit();
      assert.deepEqual(await all(client), [1, 2, 3]);
    }),
  },
  {
    name: "many statements in one text, up to the first that fails",
    run: withTable(async (client) => {
      await client.executeMultiple(`
        -- a comment; of two parts
        INSERT INTO t VALUES (1, ';'); INSERT INTO t VALUES (2, 'two');
        CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET b = 'g' WHERE a = new.a; SELECT 1; END;
        INSERT INTO t VALUES (3, 'x')`);
      assert.deepEqual(await all(client), [1, 2, 3]);
      await assert.rejects(
        client.executeMultiple("INSERT INTO t VALUES (4, ''); INSERT INTO nope VALUES (1); DELETE FROM t"),
        /no such table: nope/,
      );
      assert.deepEqual(await all(client), [1, 2, 3, 4]);
      await assert.rejects(
        client.executeMultiple("BEGIN; DELETE FROM t; SELECT nope; COMMIT"), /no such column: nope/,
      );
      assert.deepEqual(await all(client), [1, 2, 3, 4]);
    }),
  },
  {
    name: "a migration rebuilds a table that others refer to",
    async run(open) {
      const client = open();
      await client.batch([
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)",
        "INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)",
      ], "write");
      await client.migrate([
        "CREATE TABLE p2 (id INTEGER PRIMARY KEY, more)", "INSERT INTO p2 SELECT id, 'm' FROM p",
        "DROP TABLE p", "ALTER TABLE p2 RENAME TO p",
      ]);
      assert.deepEqual(Array.from((await client.execute("SELECT count(*) FROM c")).rows[0]), [1]);
      await assert.rejects(client.execute("INSERT INTO c VALUES (9)"), code("SQLITE_CONSTRAINT", /FOREIGN KEY/));
    },
  },
  {
    name: "errors have codes and say what is wrong",
    run: withTable(async (client) => {
      await client.execute(insert(1));
      await client.execute("CREATE TABLE m (a NOT NULL, b CHECK (b > 0))");
      for (const [sql, expected, message] of [
        ["INSERT INTO t VALUES (1, 'x')", "SQLITE_CONSTRAINT", /UNIQUE constraint failed: t\.a/],
        ["INSERT INTO m VALUES (NULL, 1)", "SQLITE_CONSTRAINT", /NOT NULL constraint failed: m\.a/],
        ["INSERT INTO m VALUES (1, 0)", "SQLITE_CONSTRAINT", /CHECK constraint failed/],
        ["SELEC 1", "SQL_PARSE_ERROR", /near "SELEC": syntax error/],
        ["SELECT nope FROM t", "SQL_INPUT_ERROR", /no such column: nope/],
        ["SELECT * FROM nope", "SQLITE_ERROR", /no such table: nope/],
        ["", "SQL_NO_STATEMENT", /any statement/],
        ["SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS", /more than one statement/],
        ["INSERT INTO t VALUES ('text', 1)", "SQLITE_MISMATCH", /datatype mismatch/],
      ]) {
        await assert.rejects(client.execute(sql), (error) => {
          assert.equal(error.name, "LibsqlError");
          return code(expected, message)(error);
        });
      }
    }),
  },
  {
    name: "20 transactions at once lose nothing",
    run: withTable(async (client) => {
      await client.execute(insert(1, 0));
      await Promise.all(Array.from({ length: 20 }, async () => {
        const transaction = await client.transaction("write");
        const { rows: [{ b }] } = await transaction.execute("SELECT b FROM t WHERE a = 1");
        await transaction.execute({ sql: "UPDATE t SET b = ? WHERE a = 1", args: [BigInt(b) + 1n] });
        await transaction.commit();
      }));
      assert.equal(Number((await client.execute("SELECT b FROM t")).rows[0].b), 20);
    }),
  },
  {
    name: "readers go on while a transaction is open, and see the last commit",
    run: withTable(async (client, open) => {
      await client.execute(insert(1));
      const writer = await client.transaction("write");
      await writer.execute(insert(2));
      const reads = await Promise.all(Array.from({ length: 20 }, () => all(open())));
      assert.deepEqual(reads, Array(20).fill([1]));
      await writer.commit();
      const after = await Promise.all(Array.from({ length: 20 }, () => all(open())));
      assert.deepEqual(after, Array(20).fill([1, 2]));
    }),
  },
  {
    name: "a thousand rows, and a large one",
    run: withTable(async (client) => {
      const rows = Array.from({ length: 1_000 }, (_, i) => insert(i + 1, `row ${i}`));
      await client.batch(rows, "write");
      const { rows: read } = await client.execute("SELECT b FROM t ORDER BY a");
      assert.deepEqual(read.map(({ b }) => b), rows.map(({ args }) => args[1]));
      const large = new Uint8Array(1_500_000).map((_, i) => i % 251);
      await client.execute(insert(2_000, large));
      const { rows: [{ b }] } = await client.execute("SELECT b FROM t WHERE a = 2000");
      assert.deepEqual(Buffer.from(b), Buffer.from(large));
    }),
  },
];
