// Aim: a stream of Hrana is continued by whoever has its newest baton and by nobody else; one that falls
// silent ends; transactions are whole or nothing, one writes at a time while all others read, and nobody
// waits for ever, whatever else happens to the database meanwhile.
// Method: Workers with low limits, asked by fetch and by REST. Times are only compared where the limits
// make them far apart.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { CLOSE, execute, Hrana } from "./support/hrana.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const IDLE_MS = 1_500;
const TRANSACTION_MS = 700;
/** What a machine that has other work may add. */
const SLOW_MS = 1_000;

const EXPIRED = '{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}';

/** A Worker with limits, on a state of its own. */
class Server {
  #name;
  #vars;
  #configuration;
  #state;

  constructor(name, vars) {
    this.#name = name;
    this.#vars = vars;
  }

  async prepare() {
    this.#configuration = await bundle({ vars: this.#vars });
    this.#state = temporaryDirectory(this.#name);
    await this.start();
  }

  async start() {
    this.workerd = await PlainWorkerd.start(this.#configuration, { state: this.#state, token: TOKEN });
    this.rest = new RestClient(this.workerd.origin, TOKEN);
  }

  crash() {
    return this.workerd?.crash();
  }

  async restart() {
    await this.crash();
    await this.start();
  }

  of(name) {
    return new Hrana(`${this.workerd.origin}/db/${name}`, TOKEN);
  }

  async create(name) {
    await this.rest.create(name);
    await this.rest.query(name, "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
    return this.of(name);
  }
}

const server = new Server("streams", {
  ISOLITE_STREAM_IDLE_MS_MAX: IDLE_MS,
  ISOLITE_TRANSACTION_MS_MAX: TRANSACTION_MS,
});
/** There others wait less than a transaction may last. */
const impatient = new Server("impatient", { ISOLITE_LOCK_WAIT_MS_MAX: 300 });
before(async () => {
  await server.prepare();
  await impatient.prepare();
});
after(async () => {
  await server.crash();
  await impatient.crash();
});

const all = (hrana) => hrana.rows("SELECT a FROM t ORDER BY a").then((rows) => rows.flat());
const insert = (a) => `INSERT INTO t VALUES (${a}, 'x')`;

async function begun(hrana, ...statements) {
  const stream = hrana.stream();
  for (const sql of ["BEGIN IMMEDIATE", ...statements]) {
    const { error } = await stream.run(sql);
    assert.equal(error, undefined, sql);
  }
  return stream;
}

describe("a baton", () => {
  let hrana;
  before(async () => (hrana = await server.create("batons")));

  async function opened() {
    const stream = hrana.stream();
    await stream.run("SELECT 1");
    return stream;
  }

  const refused = async (baton, at = hrana) => {
    const { status, json, headers } = await at.post("/v3/pipeline", { baton, requests: [execute(insert(99))] });
    assert.equal(headers.get("content-type"), "application/json");
    return [status, json.code];
  };

  test("is another after each answer, and good for one request", async () => {
    const stream = await opened();
    const first = stream.baton;
    await stream.run("SELECT 2");
    assert.notEqual(stream.baton, first);
    assert.deepEqual(await refused(first), [400, "BATON_INVALID"]);
    assert.deepEqual(await stream.rows("SELECT 3"), [[3]]);
  });

  test("used by two requests at once is good for one of them", async () => {
    const stream = await opened();
    const body = { baton: stream.baton, requests: [execute("SELECT 1")] };
    const answers = await Promise.all(Array.from({ length: 8 }, () => hrana.post("/v3/pipeline", body)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(400)]);
  });

  test("that was made up, changed or is of another database is refused", async () => {
    const { baton } = await opened();
    const digit = baton[40] === "0" ? "1" : "0";
    for (const wrong of [
      "", "x", "0".repeat(64), baton.slice(1), `${baton}0`, baton.toUpperCase(), "é".repeat(64),
      baton.slice(0, 40) + digit + baton.slice(41),
    ]) {
      assert.deepEqual(await refused(wrong), [400, "BATON_INVALID"], wrong);
    }
    assert.deepEqual(await refused(baton, await server.create("foreign")), [400, "BATON_INVALID"]);
    assert.deepEqual(await all(hrana), []);
  });

  test("goes with the stream that is closed, and its transaction is rolled back", async () => {
    const stream = await begun(hrana, insert(1));
    const { baton } = stream;
    await stream.close();
    assert.equal(stream.baton, null);
    assert.deepEqual(await refused(baton), [400, "STREAM_EXPIRED"]);
    assert.deepEqual(await all(hrana), []);
  });

  test("close that is not last: nothing of the request is done", async () => {
    const stream = await opened();
    const { status, json } = await stream.post([execute(insert(97)), CLOSE, execute(insert(98))]);
    assert.deepEqual([status, json.code], [400, "HRANA_PROTO_ERROR"]);
    assert.deepEqual(await stream.rows("SELECT * FROM t"), []);
  });

  test("goes on as a cursor and comes back as a pipeline", async () => {
    const stream = await begun(hrana, insert(1));
    const batch = { steps: [{ stmt: { sql: "SELECT count(*) FROM t" } }] };
    const { text } = await hrana.post("/v3/cursor", { baton: stream.baton, batch });
    const [first, , row] = text.split("\n").filter(Boolean).map(JSON.parse);
    assert.deepEqual(row.row, [{ type: "integer", value: "1" }]);
    stream.baton = first.baton;
    await stream.rows("ROLLBACK");
    await stream.close();
  });

  test("of a stream that is silent for too long is told as expired, to the letter", async () => {
    const stream = await opened();
    await sleep(IDLE_MS + SLOW_MS);
    const { status, text, headers } = await stream.post([execute("SELECT 1")]);
    assert.deepEqual([status, headers.get("content-type"), text], [400, "application/json", EXPIRED]);
  });

  test("outlives nothing: after a start of the server its stream has expired", async () => {
    const stream = await begun(hrana, insert(1));
    await server.restart();
    hrana = server.of("batons");
    const { status, text, headers } =
      await hrana.post("/v3/pipeline", { baton: stream.baton, requests: [execute(insert(2))] });
    assert.deepEqual([status, headers.get("content-type"), text], [400, "application/json", EXPIRED]);
    assert.deepEqual(await all(hrana), []);
  });
});

describe("what a stream has for itself", () => {
  test("its last rowid, its texts and its foreign keys", async () => {
    const hrana = await server.create("own");
    await server.rest.query("own", "CREATE TABLE c (a REFERENCES t)");
    const [one, two] = [hrana.stream(), hrana.stream()];
    await one.run(insert(5));
    await two.run(insert(6));
    assert.deepEqual(await one.rows("SELECT last_insert_rowid()"), [[5]]);
    assert.deepEqual(await two.rows("SELECT last_insert_rowid()"), [[6]]);
    await one.run("PRAGMA foreign_keys = OFF");
    // What is broken within a transaction may be mended in it.
    await one.rows("BEGIN", "INSERT INTO c VALUES (7)", insert(7), "COMMIT");
    assert.equal(await two.code("INSERT INTO c VALUES (8)"), "SQLITE_CONSTRAINT");
    await one.rows("BEGIN", "INSERT INTO c VALUES (8)");
    assert.equal(await one.code("COMMIT"), "SQLITE_CONSTRAINT");
    assert.deepEqual(await hrana.rows("SELECT a FROM c"), [[7]]);
    await one.close();
    await two.close();
  });
});

describe("a transaction", () => {
  let hrana;
  before(async () => (hrana = await server.create("whole")));

  test("is seen by nobody before it commits, and then by all", async () => {
    const stream = await begun(hrana, insert(1), insert(2));
    assert.deepEqual(await stream.rows("SELECT count(*) FROM t"), [[2]]);
    assert.equal(await stream.isAutocommit(), false);
    assert.deepEqual(await all(hrana), []);
    assert.deepEqual(await server.rest.query("whole", "SELECT count(*) AS n FROM t"), [{ n: 0 }]);
    await stream.rows("COMMIT");
    assert.equal(await stream.isAutocommit(), true);
    assert.deepEqual(await all(hrana), [1, 2]);
    await stream.close();
  });

  test("leaves nothing after ROLLBACK, schema included", async () => {
    const stream = await begun(hrana, insert(3), "CREATE TABLE gone (a)", "DROP TABLE t");
    await stream.rows("ROLLBACK");
    assert.equal(await stream.code("SELECT * FROM gone"), "SQLITE_ERROR");
    assert.deepEqual(await stream.rows("SELECT a FROM t"), [[1], [2]]);
    await stream.close();
  });

  test("goes on after an error in it, but not after OR ROLLBACK", async () => {
    const stream = await begun(hrana, insert(4));
    assert.equal(await stream.code(insert(1)), "SQLITE_CONSTRAINT");
    assert.equal(await stream.code("SELEC"), "SQL_PARSE_ERROR");
    assert.equal(await stream.isAutocommit(), false);
    await stream.rows("COMMIT");
    assert.deepEqual(await all(hrana), [1, 2, 4]);
    await stream.rows("BEGIN IMMEDIATE", insert(5));
    assert.equal(await stream.code("INSERT OR ROLLBACK INTO t VALUES (1, 'x')"), "SQLITE_CONSTRAINT");
    assert.equal(await stream.isAutocommit(), true);
    assert.equal(await stream.code("COMMIT"), "SQLITE_ERROR");
    assert.deepEqual(await all(hrana), [1, 2, 4]);
    await stream.close();
  });

  test("does not begin within one", async () => {
    const stream = await begun(hrana);
    assert.equal(await stream.code("BEGIN"), "SQLITE_ERROR");
    assert.equal(await stream.isAutocommit(), false);
    await stream.close();
  });

  test("waits with a foreign key that is deferred, and may be mended before COMMIT", async () => {
    await server.rest.query("whole", "CREATE TABLE c (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
    const stream = await begun(hrana, "INSERT INTO c VALUES (6)");
    assert.equal(await stream.code("COMMIT"), "SQLITE_CONSTRAINT");
    assert.equal(await stream.isAutocommit(), false);
    await stream.rows(insert(6), "COMMIT");
    assert.deepEqual(await hrana.rows("SELECT * FROM c"), [[6]]);
    await stream.close();
  });

  test("that is READONLY writes nothing, and stays where it has read", async () => {
    const stream = hrana.stream();
    assert.deepEqual(await stream.rows("BEGIN TRANSACTION READONLY", "SELECT count(*) FROM c"), [[1]]);
    for (const sql of [insert(9), "CREATE TABLE x (a)", "DELETE FROM c"]) {
      assert.equal(await stream.code(sql), "SQLITE_READONLY", sql);
    }
    await hrana.rows("INSERT INTO c VALUES (1)");
    assert.deepEqual(await stream.rows("SELECT count(*) FROM c"), [[1]]);
    assert.deepEqual(await stream.rows("COMMIT", "SELECT count(*) FROM c"), [[2]]);
    await stream.close();
  });

  test("that is DEFERRED and has read before another commit is BUSY as it writes, and reads on", async () => {
    const stream = hrana.stream();
    const count = "SELECT count(*) FROM t";
    const [[before]] = await stream.rows("BEGIN", count);
    await hrana.rows(insert(20));
    assert.equal(await stream.code(insert(21)), "SQLITE_BUSY");
    assert.deepEqual(await stream.rows(count), [[before]]);
    await stream.rows("ROLLBACK", "BEGIN", insert(21), "COMMIT");
    assert.deepEqual(await stream.rows(count), [[before + 2]]);
    // One that has not read goes on from where the database is by then.
    await stream.rows("BEGIN");
    await hrana.rows(insert(22));
    await stream.rows(insert(23), "COMMIT");
    assert.deepEqual(await stream.rows(count), [[before + 4]]);
    await stream.close();
  });
});

describe("savepoints", () => {
  let hrana;
  before(async () => (hrana = await server.create("nested")));

  test("nest within a transaction", async () => {
    const stream = await begun(
      hrana, insert(1), "SAVEPOINT a", insert(2), "SAVEPOINT \"b c\"", insert(3), "ROLLBACK TO a",
    );
    assert.deepEqual(await stream.rows("SELECT a FROM t"), [[1]]);
    assert.equal(await stream.code("RELEASE \"b c\""), "SQLITE_ERROR");
    await stream.rows(insert(4), "RELEASE A", "COMMIT");
    assert.deepEqual(await all(hrana), [1, 4]);
    await stream.close();
  });

  test("begin a transaction where there is none, and end it", async () => {
    const stream = hrana.stream();
    await stream.rows("SAVEPOINT outer", insert(10), "SAVEPOINT inner", insert(11), "ROLLBACK TO inner");
    assert.equal(await stream.isAutocommit(), false);
    assert.deepEqual(await all(hrana), [1, 4]);
    await stream.rows("RELEASE outer");
    assert.equal(await stream.isAutocommit(), true);
    assert.deepEqual(await all(hrana), [1, 4, 10]);
    await stream.rows("SAVEPOINT outer", insert(12), "ROLLBACK TO outer", "RELEASE outer");
    await stream.rows("SAVEPOINT outer", insert(13), "ROLLBACK");
    await stream.rows("SAVEPOINT outer", insert(14), "COMMIT");
    assert.deepEqual(await all(hrana), [1, 4, 10, 14]);
    assert.equal(await stream.code("RELEASE outer"), "SQLITE_ERROR");
    await stream.close();
  });

  test("of before the first write are there after it", async () => {
    const stream = hrana.stream();
    await stream.rows("BEGIN", "SELECT * FROM t", "SAVEPOINT a", "SAVEPOINT b", insert(20));
    await stream.rows("ROLLBACK TO b", insert(21), "ROLLBACK TO a", insert(22), "RELEASE a", "COMMIT");
    assert.deepEqual(await all(hrana), [1, 4, 10, 14, 22]);
    await stream.close();
  });
});

describe("who waits", () => {
  test("is served in the order of coming", async () => {
    const hrana = await server.create("order");
    const holder = await begun(hrana);
    const order = [];
    const waiting = [];
    for (let i = 1; i <= 6; i++) {
      const write = i % 2 === 0
        ? server.rest.query("order", insert(i))
        : hrana.rows(insert(i));
      waiting.push(write.then(() => order.push(i)));
      await sleep(30);
    }
    assert.deepEqual(order, []);
    await holder.rows("COMMIT");
    await Promise.all(waiting);
    assert.deepEqual(order, [1, 2, 3, 4, 5, 6]);
    await holder.close();
  });

  test("by REST has its write done, and REST reads meanwhile do not wait", async () => {
    const hrana = await server.create("rest");
    const holder = await begun(hrana, insert(1));
    const write = server.rest.query("rest", `${insert(2)} RETURNING (SELECT count(*) FROM t) AS n`);
    const began_ms = performance.now();
    assert.deepEqual(await server.rest.query("rest", "SELECT count(*) AS n FROM t"), [{ n: 0 }]);
    assert.ok(performance.now() - began_ms < TRANSACTION_MS / 2);
    await holder.rows("COMMIT");
    await write;
    assert.deepEqual(await all(hrana), [1, 2]);
    await holder.close();
  });

  test("may take a transaction back that has lasted: it is told so until it ends", async () => {
    const hrana = await server.create("lasting");
    const holder = await begun(hrana, insert(1));
    // As long as nobody waits it may last.
    await sleep(TRANSACTION_MS + 100);
    await holder.rows(insert(2));
    await hrana.rows(insert(3));
    for (let i = 0; i < 3; i++) {
      assert.equal(await holder.code(insert(4)), "TRANSACTION_TIMEOUT");
      assert.equal(await holder.isAutocommit(), false);
    }
    assert.equal(await holder.code("SELECT 1"), "TRANSACTION_TIMEOUT");
    assert.equal(await holder.code("SAVEPOINT a"), "TRANSACTION_TIMEOUT");
    assert.equal(await holder.code("BEGIN"), "SQLITE_ERROR");
    assert.equal(await holder.code("COMMIT"), "TRANSACTION_TIMEOUT");
    assert.equal(await holder.isAutocommit(), true);
    assert.deepEqual(await all(hrana), [3]);
    // Now it is outside, and knows it.
    await holder.rows(insert(5));
    await holder.rows("BEGIN IMMEDIATE", insert(6));
    await sleep(TRANSACTION_MS + 100);
    await hrana.rows(insert(7));
    await holder.rows("ROLLBACK", insert(8));
    assert.deepEqual(await all(hrana), [3, 5, 7, 8]);
    await holder.close();
  });

  test("within a batch: no step after the loss of the transaction happens outside it", async () => {
    const hrana = await server.create("batch");
    const holder = await begun(hrana, insert(1));
    await sleep(TRANSACTION_MS);
    await hrana.rows(insert(2));
    const steps = [insert(3), insert(4), "COMMIT"].map((sql) => ({ stmt: { sql } }));
    const [{ result }] = await holder.ask({ type: "batch", batch: { steps } });
    assert.deepEqual(result.step_errors.map((error) => error?.code), Array(3).fill("TRANSACTION_TIMEOUT"));
    assert.deepEqual(await all(hrana), [2]);
    await holder.close();
  });

  test("is nobody who may not write: it ends no transaction", async () => {
    const hrana = await server.create("unwritten");
    const { value } = await server.rest.result("POST", "/../tokens", { access: "read" });
    const reader = new Hrana(hrana.base, value);
    const byRest = new RestClient(server.workerd.origin, value);
    const holder = await begun(hrana, insert(1));
    await sleep(TRANSACTION_MS + 100);
    assert.equal((await reader.one(execute("DELETE FROM t"))).error.code, "BLOCKED");
    assert.equal((await reader.one(execute("BEGIN IMMEDIATE"))).error.code, "BLOCKED");
    assert.equal((await byRest.request("POST", "/unwritten/query", { sql: "DELETE FROM t" })).status, 403);
    assert.deepEqual(await byRest.query("unwritten", "PRAGMA table_list").then((it) => it.length > 0), true);
    assert.equal((await holder.run("COMMIT")).error, undefined);
    assert.deepEqual(await all(hrana), [1]);
  });

  test("need not wait for a transaction that is silent for too long", async () => {
    const hrana = await server.create("silent");
    const holder = await begun(hrana, insert(1));
    await sleep(IDLE_MS + SLOW_MS);
    const began_ms = performance.now();
    await hrana.rows(insert(2));
    assert.ok(performance.now() - began_ms < TRANSACTION_MS / 2, "the lock was free");
    const { status, text } = await holder.post([execute("COMMIT")]);
    assert.deepEqual([status, text], [400, EXPIRED]);
    assert.deepEqual(await all(hrana), [2]);
  });

  test("for too long is told so, and nothing is done", async () => {
    const hrana = await impatient.create("busy");
    const holder = await begun(hrana, insert(1));
    const stream = hrana.stream();
    assert.equal(await stream.code("BEGIN IMMEDIATE"), "TRANSACTION_BUSY");
    assert.equal(await stream.isAutocommit(), true);
    assert.equal(await stream.code(insert(2)), "TRANSACTION_BUSY");
    await stream.rows("BEGIN");
    assert.equal(await stream.code(insert(2)), "TRANSACTION_BUSY");
    assert.equal(await stream.isAutocommit(), false);
    const { status, envelope } =
      await impatient.rest.request("POST", "/busy/query", { sql: insert(3) });
    assert.notEqual(status, 200);
    assert.match(envelope.errors[0].message, /database is locked/);
    await holder.rows("COMMIT");
    await stream.rows(insert(4), "COMMIT");
    assert.deepEqual(await all(hrana), [1, 4]);
    await holder.close();
    await stream.close();
  });

  test("is not in the way of those behind after giving up", async () => {
    const hrana = await impatient.create("passed");
    const holder = await begun(hrana);
    const outcomes = await Promise.all([1, 2, 3].map((a) => hrana.one(execute(insert(a)))));
    assert.deepEqual(outcomes.map(({ error }) => error?.code), Array(3).fill("TRANSACTION_BUSY"));
    const later = hrana.rows(insert(4));
    await holder.rows("COMMIT");
    await later;
    assert.deepEqual(await all(hrana), [4]);
    await holder.close();
  });

  test("20 transactions that each read and then write lose nothing", async () => {
    const hrana = await server.create("counter");
    await hrana.rows("INSERT INTO t VALUES (1, 0)");
    const seen = await Promise.all(Array.from({ length: 20 }, async () => {
      const stream = hrana.stream();
      const [[n]] = await stream.rows("BEGIN IMMEDIATE", "SELECT b FROM t");
      await stream.rows(`UPDATE t SET b = ${n + 1}`, "COMMIT");
      await stream.close();
      return n;
    }));
    assert.deepEqual(seen.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
    assert.deepEqual(await hrana.rows("SELECT b FROM t"), [[20]]);
  });
});

describe("whatever else happens to the database", () => {
  const bookmark = async (name) =>
    (await server.rest.result("GET", `/${name}/time_travel/bookmark`)).bookmark;

  test("a restore waits for a transaction, and ends none that has written", async () => {
    const hrana = await server.create("restored");
    const before = await bookmark("restored");
    const holder = await begun(hrana, insert(1));
    const restore = server.rest.result("POST", `/restored/time_travel/restore?bookmark=${before}`);
    await sleep(100);
    await holder.rows(insert(2), "COMMIT");
    await restore;
    assert.deepEqual(await all(hrana), []);
    assert.deepEqual(await holder.rows(insert(3), "SELECT a FROM t"), [[3]]);
    await holder.close();
  });

  test("a transaction that reads stays where it was through a restore", async () => {
    const hrana = await server.create("reading");
    const before = await bookmark("reading");
    await hrana.rows(insert(1));
    const reader = hrana.stream();
    await reader.rows("BEGIN", "SELECT * FROM t");
    await server.rest.result("POST", `/reading/time_travel/restore?bookmark=${before}`);
    assert.deepEqual(await reader.rows("SELECT a FROM t"), [[1]]);
    assert.equal(await reader.code(insert(2)), "SQLITE_BUSY");
    await reader.rows("ROLLBACK");
    assert.deepEqual(await reader.rows("SELECT a FROM t"), []);
    await reader.close();
  });

  test("a fork while a transaction is open has what was committed", async () => {
    const hrana = await server.create("forked");
    await hrana.rows(insert(1));
    const holder = await begun(hrana, insert(2));
    const fork = server.rest.result("POST", "/forked/fork", { name: "fork" });
    await sleep(100);
    await holder.rows("COMMIT");
    await fork;
    const rows = await all(server.of("fork"));
    assert.ok(`${rows}` === "1" || `${rows}` === "1,2", `${rows}`);
    await holder.close();
  });

  test("an import refuses those who write while it runs, and they are told why", async () => {
    const hrana = await server.create("imported");
    const sql = `${`INSERT INTO t (b) VALUES ${Array(1_000).fill("('a row of the import')").join()};\n`.repeat(150)}`;
    const etag = createHash("md5").update(sql).digest("hex");
    const { upload_url, filename } = await server.rest.result("POST", "/imported/import", { action: "init", etag });
    const { pathname, search } = new URL(upload_url);
    await fetch(`${server.workerd.origin}${pathname}${search}`, { method: "PUT", body: sql });

    const holder = await begun(hrana, "INSERT INTO t (b) VALUES ('before')");
    const ingest = server.rest.result("POST", "/imported/import", { action: "ingest", etag, filename });
    await sleep(100);
    await holder.rows("COMMIT");
    let ended = false;
    const complete = (async () => {
      let { status, at_bookmark, ...rest } = await ingest;
      while (status === "active") {
        const poll = { action: "poll", current_bookmark: at_bookmark };
        ({ status, ...rest } = await server.rest.result("POST", "/imported/import", poll));
      }
      ended = true;
      assert.equal(status, "complete", JSON.stringify(rest));
    })();
    const refusals = [];
    while (!ended) {
      const { error } = await holder.run("BEGIN IMMEDIATE");
      if (error) refusals.push(`${error.code}: ${error.message}`);
      else await holder.rows("ROLLBACK");
      assert.equal(await holder.isAutocommit(), true);
      assert.equal((await hrana.rows("SELECT count(*) > 0 FROM t"))[0][0], 1, "reads go on");
    }
    await complete;
    assert.deepEqual([...new Set(refusals)], ["BLOCKED: Currently processing a long-running import."]);
    await holder.rows("INSERT INTO t (b) VALUES ('after')");
    assert.deepEqual(await hrana.rows("SELECT count(*) FROM t"), [[150_002]]);
    await holder.close();
  });

  test("deleting it ends its streams", async () => {
    const hrana = await server.create("deleted");
    const holder = await begun(hrana, insert(1));
    const waiting = hrana.one(execute(insert(2)));
    await sleep(50);
    await server.rest.result("DELETE", "/deleted");
    const { status, json } = await holder.post([execute("COMMIT")]);
    assert.deepEqual([status, json.code], [404, "NAMESPACE_DOESNT_EXIST"]);
    await assert.rejects(hrana.rows("SELECT 1"), /NAMESPACE_DOESNT_EXIST/);
    const { error } = await waiting.catch((error) => ({ error }));
    assert.ok(error, "nothing is written to a database that is gone");
    const again = await server.create("deleted");
    assert.deepEqual(await all(again), []);
  });

  test("one that was undeleted has what was committed", async () => {
    const { uuid } = await server.rest.create("undeleted");
    const hrana = server.of("undeleted");
    await hrana.rows("CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
    await hrana.rows(insert(1));
    const holder = await begun(hrana, insert(2));
    await server.rest.result("DELETE", "/undeleted");
    await server.rest.result("POST", `/${uuid}/undelete`, {});
    const { status, text } = await holder.post([execute("COMMIT")]);
    assert.deepEqual([status, text], [400, EXPIRED]);
    assert.deepEqual(await all(hrana), [1]);
  });

  test("settings that change while others wait end what is open, and the next have their turn", async () => {
    const hrana = await server.create("changed");
    const holder = await begun(hrana, insert(1));
    const waiting = Array.from({ length: 3 }, async () => {
      const stream = hrana.stream();
      await stream.run("BEGIN IMMEDIATE").catch(() => {});
      await stream.run("ROLLBACK").catch(() => {});
    });
    await sleep(50);
    const limits = { steps_max: 1_000_000 };
    await server.rest.result("PATCH", "/changed", { limits });
    assert.deepEqual(await all(hrana), []);
    assert.equal((await holder.post([execute("COMMIT")])).status, 400);
    await Promise.all(waiting);
    assert.deepEqual(await server.rest.query("changed", "SELECT 1 AS a"), [{ a: 1 }]);
    await server.rest.query("changed", insert(2));
    assert.equal((await hrana.one(execute(insert(3)))).error, undefined);
    await server.restart();
    assert.deepEqual(await all(server.of("changed")), [2, 3]);
  });

  test("a crash leaves nothing of an open transaction, and all that was committed", async () => {
    let hrana = await server.create("crashed");
    const committed = await begun(hrana, insert(1), insert(2));
    await committed.rows("COMMIT");
    await hrana.rows(insert(3));
    await begun(hrana, insert(4), "CREATE TABLE u (a)", "DELETE FROM t WHERE a = 1");
    await server.restart();
    hrana = server.of("crashed");
    assert.deepEqual(await all(hrana), [1, 2, 3]);
    assert.deepEqual(await hrana.rows("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), [[0]]);
    assert.deepEqual(await hrana.rows("PRAGMA quick_check"), [["ok"]]);
    await hrana.rows(insert(5));
    assert.deepEqual(await all(hrana), [1, 2, 3, 5]);
  });
});
