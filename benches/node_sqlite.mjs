// The peer `node-sqlite`: SQLite as native code in this process, without a Worker before it.
//
// It is what the others are measured by. The journal and its syncs are set as workerd sets them for
// Durable Objects, so that a commit is as durable here as it is there.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

/** As in the Workers. */
const WARM_UP_MS = 300;

const OPERATIONS = {
  point_read_first: (statement, [id]) => (statement.get(id).id === id ? 1 : 0),
  point_read_all: scan,
  range_scan_1000: scan,
  insert: (statement, row) => statement.run(...row).changes,
  batch_insert_1000: (statement, rows, database) => {
    database.exec("BEGIN");
    const changes = rows.reduce((sum, row) => sum + statement.run(...row).changes, 0);
    database.exec("COMMIT");
    return changes;
  },
  aggregate: (statement) => statement.all().length,
};

function scan(statement, [id]) {
  const rows = statement.all(id);
  return rows[0].id === id ? rows.length : 0;
}

export class NodeSqlite {
  name = "node-sqlite";
  #directory = mkdtempSync(join(tmpdir(), "isolite-bench-"));
  #database = new DatabaseSync(join(this.#directory, "bench.sqlite"));

  constructor() {
    this.#database.exec(SETTINGS);
    // Ctrl-C ends the process by way of this event too.
    process.once("exit", () => rmSync(this.#directory, { recursive: true, force: true }));
  }

  async load(statements) {
    this.#database.exec("BEGIN");
    for (const { sql, params } of statements) this.#database.prepare(sql).run(...params);
    this.#database.exec("COMMIT");
  }

  async run({ operation, sql, calls, warm_up, expected, reads }) {
    const statement = this.#database.prepare(sql);
    const until_ms = performance.now() + (reads ? WARM_UP_MS : 0);
    while (performance.now() < until_ms) {
      for (const call of calls.slice(0, warm_up)) OPERATIONS[operation](statement, call);
    }
    const durations_us = calls.map((call) => {
      const begin_ms = performance.now();
      const rows = OPERATIONS[operation](statement, call, this.#database);
      const duration_us = (performance.now() - begin_ms) * 1_000;
      if (rows !== expected) throw new Error(`${operation}: ${rows} rows instead of ${expected}`);
      return duration_us;
    });
    return { durations_us: durations_us.slice(warm_up) };
  }

  close() {
    this.#database.close();
  }
}
