// Transactions that last too long, as SETTINGS in table.mjs has it: 500 ms while others wait, and 1,500 ms
// of silence.

import assert from "node:assert/strict";

import { all, coded, fresh, insert, pause } from "./table.mjs";

export const timeCases = [
  {
    name: "it may last while nobody waits",
    async run({ DB }) {
      await DB.transaction(async (tx) => {
        for (let n = 1; n <= 4; n++) await insert(tx, n).run().then(() => pause(400));
      });
      assert.deepEqual(await all(DB), [1, 2, 3, 4]);
    },
  },
  {
    name: "if others wait it is rolled back, and run again",
    async run({ DB, open }) {
      let runs = 0;
      let write;
      await DB.transaction(async (tx) => {
        runs += 1;
        await insert(tx, 10 + runs).run();
        if (runs > 1) return;
        write = insert(open(), 1).run();
        await pause(900);
        await insert(tx, 20).run();
      });
      await write;
      assert.equal(runs, 2);
      assert.deepEqual(await fresh(open), [1, 12]);
    },
  },
  {
    name: "also where only its commit notices",
    async run({ DB, open }) {
      let runs = 0;
      await DB.transaction(async (tx) => {
        runs += 1;
        await insert(tx, 10 + runs).run();
        if (runs === 1) await insert(open(), 1).run();
      });
      assert.equal(runs, 2);
      assert.deepEqual(await fresh(open), [1, 12]);
    },
  },
  {
    name: "no more often than it may",
    async run({ DB, open }) {
      for (const retries of [0, 2]) {
        let runs = 0;
        const work = async (tx) => {
          runs += 1;
          await insert(tx, 1).run();
          // It waits for this transaction, until that is rolled back.
          await open().prepare("DELETE FROM t").run();
        };
        await assert.rejects(DB.transaction(work, { retries }), coded("TRANSACTION_ENDED"));
        assert.equal(runs, retries + 1);
      }
      assert.deepEqual(await fresh(open), []);
    },
  },
  {
    name: "silence ends it",
    async run({ DB, open }) {
      for (const mode of ["write", "read"]) {
        const work = async (tx) => {
          await all(tx);
          await pause(2_500);
          await all(tx);
        };
        const silent = DB.transaction(work, { mode, retries: 0 });
        await assert.rejects(silent, coded("TRANSACTION_ENDED"));
      }
      await insert(DB, 1).run();
      assert.deepEqual(await fresh(open), [1]);
    },
  },
];
