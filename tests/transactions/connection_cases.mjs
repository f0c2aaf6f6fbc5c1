// Handles with the option `transactions`, whose transactions SQL begins and ends.

import assert from "node:assert/strict";

import { all, coded, fresh, insert, pause } from "./table.mjs";

const TRANSACTIONS = { transactions: true };
const run = (handle, sql) => handle.prepare(sql).run();

export const connectionCases = [
  {
    name: "COMMIT commits, and ROLLBACK takes back",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      for (const [begin, end] of [
        ["BEGIN", "COMMIT"],
        ["begin immediate", "end;"],
        ["/* a */ BEGIN EXCLUSIVE TRANSACTION -- b", "COMMIT TRANSACTION ;"],
        ["-- a\nBEGIN DEFERRED", "Rollback Transaction"],
        ["BEGIN", "ROLLBACK"],
      ]) {
        const before = (await fresh(open)).length;
        const { meta, results, success } = await run(handle, begin);
        assert.deepEqual([meta.changes, results, success], [0, [], true]);
        await insert(handle, before + 1).run();
        await handle.batch([insert(handle, before + 100)]);
        assert.equal((await fresh(open)).length, before);
        assert.equal((await all(handle)).length, before + 2);
        await run(handle, end);
        const expected = /rollback/i.test(end) ? before : before + 2;
        assert.deepEqual([(await all(handle)).length, (await fresh(open)).length], [expected, expected]);
      }
    },
  },
  {
    name: "savepoints nest",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      await run(handle, "BEGIN");
      await insert(handle, 1).run();
      await run(handle, 'SAVEPOINT "a b"');
      await insert(handle, 2).run();
      await run(handle, 'ROLLBACK TO SAVEPOINT "a b"');
      await insert(handle, 3).run();
      await run(handle, 'RELEASE "a b"');
      await assert.rejects(run(handle, "RELEASE nope"), /no such savepoint: nope/);
      await run(handle, "COMMIT");
      assert.deepEqual(await fresh(open), [1, 3]);
    },
  },
  {
    name: "statements wait for its beginning and its end",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      await Promise.all([
        run(handle, "BEGIN"),
        insert(handle, 1).run(),
        handle.batch([insert(handle, 2)]),
        run(handle, "ROLLBACK"),
        insert(handle, 3).run(),
      ]);
      assert.deepEqual(await fresh(open), [3]);
    },
  },
  {
    name: "one handle has one transaction at a time",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      const within = /cannot start a transaction within a transaction/;
      const [, second] = await Promise.allSettled([run(handle, "BEGIN"), run(handle, "BEGIN")]);
      assert.match(second.reason.message, within);
      await assert.rejects(handle.transaction(() => {}), within);
      await insert(handle, 1).run();
      await run(handle, "COMMIT");
      await handle.transaction((tx) => insert(tx, 2).run());
      assert.deepEqual(await fresh(open), [1, 2]);
    },
  },
  {
    name: "what does not belong together is refused",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      for (const [sql, text] of [
        ["COMMIT", /cannot commit - no transaction is active/],
        ["ROLLBACK", /cannot rollback - no transaction is active/],
        ["SAVEPOINT a", /no transaction is active/],
        ["BEGIN; SELECT 1", /To execute a transaction, please use/],
        ["COMMIT x", /To execute a transaction, please use/],
      ]) {
        await assert.rejects(run(handle, sql), text, sql);
      }
      assert.deepEqual(await fresh(open), []);
    },
  },
  {
    name: "of one that was lost nothing is done, until it is ended",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      await run(handle, "BEGIN");
      await insert(handle, 1).run();
      await insert(open(), 2).run();
      await assert.rejects(insert(handle, 3).run(), coded("TRANSACTION_ENDED"));
      await assert.rejects(insert(handle, 4).run(), coded("TRANSACTION_ENDED"));
      await run(handle, "ROLLBACK");
      await insert(handle, 5).run();
      await run(handle, "BEGIN");
      await pause(2_500);
      await assert.rejects(run(handle, "COMMIT"), coded("TRANSACTION_ENDED"));
      // As drizzle does it behind a commit that has failed.
      await run(handle, "ROLLBACK");
      assert.deepEqual(await fresh(open), [2, 5]);
    },
  },
  {
    name: "a session's is its own",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      const session = handle.withSession("first-primary");
      await run(session, "BEGIN");
      await insert(session, 1).run();
      assert.deepEqual([await all(session), await all(handle)], [[1], []]);
      await run(session, "COMMIT");
      assert.deepEqual(await all(handle.withSession(session.getBookmark())), [1]);
    },
  },
  {
    name: "one that only reads",
    async run({ open }) {
      const handle = open(TRANSACTIONS);
      await run(handle, "BEGIN READONLY");
      assert.deepEqual(await all(handle), []);
      await insert(open(), 1).run();
      assert.deepEqual(await all(handle), []);
      await assert.rejects(insert(handle, 2).run(), /transaction that only reads/);
      await run(handle, "COMMIT");
      assert.deepEqual(await fresh(open), [1]);
    },
  },
  {
    name: "without the option they are refused, as by D1",
    async run({ DB }) {
      for (const sql of ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a"]) {
        await assert.rejects(run(DB, sql), /To execute a transaction, please use/, sql);
      }
    },
  },
];
