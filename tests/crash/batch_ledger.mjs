// The books of the batches that clients have sent to one database, and the audit after a crash.
//
// A batch is in one of four states. Whether one that was in flight during the crash has happened is
// for the database to say, but it says so for good: what the first audit finds must stay.
//
//   sent      no answer came: all of its rows are there, or none
//   there     it was acknowledged, or an audit found it
//   deleting  its deletion was sent and no answer came
//   gone      its deletion was acknowledged, or an audit did not find it

import assert from "node:assert/strict";

const TABLES = [
  "CREATE TABLE item (batch INTEGER, value INTEGER, filler BLOB)",
  "CREATE INDEX item_by_batch ON item (batch)",
  // One row for all batches, changed with each, so that a lost or doubled change shows in the sum.
  "CREATE TABLE total (items INTEGER, value INTEGER)",
  "INSERT INTO total VALUES (0, 0)",
];

const AUDIT = "SELECT batch, count(*) AS items, sum(value) AS value FROM item GROUP BY batch";

export class BatchLedger {
  #batches = new Map();
  acknowledged = 0;

  static tables = TABLES.map((sql) => ({ sql }));

  /** A new batch of this many items: its number, and the statements that make it. */
  open(items, fillerBytes, random) {
    const id = this.#batches.size + 1;
    const values = Array.from({ length: items }, () => random.between(1, 1_000_000));
    const value = values.reduce((sum, each) => sum + each, 0);
    this.#batches.set(id, { items, value, state: "sent" });
    const insert = "INSERT INTO item VALUES (?, ?, randomblob(?))";
    const change = "UPDATE total SET items = items + ?, value = value + ?";
    const statements = [
      ...values.map((each) => ({ sql: insert, params: [id, each, fillerBytes] })),
      { sql: change, params: [items, value] },
    ];
    // Not always last: a batch cut short must show wherever it is cut.
    if (random.chance(0.5)) statements.unshift(statements.pop());
    return { id, statements };
  }

  /** The statements that delete a batch that is there; undefined when none is. */
  close(random) {
    const there = [...this.#batches].filter(([, { state }]) => state === "there");
    if (there.length === 0) return undefined;
    const [id, batch] = random.pick(there);
    batch.state = "deleting";
    const { items, value } = batch;
    return {
      id,
      statements: [
        { sql: "DELETE FROM item WHERE batch = ?", params: [id] },
        { sql: "UPDATE total SET items = items - ?, value = value - ?", params: [items, value] },
      ],
    };
  }

  acknowledge(id) {
    const batch = this.#batches.get(id);
    batch.state = batch.state === "deleting" ? "gone" : "there";
    this.acknowledged += 1;
  }

  /** Compares the books with the database. */
  async audit(rest, database) {
    const found = new Map((await rest.query(database, AUDIT)).map((row) => [row.batch, row]));
    const sum = { items: 0, value: 0 };
    for (const [id, { items, value }] of found) {
      const batch = this.#batches.get(id);
      assert.ok(batch, `batch ${id} was never sent`);
      assert.notEqual(batch.state, "gone", `batch ${id} is back`);
      assert.deepEqual({ items, value }, { items: batch.items, value: batch.value }, `batch ${id}`);
      sum.items += items;
      sum.value += value;
    }
    for (const [id, batch] of this.#batches) {
      assert.ok(batch.state !== "there" || found.has(id), `acknowledged batch ${id} is lost`);
      batch.state = found.has(id) ? "there" : "gone";
    }
    assert.deepEqual(await rest.query(database, "SELECT * FROM total"), [sum]);
    assert.deepEqual(await rest.query(database, "PRAGMA quick_check"), [{ quick_check: "ok" }]);
    const byIndex = "SELECT count(*) AS n FROM item INDEXED BY item_by_batch WHERE batch > 0";
    assert.deepEqual(await rest.query(database, byIndex), [{ n: sum.items }]);
  }
}
