// What programs do with @libsql/client and a replica in a file: reads there, writes at the server.

import assert from "node:assert/strict";

const insert = (a) => ({ sql: "INSERT INTO t VALUES (?)", args: [BigInt(a)] });
const all = async (client) => (await client.execute("SELECT a FROM t ORDER BY a")).rows.map(({ a }) => a);

/** The `run` of a case; `replica` opens one with a file, `remote` is the server without one. */
const withTable = (work) => async ({ replica, remote }) => {
  await remote.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)");
  const client = replica();
  await client.sync();
  try {
    await work(client, remote, replica);
  } finally {
    client.close();
  }
};

export const replicaCases = [
  {
    name: "writes go to the server and are read back",
    run: withTable(async (client, remote) => {
      const { rowsAffected, lastInsertRowid } = await client.execute(insert(1));
      assert.deepEqual([rowsAffected, lastInsertRowid], [1, 1n]);
      assert.deepEqual(await all(remote), [1]);
      await client.sync();
      assert.deepEqual(await all(client), [1]);
    }),
  },
  {
    name: "reads are of the file until the next sync",
    run: withTable(async (client, remote) => {
      await remote.execute(insert(1));
      assert.deepEqual(await all(client), []);
      await client.sync();
      assert.deepEqual(await all(client), [1]);
    }),
  },
  {
    name: "a batch is whole, or nothing",
    run: withTable(async (client, remote) => {
      await client.batch([insert(1), insert(2)], "write");
      assert.deepEqual(await all(remote), [1, 2]);
      await assert.rejects(client.batch([insert(3), insert(1)], "write"), /UNIQUE constraint failed: t\.a/);
      assert.deepEqual(await all(remote), [1, 2]);
      await client.sync();
      assert.deepEqual(await all(client), [1, 2]);
    }),
  },
  {
    name: "a transaction commits and rolls back",
    run: withTable(async (client, remote) => {
      const committed = await client.transaction("write");
      await committed.execute(insert(1));
      assert.deepEqual(await all(committed), [1]);
      assert.deepEqual(await all(remote), []);
      await committed.commit();
      const rolledBack = await client.transaction("write");
      await rolledBack.execute(insert(2));
      await rolledBack.rollback();
      assert.deepEqual(await all(remote), [1]);
      await client.sync();
      assert.deepEqual(await all(client), [1]);
    }),
  },
  {
    name: "two replicas see each other's writes",
    run: withTable(async (client, remote, replica) => {
      const other = replica();
      await client.execute(insert(1));
      await other.sync();
      await other.execute(insert(2));
      await client.sync();
      await other.sync();
      assert.deepEqual([await all(client), await all(other)], [[1, 2], [1, 2]]);
      other.close();
    }),
  },
];
