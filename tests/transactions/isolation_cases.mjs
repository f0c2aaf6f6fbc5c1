// What transactions see of each other, and who waits for whom.

import assert from "node:assert/strict";

import { all, coded, fresh, insert, pause, signal } from "./table.mjs";

export const isolationCases = [
  {
    name: "others read the last commit meanwhile, at once",
    async run({ DB, open }) {
      await insert(DB, 1).run();
      const handles = [open(), open({ max_staleness_ms: 0 }), open().withSession("first-primary")];
      await DB.transaction(async (tx) => {
        await insert(tx, 2).run();
        assert.deepEqual(await all(tx), [1, 2]);
        const begun = Date.now();
        for (const handle of handles) assert.deepEqual(await all(handle), [1]);
        assert.ok(Date.now() - begun < 400, "a read has waited");
      });
      for (const handle of handles.slice(1)) assert.deepEqual(await all(handle), [1, 2]);
    },
  },
  {
    name: "what one has read is what it changes",
    async run({ DB, open }) {
      await insert(DB, 0).run();
      const add = (handle) =>
        handle.transaction(async (tx) => {
          const { n } = await tx.prepare("SELECT n FROM t").first();
          await pause(20);
          await tx.prepare("UPDATE t SET n = ?").bind(n + 1).run();
          return n;
        });
      const seen = await Promise.all(Array.from({ length: 8 }, () => add(open())));
      assert.deepEqual(seen.sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.deepEqual(await all(DB), [8]);
    },
  },
  {
    name: "a plain write waits for its turn",
    async run({ DB, open }) {
      const order = [];
      const begun = signal();
      const transaction = DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        begun.give();
        await pause(200);
        order.push("transaction");
      });
      await begun.given;
      const other = open();
      const writes = [
        insert(other, 2).run(),
        other.batch([insert(other, 3), insert(other, 4)]),
        other.exec("INSERT INTO t VALUES (5, NULL)"),
      ];
      const done = Promise.all(writes).then(() => order.push("writes"));
      await Promise.all([transaction, done]);
      assert.deepEqual(order, ["transaction", "writes"]);
      assert.deepEqual(await fresh(open), [1, 2, 3, 4, 5]);
    },
  },
  {
    name: "whoever would wait for too long is told, and nothing was done",
    async run({ open }) {
      // Each has the database for 400 ms, and the fourth would wait for 1,200.
      const slow = (n) =>
        open().transaction((tx) => insert(tx, n).run().then(() => pause(400)), { retries: 0 });
      const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(slow));
      const refused = outcomes.filter(({ status }) => status === "rejected");
      assert.ok(refused.length >= 1, "all had their turn");
      for (const { reason } of refused) coded("TRANSACTION_BUSY")(reason);
      assert.equal((await fresh(open)).length, 5 - refused.length);
    },
  },
  {
    name: "with retries they all have their turn",
    async run({ open }) {
      const slow = (n) => open().transaction((tx) => insert(tx, n).run().then(() => pause(300)));
      await Promise.all([1, 2, 3, 4, 5].map(slow));
      assert.deepEqual(await fresh(open), [1, 2, 3, 4, 5]);
    },
  },
  {
    name: "one that only reads stays where it began, and holds up nobody",
    async run({ DB, open }) {
      await insert(DB, 1).run();
      const other = open();
      const read = async (tx) => {
        assert.deepEqual(await all(tx), [1]);
        await insert(other, 2).run();
        await other.transaction((writing) => insert(writing, 3).run());
        assert.deepEqual(await all(tx), [1]);
        await assert.rejects(insert(tx, 9).run(), /transaction that only reads/);
        await tx.transaction((nested) => all(nested));
        const [{ results }] = await tx.batch([tx.prepare("SELECT count(*) AS c FROM t")]);
        return results[0].c;
      };
      assert.equal(await DB.transaction(read, { mode: "read" }), 1);
      assert.deepEqual(await all(DB), [1, 2, 3]);
    },
  },
  {
    name: "one that only reads begins while another one writes",
    async run({ DB, open }) {
      await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        assert.deepEqual(await open().transaction(all, { mode: "read" }), []);
      });
      assert.deepEqual(await DB.transaction(all, { mode: "read" }), [1]);
    },
  },
  {
    name: "transfers among each other leave the sum, to whoever looks",
    async run({ DB, open }) {
      const count = 6;
      await DB.batch([
        DB.prepare("DROP TABLE IF EXISTS accounts"),
        DB.prepare("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)"),
        ...Array.from({ length: count }, (_, id) =>
          DB.prepare("INSERT INTO accounts VALUES (?, 100)").bind(id)),
      ]);
      const pick = () => Math.floor(Math.random() * count);
      const set = (handle, id, balance) =>
        handle.prepare("UPDATE accounts SET balance = ? WHERE id = ?").bind(balance, id);
      const look = (handle, id) =>
        handle.prepare("SELECT balance FROM accounts WHERE id = ?").bind(id).first("balance");
      const sum = (handle) => handle.prepare("SELECT sum(balance) AS s FROM accounts").first("s");
      let committed = 0;

      const transfer = async (i) => {
        const [from, to] = [pick(), pick()];
        const work = async (tx) => {
          const [left, there] = [await look(tx, from), await look(tx, to)];
          await set(tx, from, left - 10).run();
          if (i % 4 === 1) throw new Error("taken back");
          if (from !== to) await tx.batch([set(tx, to, there + 10)]);
          else await set(tx, from, left).run();
          assert.equal(await sum(tx), 600);
        };
        await open().transaction(work).then(() => (committed += 1), (error) => {
          if (error.message !== "taken back") throw error;
        });
      };
      const inOne = async () => {
        const handle = open();
        const move = handle.prepare("UPDATE accounts SET balance = balance + ? WHERE id = ?");
        await handle.batch([move.bind(-1, pick()), move.bind(1, pick())]);
      };
      const looks = async (i) => {
        const handle = open(i % 2 ? { max_staleness_ms: 0 } : {});
        assert.equal(await sum(handle), 600);
        const both = async (tx) => {
          const first = await Promise.all([0, 1, 2].map((id) => look(tx, id)));
          await pause(5);
          assert.deepEqual(await Promise.all([0, 1, 2].map((id) => look(tx, id))), first);
          assert.equal(await sum(tx), 600);
        };
        await handle.transaction(both, { mode: "read" });
      };
      await Promise.all(
        Array.from({ length: 8 }, async (_, client) => {
          for (let i = 0; i < 6; i++) await [transfer, transfer, inOne, looks][client % 4](i);
        }),
      );
      assert.ok(committed > 10, `${committed} committed`);
      assert.equal(await sum(open({ max_staleness_ms: 0 })), 600);
    },
  },
];
