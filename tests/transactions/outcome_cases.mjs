// One transaction alone: what is committed, what is taken back, and what its statements may do.

import assert from "node:assert/strict";

import { all, coded, fresh, insert } from "./table.mjs";

export const outcomeCases = [
  {
    name: "what it returns is returned, and what it wrote is there",
    async run({ DB, open }) {
      const answer = await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        const [, { results }] = await tx.batch([insert(tx, 2), tx.prepare("SELECT count(*) AS c FROM t")]);
        assert.equal((await tx.exec("INSERT INTO t VALUES (3, NULL)\nSELECT 1")).count, 2);
        const { results: [{ data }] } = await tx.query({ queries: [{ sql: "SELECT max(n) FROM t" }] });
        assert.deepEqual(data.rows, [[3]]);
        return results[0].c;
      });
      assert.equal(answer, 2);
      assert.deepEqual(await all(DB), [1, 2, 3]);
      assert.deepEqual(await fresh(open), [1, 2, 3]);
    },
  },
  {
    name: "what it throws is thrown, and what it wrote is not there",
    async run({ DB, open }) {
      const thrown = new RangeError("not enough");
      let runs = 0;
      const work = async (tx) => {
        runs += 1;
        await insert(tx, 1).run();
        await tx.exec("CREATE TABLE u (a)");
        throw thrown;
      };
      await assert.rejects(DB.transaction(work), (error) => error === thrown);
      assert.equal(runs, 1);
      assert.deepEqual(await fresh(open), []);
      await assert.rejects(open({ max_staleness_ms: 0 }).prepare("SELECT * FROM u").all());
    },
  },
  {
    name: "a statement that fails leaves the others",
    async run({ DB }) {
      await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        await assert.rejects(insert(tx, 1).run(), /UNIQUE constraint failed: t\.n/);
        await insert(tx, 2).run();
      });
      assert.deepEqual(await all(DB), [1, 2]);
    },
  },
  {
    name: "a batch in it is all or nothing",
    async run({ DB }) {
      await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        await assert.rejects(tx.batch([insert(tx, 2), insert(tx, 1)]), /UNIQUE constraint failed/);
        assert.deepEqual(await all(tx), [1]);
      });
      assert.deepEqual(await all(DB), [1]);
    },
  },
  {
    name: "a batch takes statements that others have prepared",
    async run({ DB, open }) {
      const work = async (tx) => {
        await tx.batch([insert(DB, 1), insert(DB.withSession(), 2)]);
        assert.deepEqual([await all(tx), await fresh(open)], [[1, 2], []]);
        throw new Error("taken back");
      };
      await assert.rejects(DB.transaction(work), /taken back/);
      assert.deepEqual(await fresh(open), []);
    },
  },
  {
    name: "a statement that nobody awaits is part of it",
    async run({ DB }) {
      await DB.transaction((tx) => {
        for (const n of [1, 2, 3]) insert(tx, n).run();
      });
      assert.deepEqual(await all(DB), [1, 2, 3]);
    },
  },
  {
    name: "its statements fail once it is over",
    async run({ DB, open }) {
      let kept;
      await DB.transaction((tx) => (kept = tx));
      await assert.rejects(insert(kept, 1).run(), /D1_ERROR: The transaction has ended/);
      await assert.rejects(kept.batch([insert(kept, 1)]), /The transaction has ended/);
      await assert.rejects(kept.transaction(() => {}), /The transaction has ended/);
      assert.deepEqual(await fresh(open), []);
    },
  },
  {
    name: "what is nested is taken back by itself",
    async run({ DB }) {
      await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        const inner = async (nested) => {
          await insert(nested, 2).run();
          await nested.transaction((innermost) => insert(innermost, 3).run());
          throw new Error("inner");
        };
        await assert.rejects(tx.transaction(inner), /inner/);
        assert.deepEqual(await all(tx), [1]);
        assert.equal(await tx.transaction(async (nested) => (await insert(nested, 4).run(), "done")), "done");
        const first = tx.transaction((nested) => insert(nested, 5).run());
        await assert.rejects(tx.transaction(() => {}), /A nested transaction is open/);
        await first;
      });
      assert.deepEqual(await all(DB), [1, 4, 5]);
    },
  },
  {
    name: "a commit that leaves a foreign key without its row leaves nothing",
    async run({ DB, open }) {
      let runs = 0;
      const work = (tx) => ((runs += 1), insert(tx, 1, 7).run());
      await assert.rejects(DB.transaction(work), /FOREIGN KEY constraint failed/);
      assert.equal(runs, 1);
      assert.deepEqual(await fresh(open), []);
      await DB.transaction((tx) => tx.batch([insert(tx, 1, 7), insert(tx, 7)]));
      assert.deepEqual(await fresh(open), [1, 7]);
    },
  },
  {
    name: "one that SQLite has rolled back is over",
    async run({ DB, open }) {
      const work = async (tx) => {
        await insert(tx, 1).run();
        await tx.prepare("INSERT OR ROLLBACK INTO t VALUES (1, NULL)").run();
      };
      await assert.rejects(DB.transaction(work), /UNIQUE constraint failed/);
      assert.deepEqual(await fresh(open), []);
      const goesOn = async (tx) => {
        await work(tx).catch(() => {});
        await insert(tx, 2).run();
      };
      await assert.rejects(DB.transaction(goesOn, { retries: 0 }), coded("TRANSACTION_ENDED"));
      assert.deepEqual(await fresh(open), []);
    },
  },
  {
    name: "SQL does not end it",
    async run({ DB }) {
      await DB.transaction(async (tx) => {
        await insert(tx, 1).run();
        for (const sql of ["COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT a", "RELEASE isolite_request"]) {
          await assert.rejects(tx.prepare(sql).run(), /To execute a transaction, please use/);
        }
      });
      assert.deepEqual(await all(DB), [1]);
    },
  },
  {
    name: "a session has seen what it has done",
    async run({ DB, open }) {
      const session = DB.withSession("first-unconstrained");
      await session.transaction((tx) => insert(tx, 1).run());
      const bookmark = session.getBookmark();
      assert.ok(bookmark, "it has a bookmark");
      assert.deepEqual(await all(session), [1]);
      assert.deepEqual(await all(open().withSession(bookmark)), [1]);
      await session.transaction((tx) => insert(tx, 2).run());
      assert.ok(session.getBookmark() > bookmark);
      const future = bookmark.replace(/^.{8}/, "0fffffff");
      const refused = coded("BOOKMARK_REFUSED");
      await assert.rejects(DB.withSession(future).transaction(() => {}), refused);
      await DB.withSession({ start: future, fallback: "first-primary" }).transaction(() => {});
      const past = DB.withSession({ as_of: bookmark });
      await assert.rejects(past.transaction(() => {}), /only read, and has no transactions/);
    },
  },
  {
    name: "its handle sees what it wrote, from memory too",
    async run({ DB }) {
      for (let n = 1; n <= 20; n++) {
        await DB.transaction((tx) => insert(tx, n).run());
        assert.equal((await all(DB)).length, n);
        await pauseShortly(n);
      }
      const { meta } = await DB.prepare("SELECT 1 FROM t").all();
      assert.equal(meta.served_by_primary, false);
    },
  },
  {
    name: "what it is asked to be is checked",
    async run({ DB }) {
      for (const options of [{ mode: "exclusive" }, { retries: -1 }, { retries: 0.5 }]) {
        await assert.rejects(DB.transaction(() => {}, options), TypeError);
      }
    },
  },
  {
    name: "names that others make up are of no transaction",
    async run({ DB, service }) {
      const names = ["", "xyz", "0000000000000000", "+1", "f".repeat(40), "%00", "1&transaction=2"];
      for (const name of names) {
        for (const path of ["/query?resultsFormat=COMPACT&", "/transaction/commit?", "/transaction/nest?"]) {
          const [text] = await service.d1(`${path}transaction=${name}`, '{"sql":"DROP TABLE t"}', null);
          const { success, code } = JSON.parse(text);
          assert.deepEqual([success, code], [false, "TRANSACTION_ENDED"], `${path} ${name}: ${text}`);
        }
      }
      for (const path of ["/transaction", "/transaction/", "/transaction/../delete", "/transaction/x"]) {
        const [text] = await service.d1(path, "", null);
        assert.match(text, /No such path/, path);
      }
      const response = await service.fetch("http://d1/transaction/begin", { method: "POST" });
      assert.equal(response.status, 404);
      assert.deepEqual(await all(DB), []);
    },
  },
];

const pauseShortly = (n) => (n < 10 ? scheduler.wait(30) : undefined);
