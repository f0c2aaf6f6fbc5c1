// Aim: Hrana over a WebSocket keeps the order of each stream, lets streams go on beside one that waits,
// gives a cursor in parts, keeps what it has to while its object sleeps, and lets go of everything as the
// socket closes, however it does.
// Method: one running Worker, and sockets of which each message is looked at. That the object has slept
// shows in that a stream which nobody has opened is taken for one of before.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Hrana, HranaSocket, rowsOf } from "./support/hrana.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const IDLE_MS = 1_500;
/** As long as others let a transaction be; what frees it sooner is another reason. */
const TRANSACTION_MS = 5_000;
/** After so long without a request an object sleeps. */
const SLEEP_MS = 18_000;

let server;
let rest;
before(async () => {
  const configuration = await bundle({ vars: { ISOLITE_STREAM_IDLE_MS_MAX: IDLE_MS } });
  server = await PlainWorkerd.start(configuration, { state: temporaryDirectory("sockets"), token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
});
after(async () => {
  await server?.crash();
  assertNoCrash(server.log);
});

const baseOf = (name) => `${server.origin}/db/${name}`;

async function create(name) {
  await rest.create(name);
  await rest.query(name, "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
  return new Hrana(baseOf(name), TOKEN);
}

/** A socket with streams of these numbers. */
async function opened(name, ...streams) {
  const socket = await HranaSocket.open(baseOf(name), TOKEN);
  for (const stream of streams) assert.deepEqual(await socket.openStream(stream), { type: "open_stream" });
  return socket;
}

const insert = (a) => `INSERT INTO t VALUES (${a}, 'x')`;
const all = (hrana) => hrana.rows("SELECT a FROM t ORDER BY a").then((rows) => rows.flat());

describe("Hrana over a WebSocket", { concurrency: true }, () => {
  test("while the object sleeps it keeps its texts, and knows of what was lost", async () => {
    const hrana = await create("asleep");
    const socket = await opened("asleep", 1, 2);
    for (const [sql_id, sql] of [[-5, "SELECT 'kept'"], [2147483647, insert(9)], [3, "SELECT 'closed'"]]) {
      assert.deepEqual(await socket.ask({ type: "store_sql", sql_id, sql }), { type: "store_sql" });
    }
    assert.deepEqual(await socket.ask({ type: "close_sql", sql_id: 3 }), { type: "close_sql" });
    await socket.run(2, "BEGIN IMMEDIATE");
    await socket.run(2, insert(1));
    assert.match((await socket.run(77, "SELECT 1")).error.message, /stream 77 is not open/);
    await sleep(SLEEP_MS);
    assert.deepEqual(await socket.rows(77, "SELECT 1"), [[1]], "the object has not slept");
    const by = (sql_id) => socket.ask({ type: "execute", stream_id: 1, stmt: { sql_id } });
    assert.deepEqual(rowsOf(await by(-5)), [["kept"]]);
    rowsOf(await by(2147483647));
    assert.equal((await by(3)).error.code, "HRANA_PROTO_ERROR");
    assert.equal((await socket.run(2, insert(2))).error.code, "TRANSACTION_TIMEOUT");
    assert.equal((await socket.run(2, "COMMIT")).error.code, "TRANSACTION_TIMEOUT");
    rowsOf(await socket.run(2, insert(3)));
    assert.deepEqual(await all(hrana), [3, 9]);
    await socket.close();
  });

  test("speaks the newest subprotocol of those that are offered, and none of others", async () => {
    await create("spoken");
    for (const [offered, spoken] of [
      [["hrana3"], "hrana3"], [["hrana2"], "hrana2"], [["hrana2", "hrana3"], "hrana3"],
      [["hrana1", "hrana2"], "hrana2"], [["hrana1"], "hrana1"], [[], ""],
    ]) {
      const socket = await HranaSocket.open(baseOf("spoken"), TOKEN, offered);
      assert.equal(socket.protocol, spoken);
      await socket.close();
    }
    await assert.rejects(new HranaSocket(baseOf("spoken"), ["hrana3-protobuf"]).opened());
    await assert.rejects(new HranaSocket(baseOf("nobody")).opened());
  });

  test("wants hello first, with a token, and takes another one later", async () => {
    await create("greeted");
    const socket = await new HranaSocket(baseOf("greeted")).opened();
    const code = async (answer) => (await answer).error?.code;
    assert.equal(await code(socket.openStream(1)), "AUTH_FAILED");
    for (const wrong of [null, undefined, "", "wrong"]) {
      const { type, error } = await socket.hello(wrong);
      assert.deepEqual([type, error.code], ["hello_error", "AUTH_FAILED"]);
      assert.equal(await code(socket.openStream(1)), "AUTH_FAILED");
    }
    // What is said right behind it comes after it.
    const [hello, opened, ran] =
      await Promise.all([socket.hello(TOKEN), socket.openStream(1), socket.run(1, "SELECT 1")]);
    assert.deepEqual([hello.type, opened.type, ran.type], ["hello_ok", "open_stream", "execute"]);
    assert.equal((await socket.hello(TOKEN)).type, "hello_ok");
    assert.deepEqual(await socket.rows(1, "SELECT 2"), [[2]]);
    assert.equal((await socket.hello("wrong")).type, "hello_error");
    assert.equal(await code(socket.run(1, "SELECT 3")), "AUTH_FAILED");
    await socket.close();
  });

  test("answers each kind of request as a pipeline does", async () => {
    await create("kinds");
    const socket = await opened("kinds", 1);
    const on = (type, more) => socket.ask({ type, stream_id: 1, ...more });
    assert.deepEqual(await on("sequence", { sql: `${insert(1)}; ${insert(2)}` }), { type: "sequence" });
    assert.deepEqual(await on("get_autocommit"), { type: "get_autocommit", is_autocommit: true });
    const { result } = await on("describe", { sql: "SELECT :a" });
    assert.deepEqual(result.params, [{ name: ":a" }]);
    const steps = [
      { stmt: { sql: "SELEC" } },
      { stmt: { sql: "SELECT 1" }, condition: { type: "ok", step: 0 } },
      { stmt: { sql: "SELECT a FROM t", want_rows: null }, condition: null },
    ];
    const batch = await on("batch", { batch: { steps } });
    assert.deepEqual(batch.result.step_results[2].rows.length, 2);
    assert.deepEqual(batch.result.step_results.map(Boolean), [false, false, true]);
    assert.equal(batch.result.step_errors[0].code, "SQL_PARSE_ERROR");
    assert.deepEqual(await socket.rows(1, "SELECT :a, @b", { a: 1, "@b": "é😀" }), [[1, "é😀"]]);
    assert.equal((await socket.run(1, insert(1))).error.code, "SQLITE_CONSTRAINT");
    await socket.close();
  });

  test("knows its streams: one that is not open, is open already, or was closed", async () => {
    await create("streams");
    const socket = await opened("streams", 1);
    for (const request of [
      { type: "open_stream", stream_id: 1 },
      { type: "execute", stream_id: 2, stmt: { sql: "SELECT 1" } },
      { type: "close_stream", stream_id: 2 },
      { type: "open_cursor", stream_id: 2, cursor_id: 1, batch: { steps: [] } },
      { type: "fetch_cursor", cursor_id: 1, max_count: 1 },
      { type: "close_cursor", cursor_id: 1 },
      { type: "execute", stream_id: 1, stmt: { sql_id: 1 } },
    ]) {
      assert.equal((await socket.ask(request)).error?.code, "HRANA_PROTO_ERROR", JSON.stringify(request));
    }
    assert.deepEqual(await socket.ask({ type: "close_stream", stream_id: 1 }), { type: "close_stream" });
    assert.equal((await socket.run(1, "SELECT 1")).error.code, "HRANA_PROTO_ERROR");
    assert.deepEqual(await socket.openStream(1), { type: "open_stream" });
    assert.deepEqual(await socket.rows(1, "SELECT 1"), [[1]]);
    await socket.close();
  });

  test("answers the requests of one stream in their order", async () => {
    const hrana = await create("order");
    const holder = hrana.stream();
    await holder.rows("BEGIN IMMEDIATE");
    const socket = await opened("order", 1);
    const before = socket.answered.length;
    const asked = Array.from({ length: 30 }, (_, i) =>
      socket.rows(1, i % 3 === 0 ? `${insert(i)} RETURNING a` : `SELECT ${i}`));
    await sleep(50);
    assert.equal(socket.answered.length, before);
    await holder.rows("ROLLBACK");
    assert.deepEqual(await Promise.all(asked), Array.from({ length: 30 }, (_, i) => [[i]]));
    const numbers = socket.answered.slice(before);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    await socket.close();
    await holder.close();
  });

  test("lets other streams go on beside one that waits", async () => {
    const hrana = await create("beside");
    const socket = await opened("beside", 1, 2, 3);
    await socket.run(1, "BEGIN IMMEDIATE");
    await socket.run(1, insert(1));
    let waited = false;
    const write = socket.run(2, insert(2)).then(() => (waited = true));
    assert.deepEqual(await socket.rows(3, "SELECT count(*) FROM t"), [[0]]);
    assert.deepEqual(await socket.rows(1, "SELECT count(*) FROM t"), [[1]]);
    assert.equal(waited, false);
    rowsOf(await socket.run(1, "COMMIT"));
    await write;
    assert.deepEqual(await socket.rows(3, "SELECT count(*) FROM t"), [[2]]);
    assert.deepEqual(await all(hrana), [1, 2]);
    await socket.close();
  });

  test("gives a cursor in parts", async () => {
    await create("cursors");
    const socket = await opened("cursors", 1);
    const cursor = (type, cursor_id, more) => socket.ask({ type, cursor_id, ...more });
    const open = (cursor_id, ...statements) =>
      cursor("open_cursor", cursor_id, {
        stream_id: 1, batch: { steps: statements.map((sql) => ({ stmt: { sql } })) },
      });
    const fetch = (cursor_id, max_count) => cursor("fetch_cursor", cursor_id, { max_count });
    const five = "SELECT value FROM json_each('[1,2,3,4,5]')";
    assert.deepEqual(await open(1, five, "SELEC", insert(1)), { type: "open_cursor" });
    // It is still there after one of its number is refused.
    assert.equal((await open(1, "SELECT 1")).error.code, "HRANA_PROTO_ERROR");
    const entries = [];
    const sizes = [];
    for (;;) {
      const fetched = await fetch(1, 3);
      assert.equal(fetched.error, undefined, JSON.stringify(fetched));
      entries.push(...fetched.entries);
      sizes.push(fetched.entries.length);
      if (fetched.done) break;
    }
    assert.deepEqual(sizes, [3, 3, 3, 1]);
    assert.deepEqual(entries.map(({ type }) => type), [
      "step_begin", "row", "row", "row", "row", "row", "step_end", "step_error", "step_begin", "step_end",
    ]);
    assert.deepEqual(entries.at(-1), { type: "step_end", affected_row_count: 1, last_insert_rowid: "1" });
    const { type, entries: none, done } = await fetch(1, 3);
    assert.deepEqual({ type, none, done }, { type: "fetch_cursor", none: [], done: true });
    assert.deepEqual(await cursor("close_cursor", 1), { type: "close_cursor" });
    assert.equal((await fetch(1, 3)).error.code, "HRANA_PROTO_ERROR");

    // With its stream a cursor is closed, and its number is free.
    await open(2, five);
    await socket.ask({ type: "close_stream", stream_id: 1 });
    assert.equal((await fetch(2, 3)).error.code, "HRANA_PROTO_ERROR");
    await socket.openStream(1);
    assert.deepEqual(await open(2, "SELECT 7"), { type: "open_cursor" });
    assert.equal((await fetch(2, 9)).entries.length, 3);
    await socket.close();
  });

  test("takes and gives large messages", async () => {
    await create("large");
    const socket = await opened("large", 1);
    const text = "é".repeat(900_000);
    assert.deepEqual(await socket.rows(1, "SELECT ?", [text]), [[text]]);
    await socket.close();
  });

  test("has its own texts, 150 of them", async () => {
    await create("texts");
    const [socket, other] = [await opened("texts", 1, 2), await opened("texts", 1)];
    const store = (sql_id) => socket.ask({ type: "store_sql", sql_id, sql: `SELECT ${sql_id}` });
    const stored = await Promise.all(Array.from({ length: 151 }, (_, i) => store(i)));
    assert.deepEqual(stored.map(({ error }) => error?.code).filter(Boolean), ["SQL_STORE_TOO_MANY"]);
    const by = (it, stream_id, sql_id) => it.ask({ type: "execute", stream_id, stmt: { sql_id } });
    assert.deepEqual(rowsOf(await by(socket, 2, 149)), [[149]]);
    assert.equal((await by(other, 1, 149)).error.code, "HRANA_PROTO_ERROR");
    // A request has the text of when it was sent.
    const [first] = await Promise.all([
      by(socket, 1, 7), socket.ask({ type: "close_sql", sql_id: 7 }),
      socket.ask({ type: "store_sql", sql_id: 7, sql: "SELECT 'x'" }),
    ]);
    assert.deepEqual(rowsOf(first), [[7]]);
    assert.deepEqual(rowsOf(await by(socket, 1, 7)), [["x"]]);
    await socket.close();
    await other.close();
  });

  test("loses a transaction that is silent for too long, and says so", async () => {
    const hrana = await create("silent");
    const socket = await opened("silent", 1);
    await socket.run(1, "BEGIN IMMEDIATE");
    await socket.run(1, insert(1));
    await sleep(IDLE_MS + 1_000);
    await hrana.rows(insert(2));
    assert.equal((await socket.run(1, insert(3))).error.code, "TRANSACTION_TIMEOUT");
    const state = await socket.ask({ type: "get_autocommit", stream_id: 1 });
    assert.equal(state.is_autocommit, false);
    rowsOf(await socket.run(1, "ROLLBACK"));
    rowsOf(await socket.run(1, insert(4)));
    assert.deepEqual(await all(hrana), [2, 4]);
    await socket.close();
  });

  test("is of the database that has the name now, and ends with it", async () => {
    await create("renamed");
    const before = await opened("renamed", 1);
    rowsOf(await before.run(1, insert(1)));
    await rest.result("DELETE", "/renamed");
    assert.ok((await before.run(1, "SELECT 1")).error);
    await assert.rejects(new HranaSocket(baseOf("renamed")).opened());
    await create("renamed");
    const socket = await opened("renamed", 1);
    assert.deepEqual(await socket.rows(1, "SELECT count(*) FROM t"), [[0]]);
    assert.ok((await before.run(1, "SELECT 1")).error);
    await socket.close();
    await before.close();
  });

  /** Whatever frees the lock does so before a waiting writer would take it. */
  async function assertFreed(hrana) {
    const began_ms = performance.now();
    await hrana.rows(insert(2));
    assert.ok(performance.now() - began_ms < IDLE_MS / 2, "the lock was held");
    assert.deepEqual(await all(hrana), [2]);
  }

  test("frees its transaction as a stream closes", async () => {
    const hrana = await create("stream-closed");
    const socket = await opened("stream-closed", 1);
    await socket.run(1, "BEGIN IMMEDIATE");
    await socket.run(1, insert(1));
    await socket.ask({ type: "close_stream", stream_id: 1 });
    await assertFreed(hrana);
    await socket.close();
  });

  test("frees its transaction as it closes", async () => {
    const hrana = await create("closed");
    const socket = await opened("closed", 1);
    await socket.run(1, "BEGIN IMMEDIATE");
    await socket.run(1, insert(1));
    assert.equal((await socket.close()).code, 1000);
    await assertFreed(hrana);
  });

  test("frees what waits in it as it closes", async () => {
    const hrana = await create("waiting");
    const holder = hrana.stream();
    await holder.rows("BEGIN IMMEDIATE");
    const socket = await opened("waiting", 1);
    socket.run(1, "BEGIN IMMEDIATE").catch(() => {});
    socket.run(1, insert(1)).catch(() => {});
    await sleep(50);
    await socket.close();
    await holder.rows("ROLLBACK");
    await assertFreed(hrana);
    await holder.close();
  });

  test("frees its transaction as the connection breaks", async () => {
    const hrana = await create("broken");
    const raw = await rawSocket("broken");
    raw.say({ type: "hello", jwt: TOKEN });
    raw.say({ type: "request", request_id: 0, request: { type: "open_stream", stream_id: 1 } });
    for (const sql of ["BEGIN IMMEDIATE", insert(1)]) {
      raw.say({ type: "request", request_id: 1, request: { type: "execute", stream_id: 1, stmt: { sql } } });
    }
    await raw.until(/last_insert_rowid":"1"/);
    raw.socket.destroy();
    await sleep(50);
    await assertFreed(hrana);
  });

  for (const [name, text] of [
    ["no JSON", "nonsense"],
    ["a message of no type", "{}"],
    ["a message of an unknown type", '{"type":"goodbye"}'],
    ["a request of an unknown type", '{"type":"request","request_id":1,"request":{"type":"explode"}}'],
    ["a condition that points forward", JSON.stringify({
      type: "request", request_id: 1, request: { type: "batch", stream_id: 1, batch: {
        steps: [{ stmt: { sql: insert(1) } }, { stmt: { sql: "SELECT 1" }, condition: { type: "ok", step: 1 } }] } },
    })],
    ["deep nesting", "[".repeat(100_000)],
    ["bytes", Buffer.from('{"type":"hello"}')],
  ]) {
    test(`closes with 1002 after ${name}, and rolls back`, async () => {
      const database = `bad-${name.replaceAll(/\W/g, "-").toLowerCase()}`;
      const hrana = await create(database);
      const socket = await opened(database, 1);
      await socket.run(1, "BEGIN IMMEDIATE");
      await socket.run(1, insert(1));
      socket.say(text);
      const { code, reason } = await socket.closed;
      assert.equal(code, 1002);
      assert.ok(reason.length > 0 && Buffer.byteLength(reason) <= 123, reason);
      await assertFreed(hrana);
    });
  }

  /** A WebSocket without a client, whose connection can be broken. */
  async function rawSocket(name) {
    const headers = {
      connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-protocol": "hrana3",
    };
    const request = httpRequest(baseOf(name), { headers });
    const socket = await new Promise((done, fail) => {
      request.on("error", fail).on("upgrade", (_, socket) => done(socket));
      request.on("response", ({ statusCode }) => fail(new Error(`${statusCode}`)));
      request.end();
    });
    let heard = "";
    socket.on("data", (bytes) => (heard += bytes.toString("latin1")));
    return {
      socket,
      say(message) {
        const text = Buffer.from(JSON.stringify(message));
        const header = Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0]);
        socket.write(Buffer.concat([header, text]));
      },
      async until(pattern) {
        for (let i = 0; !pattern.test(heard); i++) {
          assert.ok(i < 200, heard);
          await sleep(20);
        }
      },
    };
  }
});
