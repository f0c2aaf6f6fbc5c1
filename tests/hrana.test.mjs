// Aim: Hrana over HTTP answers what its specification says, byte for byte where clients compare; finds the
// database that a request is for; shows what REST writes, and the other way round; and refuses whatever a
// stranger sends without harm.
// Method: one running Worker, asked by fetch in JSON and in protobuf, and by REST. A witness looks after
// each bad request whether data, answers and the wasm instance are as they were.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { after, afterEach, before, describe, test } from "node:test";

import { CLOSE, execute, Hrana, rowsOf, stmt, value } from "./support/hrana.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { Witness } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

let server;
let rest;
let witness;
before(async () => {
  const state = temporaryDirectory("hrana");
  server = await PlainWorkerd.start(await bundle(), { state, token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
  witness = await Witness.create(server, rest, "data");
});
after(() => server?.crash());

/** A database of that name with one table. */
async function create(name, sql = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)") {
  await rest.create(name);
  await rest.query(name, sql);
  return of(name);
}

const of = (name) => new Hrana(`${server.origin}/db/${name}`, TOKEN);

/** Durations are what nobody can know before. */
const timeless = (text) => text.replaceAll(/"query_duration_ms":[\d.]+/g, '"query_duration_ms":0');

describe("what is answered", () => {
  /** The text of each result of one pipeline. */
  async function results(hrana, requests, path = "/v3/pipeline") {
    const { status, text, headers } = await hrana.post(path, { requests: [...requests, CLOSE] });
    assert.equal(status, 200, text);
    assert.equal(headers.get("content-type"), "application/json");
    const told = timeless(text).match(/^\{"baton":null,"base_url":null,"results":\[(.*)\]\}$/)[1];
    const end = '{"type":"ok","response":{"type":"close"}}';
    assert.ok(told.endsWith(end), told);
    return told.slice(0, -end.length - 1);
  }

  const ok = (type, more = "") => `{"type":"ok","response":{"type":"${type}"${more}}}`;
  const executed = (result) => ok("execute", `,"result":${result}`);

  let hrana;
  before(async () => (hrana = await create("shapes")));

  for (const path of ["/v2/pipeline", "/v3/pipeline"]) {
    test(`to a statement that writes, at ${path}`, async () => {
      const { txid } = await bookmark("shapes");
      const id = path === "/v2/pipeline" ? 2 : 3;
      assert.equal(
        await results(hrana, [execute(`INSERT INTO t VALUES (${id}, 'x') RETURNING a, b AS c`)], path),
        executed(
          '{"cols":[{"name":"a","decltype":"INTEGER"},{"name":"c","decltype":"TEXT"}],' +
            `"rows":[[{"type":"integer","value":"${id}"},{"type":"text","value":"x"}]],` +
            `"affected_row_count":1,"last_insert_rowid":"${id}","replication_index":"${txid + 1}",` +
            '"rows_read":2,"rows_written":1,"query_duration_ms":0}',
        ),
      );
    });
  }

  test("to one that inserts nothing: its last rowid is null, and there", async () => {
    for (const sql of ["UPDATE t SET b = b", "DELETE FROM t WHERE a = 99", "CREATE TABLE IF NOT EXISTS u (a)"]) {
      assert.match(await results(hrana, [execute(sql)]), /"last_insert_rowid":null,"replication_index":"\d+"/);
    }
  });

  test("to values of every kind", async () => {
    const sql = "SELECT NULL, -9223372036854775808, 1.5, 9e999, 'é\"\\', x'00ff', '' AS \"\"";
    const { result } = await hrana.one(execute(sql));
    assert.deepEqual(result.rows, [[
      { type: "null" },
      { type: "integer", value: "-9223372036854775808" },
      { type: "float", value: 1.5 },
      { type: "float", value: null },
      { type: "text", value: 'é"\\' },
      { type: "blob", base64: "AP8" },
      { type: "text", value: "" },
    ]]);
    assert.deepEqual(result.cols.at(-1), { name: "", decltype: null });
  });

  test("without the rows that are not wanted", async () => {
    const unwanted = { type: "execute", stmt: { sql: "SELECT a FROM t", want_rows: false } };
    const { result } = await hrana.one(unwanted);
    assert.deepEqual([result.rows, result.cols], [[], [{ name: "a", decltype: "INTEGER" }]]);
    const returning = { sql: "INSERT INTO t (b) VALUES ('y') RETURNING a", want_rows: false };
    const written = await hrana.one({ type: "execute", stmt: returning });
    assert.deepEqual([written.result.rows, written.result.affected_row_count], [[], 1]);
  });

  test("where null stands for what was left out", async () => {
    const nothing = { args: null, named_args: null, want_rows: null, replication_index: null };
    const { status, json } = await hrana.post("/v3/pipeline", {
      baton: null,
      requests: [
        { type: "execute", stmt: { sql: "SELECT 1", sql_id: null, ...nothing } },
        { type: "batch", batch: { steps: [{ condition: null, stmt: { sql: "SELECT 2", ...nothing } }],
          replication_index: null } },
        { type: "sequence", sql: "SELECT 3", sql_id: null },
        { type: "describe", sql: "SELECT 4", sql_id: null },
        CLOSE,
      ],
    });
    assert.equal(status, 200);
    assert.deepEqual(json.results.map(({ type }) => type), Array(5).fill("ok"));
  });

  test("to describe", async () => {
    const describe = (sql) => results(hrana, [{ type: "describe", sql }]);
    assert.equal(
      await describe("SELECT a, b || ? AS x FROM t WHERE a = :a OR a = @b OR a = $c OR a = ?9"),
      ok(
        "describe",
        ',"result":{"params":[{"name":null},{"name":":a"},{"name":"@b"},{"name":"$c"},{"name":null},' +
          '{"name":null},{"name":null},{"name":null},{"name":"?9"}],' +
          '"cols":[{"name":"a","decltype":"INTEGER"},{"name":"x","decltype":null}],' +
          '"is_explain":false,"is_readonly":true}',
      ),
    );
    const flags = async (sql) => {
      const { result } = await hrana.one({ type: "describe", sql });
      return [result.is_explain, result.is_readonly];
    };
    assert.deepEqual(await flags("EXPLAIN SELECT 1"), [true, true]);
    assert.deepEqual(await flags("DELETE FROM t"), [false, false]);
    assert.deepEqual(await flags("BEGIN IMMEDIATE"), [false, true]);
    assert.equal((await hrana.one({ type: "describe", sql: "SELEC" })).error.code, "SQL_PARSE_ERROR");
    assert.equal((await hrana.rows("SELECT count(*) FROM t WHERE b = 'y'"))[0][0], 1, "nothing was run");
  });

  test("to sequences, stored texts and autocommit", async () => {
    assert.equal(
      await results(hrana, [
        { type: "store_sql", sql_id: -7, sql: "SELECT 1; -- a comment" },
        { type: "sequence", sql_id: -7 },
        { type: "get_autocommit" },
        { type: "close_sql", sql_id: -7 },
        { type: "close_sql", sql_id: 42 },
      ]),
      [
        ok("store_sql"), ok("sequence"), ok("get_autocommit", ',"is_autocommit":true'),
        ok("close_sql"), ok("close_sql"),
      ].join(","),
    );
  });

  test("to a text of many statements: each before the one that fails has happened", async () => {
    const sql = `CREATE TABLE seq (a); INSERT INTO seq VALUES ('a;b'), ('--');
      /* ; */ INSERT INTO seq VALUES (3);; CREATE TRIGGER g AFTER INSERT ON seq BEGIN
      DELETE FROM seq WHERE a = 3; SELECT 1; END; INSERT INTO seq VALUES (4)`;
    assert.deepEqual(await hrana.one({ type: "sequence", sql }), { type: "sequence" });
    assert.deepEqual(await hrana.rows("SELECT a FROM seq ORDER BY rowid"), [["a;b"], ["--"], [4]]);
    const failed = "INSERT INTO seq VALUES (5); INSERT INTO nope VALUES (1); INSERT INTO seq VALUES (6)";
    const { error } = await hrana.one({ type: "sequence", sql: failed });
    assert.match(error.message, /no such table: nope/);
    assert.deepEqual(await hrana.rows("SELECT max(a) FROM seq WHERE typeof(a) = 'integer'"), [[5]]);
  });

  test("to an error of SQL: in its place, and the rest goes on", async () => {
    const [first, failed, last] = (await hrana.pipeline([
      execute("SELECT 1"), execute("INSERT INTO t VALUES (2, 'again')"), execute("SELECT 2"), CLOSE,
    ])).results;
    assert.deepEqual(failed, {
      type: "error",
      error: { message: "SQLite error: UNIQUE constraint failed: t.a", code: "SQLITE_CONSTRAINT" },
    });
    assert.deepEqual([first.type, last.type], ["ok", "ok"]);
  });

  for (const [sql, args, code] of [
    ["SELEC 1", [], "SQL_PARSE_ERROR"],
    ["SELECT (1", [], "SQL_PARSE_ERROR"],
    ["SELECT nope", [], "SQL_INPUT_ERROR"],
    ["", [], "SQL_NO_STATEMENT"],
    [" -- nothing", [], "SQL_NO_STATEMENT"],
    ["SELECT 1; SELECT 2", [], "SQL_MANY_STATEMENTS"],
    ["SELECT ?, ?", [1], "ARGS_INVALID"],
    ["SELECT :a", { b: 1 }, "ARGS_INVALID"],
    ["INSERT INTO t VALUES (2, 'x')", [], "SQLITE_CONSTRAINT"],
    ["INSERT INTO t VALUES ('x', 'x')", [], "SQLITE_MISMATCH"],
    ["ATTACH 'x' AS y", [], "SQLITE_AUTH"],
    ["COMMIT", [], "SQLITE_ERROR"],
    ["ROLLBACK", [], "SQLITE_ERROR"],
    ["RELEASE nope", [], "SQLITE_ERROR"],
    ["BEGIN nonsense", [], "SQL_PARSE_ERROR"],
  ]) {
    test(`${sql || "no text"}: ${code}`, async () => {
      const { error } = await hrana.one(execute(sql, args));
      assert.equal(error?.code, code, JSON.stringify(error));
    });
  }

  test("positional and named values at once are refused", async () => {
    const both = { ...stmt("SELECT ?", [1]), ...stmt("SELECT ?", { a: 1 }) };
    const { error } = await hrana.one({ type: "execute", stmt: both });
    assert.equal(error.code, "ARGS_BOTH_POSITIONAL_AND_NAMED");
  });

  test("values by name: with the character before it, and without", async () => {
    const args = { ":a": 1, b: 2, $c: 3, "@d": 4 };
    assert.deepEqual(await hrana.rows("SELECT :a, @b, $c, @d, :a", args), [[1, 2, 3, 4, 1]]);
  });

  test("in protobuf, the same", async () => {
    // requests: [{ execute: { stmt: { sql: "SELECT 1" } } }, { close: {} }]
    const sql = Buffer.from("SELECT 1");
    const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const body = Buffer.concat([
      field(2, field(2, field(1, field(1, sql)))),
      field(2, field(1, Buffer.alloc(0))),
    ]);
    const { status, headers, bytes } = await hrana.post("/v3-protobuf/pipeline", body);
    assert.deepEqual([status, headers.get("content-type")], [200, "application/x-protobuf"]);
    // A result is `ok`, and has a column named 1 in it.
    assert.equal(bytes[0], (3 << 3) | 2);
    assert.ok(bytes.includes(field(1, field(1, Buffer.from("1")))), bytes.toString("hex"));
    const refused = await hrana.post("/v3-protobuf/pipeline", Buffer.from([255, 255]));
    assert.deepEqual([refused.status, refused.json.code], [400, "HRANA_PROTO_ERROR"]);
  });
});

describe("stored texts", () => {
  test("are 50 a stream, of 5,000 bytes, and one that is named again replaces the first", async () => {
    const stream = (await create("stored")).stream();
    const store = (sql_id, sql) => ({ type: "store_sql", sql_id, sql });
    const many = Array.from({ length: 50 }, (_, i) => store(i, `SELECT ${i}`));
    for (const response of await stream.ask(...many)) assert.deepEqual(response, { type: "store_sql" });
    const [tooMany, again, tooLarge, fits] = await stream.ask(
      store(50, "SELECT 50"), store(49, "SELECT 'other'"), store(0, "é".repeat(2_501)),
      store(0, `SELECT '${"x".repeat(4_991)}'`),
    );
    assert.equal(tooMany.error.code, "SQL_STORE_TOO_MANY");
    assert.equal(tooLarge.error.code, "SQL_STORE_TOO_LARGE");
    assert.deepEqual([again.error, fits.error], [undefined, undefined]);
    const by = (sql_id) => ({ type: "execute", stmt: { sql_id } });
    const [other, first] = await stream.ask(by(49), by(0), { type: "close_sql", sql_id: 3 });
    assert.deepEqual([rowsOf(other)[0][0], rowsOf(first)[0][0].length], ["other", 4_991]);
    await stream.ask(store(50, "SELECT 50"));
    const { status, json } = await stream.post([by(3)]);
    assert.deepEqual([status, json.code], [400, "HRANA_PROTO_ERROR"]);
    assert.match(json.message, /No SQL is stored as 3/);
  });
});

describe("batches", () => {
  let hrana;
  before(async () => (hrana = await create("batches")));

  const step = (sql, condition) => ({ stmt: { sql }, condition });
  const done = (index) => ({ type: "ok", step: index });
  const failed = (index) => ({ type: "error", step: index });

  /** What each step has come to: rows, a code, or null if it was skipped. */
  async function outcomes(steps, at = hrana) {
    const { result } = await at.one({ type: "batch", batch: { steps } });
    assert.equal(result.step_results.length, steps.length);
    assert.equal(result.step_errors.length, steps.length);
    return steps.map((_, i) => {
      const [ran, error] = [result.step_results[i], result.step_errors[i]];
      assert.ok(ran === null || error === null);
      return ran ? rowsOf({ result: ran }) : (error?.code ?? null);
    });
  }

  test("run the steps whose conditions hold; of a skipped one `error` does", async () => {
    assert.deepEqual(
      await outcomes([
        step("SELECT 1"),
        step("SELEC"),
        step("SELECT 2", done(0)),
        step("SELECT 3", done(1)),
        step("SELECT 4", failed(3)),
        step("SELECT 5", done(3)),
        step("SELECT 6", { type: "not", cond: done(3) }),
        step("SELECT 7", { type: "and", conds: [done(0), failed(1), { type: "is_autocommit" }] }),
        step("SELECT 8", { type: "or", conds: [done(1), done(3)] }),
        step("SELECT 9", { type: "and", conds: [] }),
        step("SELECT 10", { type: "or", conds: [] }),
      ]),
      [[[1]], "SQL_PARSE_ERROR", [[2]], null, [[4]], null, [[6]], [[7]], null, [[9]], null],
    );
  });

  test("see whether a transaction is open, as each step begins", async () => {
    const auto = { type: "is_autocommit" };
    assert.deepEqual(
      await outcomes([
        step("SELECT 1", auto), step("BEGIN"), step("SELECT 2", auto),
        step("SELECT 3", { type: "not", cond: auto }), step("COMMIT"), step("SELECT 4", auto),
      ]),
      [[[1]], [], null, [[3]], [], [[4]]],
    );
  });

  test("as clients make them atomic", async () => {
    const atomic = (...statements) => [
      step("BEGIN IMMEDIATE"),
      ...statements.map((sql, i) => step(sql, done(i))),
      step("COMMIT", done(statements.length)),
      step("ROLLBACK", { type: "not", cond: done(statements.length + 1) }),
    ];
    const insert = (a) => `INSERT INTO t VALUES (${a}, 'x')`;
    assert.deepEqual(await outcomes(atomic(insert(1), insert(2))), [[], [], [], [], null]);
    assert.deepEqual(
      await outcomes(atomic(insert(3), insert(1), insert(4))),
      [[], [], "SQLITE_CONSTRAINT", null, null, []],
    );
    assert.deepEqual(await hrana.rows("SELECT a FROM t"), [[1], [2]]);
  });

  test("a condition that points forward: nothing of the request is done", async () => {
    const ahead = { type: "not", cond: { type: "and", conds: [done(0), done(1)] } };
    const batch = { steps: [step("INSERT INTO t VALUES (7, 'no')"), step("SELECT 1", ahead)] };
    for (const [path, body] of [
      ["/v3/pipeline", { requests: [execute("INSERT INTO t VALUES (8, 'no')"), { type: "batch", batch }] }],
      ["/v3/cursor", { batch }],
    ]) {
      const { status, json } = await hrana.post(path, body);
      assert.deepEqual([status, json.code], [400, "HRANA_PROTO_ERROR"]);
      assert.match(json.message, /condition of step 1 names a step that does not come before it/);
    }
    assert.deepEqual(await hrana.rows("SELECT count(*) FROM t WHERE b = 'no'"), [[0]]);
  });

  test("as a cursor: a line an entry, in the order in which the steps ran", async () => {
    const batch = {
      steps: [
        step("SELECT 1 AS a UNION ALL SELECT 2"), step("SELECT 3", failed(0)), step("SELEC"),
        step("INSERT INTO t VALUES (9, 'nine')"), step("SELECT 4 WHERE 0"),
      ],
    };
    const { status, text, json } = await hrana.post("/v3/cursor", { batch });
    assert.equal(status, 200);
    assert.equal(json, undefined);
    const [first, ...lines] = text.split("\n");
    assert.match(first, /^\{"baton":"[0-9a-f]{64}","base_url":null\}$/);
    assert.deepEqual(lines, [
      '{"type":"step_begin","step":0,"cols":[{"name":"a","decltype":null}]}',
      '{"type":"row","row":[{"type":"integer","value":"1"}]}',
      '{"type":"row","row":[{"type":"integer","value":"2"}]}',
      '{"type":"step_end","affected_row_count":0,"last_insert_rowid":null}',
      '{"type":"step_error","step":2,"error":{"message":"SQL string could not be parsed: near ' +
        '\\"SELEC\\": syntax error","code":"SQL_PARSE_ERROR"}}',
      '{"type":"step_begin","step":3,"cols":[]}',
      '{"type":"step_end","affected_row_count":1,"last_insert_rowid":"9"}',
      '{"type":"step_begin","step":4,"cols":[{"name":"4","decltype":null}]}',
      '{"type":"step_end","affected_row_count":0,"last_insert_rowid":null}',
      "",
    ]);
    const { baton } = JSON.parse(first);
    const { results } = await hrana.pipeline([execute("SELECT last_insert_rowid()"), CLOSE], baton);
    assert.deepEqual(rowsOf(results[0].response), [[9]]);
  });
});

describe("Hrana 1", () => {
  test("runs one statement or one batch, and tells by the status what has failed", async () => {
    const hrana = await create("first", "CREATE TABLE t (a UNIQUE)");
    const told = async (path, body) => {
      const { status, json } = await hrana.post(path, body);
      return [status, json];
    };
    const [status, { result }] = await told("/v1/execute", {
      stmt: stmt("INSERT INTO t VALUES (?) RETURNING a", [7]),
    });
    assert.deepEqual([status, result.rows, result.affected_row_count], [200, [[value(7)]], 1]);
    const [failed, error] = await told("/v1/execute", { stmt: stmt("INSERT INTO t VALUES (7)") });
    assert.deepEqual([failed, error.code], [400, "SQLITE_CONSTRAINT"]);
    const steps = [{ stmt: stmt("SELECT 1") }, { stmt: stmt("nonsense") }];
    const [, batch] = await told("/v1/batch", { batch: { steps } });
    assert.deepEqual(batch.result.step_results.map((it) => it !== null), [true, false]);
    assert.equal(batch.result.step_errors[1].code, "SQL_PARSE_ERROR");
    // A transaction does not outlive its request.
    assert.equal((await told("/v1/execute", { stmt: stmt("BEGIN IMMEDIATE") }))[0], 200);
    assert.equal((await told("/v1/execute", { stmt: stmt("INSERT INTO t VALUES (8)") }))[0], 200);
    for (const body of [{}, { stmt: {} }, "nonsense"]) {
      assert.equal((await told("/v1/execute", body))[0], 400);
    }
    assert.deepEqual(await hrana.rows("SELECT a FROM t ORDER BY a"), [[7], [8]]);
  });
});

describe("besides queries", () => {
  for (const path of ["/v2", "/v3", "/v3-protobuf", "/db/data/v3", "/dev/data/v2", "/version", "/health"]) {
    test(`GET ${path}`, async () => {
      const { status } = await new Hrana(server.origin).get(path);
      assert.equal(status, 200);
    });
  }

  test("the version is Isolite's", async () => {
    assert.match((await new Hrana(server.origin).get("/version")).text, /^isolite \d+\.\d+\.\d+/);
  });

  test("a page of any origin may ask", async () => {
    const hrana = of("data");
    const asked = { origin: "https://page.example", "access-control-request-method": "POST" };
    for (const answer of [
      await new Hrana(hrana.base).request("OPTIONS", "/v3/pipeline", undefined, asked),
      await hrana.post("/v3/pipeline", { requests: [CLOSE] }, asked),
      await hrana.post("/v3/pipeline", "nonsense", asked),
      await new Hrana(hrana.base).post("/v3/pipeline", { requests: [CLOSE] }, asked),
    ]) {
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
      assert.match(answer.headers.get("access-control-allow-methods"), /POST/);
      assert.match(answer.headers.get("access-control-allow-headers"), /authorization/);
    }
  });

  test("a dump loads again elsewhere", async () => {
    const hrana = await create("dumped", `CREATE TABLE t (a INTEGER PRIMARY KEY, b);
      INSERT INTO t VALUES (1, 'it''s'), (2, x'00ff'), (3, NULL), (9007199254740993, 1.5);
      CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t`);
    const { status, text } = await hrana.get("/dump");
    assert.equal(status, 200);
    const copy = new DatabaseSync(":memory:");
    copy.exec(text);
    const sql = "SELECT group_concat(a || '=' || quote(b), ',') AS it FROM t ORDER BY a";
    assert.deepEqual([[copy.prepare(sql).get().it]], await hrana.rows(sql));
    assert.equal(copy.prepare("SELECT count(*) AS n FROM v").get().n, 4);
    copy.close();
    assert.equal((await new Hrana(hrana.base).get("/dump")).status, 401);
  });
});

describe("the database", () => {
  const told = { requests: [execute("SELECT name FROM me"), CLOSE] };
  const post = (path, headers) => new Hrana(server.origin, TOKEN).post(path, told, headers);
  const name = ({ status, json }) =>
    status === 200 ? (json.results[0].response?.result.rows[0][0].value ?? json.results[0].error.code) : status;
  const ids = {};

  before(async () => {
    for (const each of ["one", "two-2", "default"]) {
      ids[each] = (await rest.create(each)).uuid;
      await rest.query(each, `CREATE TABLE me (name); INSERT INTO me VALUES ('${each}')`);
    }
  });

  test("by the path, its name or its id", async () => {
    for (const [path, expected] of [
      ["/db/one/v3/pipeline", "one"],
      ["/db/two-2/v2/pipeline", "two-2"],
      ["/dev/one/v2/pipeline", "one"],
      [`/db/${ids["two-2"]}/v3/pipeline`, "two-2"],
      ["/db/%6Fne/v3/pipeline", "one"],
      ["/db/nobody/v3/pipeline", 404],
      ["/db/ne%2Fver/v3/pipeline", 404],
      ["/db/00000000-0000-4000-8000-000000000000/v3/pipeline", 404],
    ]) {
      assert.equal(name(await post(path)), expected, path);
    }
  });

  test("by a header, which comes after the path", async () => {
    const bin = (text) => ({ "x-namespace-bin": Buffer.from(text).toString("base64") });
    for (const [path, headers, expected] of [
      ["/v2/pipeline", { "x-namespace": "one" }, "one"],
      ["/v3/pipeline", bin("two-2"), "two-2"],
      ["/v3/pipeline", { ...bin("two-2"), "x-namespace": "one" }, "two-2"],
      ["/db/one/v3/pipeline", bin("two-2"), "one"],
      ["/v3/pipeline", { "x-namespace": "nobody" }, 404],
      ["/v3/pipeline", { "x-namespace-bin": "?" }, 404],
    ]) {
      assert.equal(name(await post(path, headers)), expected, JSON.stringify([path, headers]));
    }
  });

  /** fetch does not let one choose the host. */
  const asHost = (host) =>
    new Promise((done, fail) => {
      const { port } = new URL(server.origin);
      const headers = { host: host.replace("PORT", port), authorization: `Bearer ${TOKEN}` };
      const request = httpRequest({ port, host: "127.0.0.1", path: "/v3/pipeline", method: "POST", headers });
      request.on("error", fail).on("response", async (response) => {
        let text = "";
        for await (const part of response.setEncoding("utf8")) text += part;
        done({ status: response.statusCode, json: JSON.parse(text) });
      });
      request.end(JSON.stringify(told));
    });

  test("by the first label of the host, and else the default one", async () => {
    for (const [host, expected] of [
      ["one.localhost:PORT", "one"],
      ["two-2.localhost", "two-2"],
      ["nobody.localhost", 404],
      ["one.example.com", "one"],
      // It is the Worker's own.
      ["isolite.example.workers.dev", "default"],
      ["127.0.0.1:PORT", "default"],
      ["localhost", "default"],
    ]) {
      assert.equal(name(await asHost(host)), expected, host);
    }
    assert.equal(name(await post("/v3/pipeline")), "default");
  });

  test("of a name that does not exist is not made", async () => {
    const { status, json } = await of("never").post("/v3/pipeline", told);
    const message = "There is no database never";
    assert.deepEqual([status, json], [404, { message, code: "NAMESPACE_DOESNT_EXIST", error: message }]);
    assert.equal((await rest.request("GET", "/never")).status, 404);
  });

  test("that was deleted is gone, and one of its name made again is another", async () => {
    const hrana = await create("again");
    await hrana.rows("INSERT INTO t VALUES (1, 'before')");
    await rest.result("DELETE", "/again");
    assert.equal((await hrana.post("/v3/pipeline", told)).status, 404);
    await create("again");
    assert.deepEqual(await hrana.rows("SELECT count(*) FROM t"), [[0]]);
  });
});

/** Where a database stands, by REST. */
async function bookmark(name) {
  const { bookmark } = await rest.result("GET", `/${name}/time_travel/bookmark`);
  const [, high, low] = bookmark.split("-");
  return { bookmark, txid: Number(BigInt(`0x${high}${low}`)) };
}

describe("REST beside it", () => {
  test("sees what Hrana writes, and is seen, at once", async () => {
    const hrana = await create("both");
    for (let i = 1; i <= 20; i += 2) {
      await rest.query("both", `INSERT INTO t VALUES (${i}, 'rest')`);
      assert.deepEqual(await hrana.rows("SELECT count(*) FROM t"), [[i]]);
      await hrana.rows(`INSERT INTO t VALUES (${i + 1}, 'hrana')`);
      assert.deepEqual(await rest.query("both", "SELECT count(*) AS n FROM t"), [{ n: i + 1 }]);
    }
  });

  test("has the txid in its bookmarks that Hrana has as replication_index", async () => {
    const hrana = await create("counted");
    const index = async (sql) => Number((await hrana.one(execute(sql))).result.replication_index);
    assert.equal(await index("SELECT 1"), (await bookmark("counted")).txid);
    const before = (await bookmark("counted")).txid;
    assert.equal(await index("INSERT INTO t VALUES (1, 'x')"), before + 1);
    assert.equal((await bookmark("counted")).txid, before + 1);
    await rest.query("counted", "INSERT INTO t VALUES (2, 'x')");
    assert.equal(await index("SELECT 1"), before + 2);
    assert.equal(await index("UPDATE t SET b = 'x' WHERE 0"), before + 2);
  });
});

describe("what strangers send", () => {
  afterEach(() => witness.unharmed());
  const post = (body, path = "/v3/pipeline") => of("data").post(path, body);

  /** A statement with one value as it is written. */
  const valued = (arg) => ({ requests: [{ type: "execute", stmt: { sql: "SELECT ?", args: [arg] } }] });
  const statement = (sql, args) => ({ requests: [execute(sql, args), CLOSE] });
  const nested = (depth) =>
    `{"requests":[{"type":"batch","batch":{"steps":[{"stmt":{"sql":"SELECT 1"}},{"stmt":{"sql":"SELECT 2"},` +
    `"condition":${'{"type":"not","cond":'.repeat(depth)}{"type":"ok","step":0}${"}".repeat(depth)}}]}}]}`;

  /** The same for protobuf: each condition within the one before, which says how long it is. */
  function nestedProtobuf(depth) {
    const varint = (number) => {
      const bytes = [];
      for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
      return Buffer.from([...bytes, number]);
    };
    const field = (number, bytes) =>
      Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
    let condition = Buffer.from([1 << 3, 0]);
    for (let i = 0; i < depth; i++) condition = field(3, condition);
    const statement = field(1, Buffer.from("SELECT 1"));
    const step = Buffer.concat([field(1, condition), field(2, statement)]);
    return field(2, field(3, field(1, Buffer.concat([field(1, field(2, statement)), field(1, step)]))));
  }

  for (const [name, body] of [
    ["no body", ""],
    ["no JSON", "nonsense"],
    ["JSON that is cut off", '{"requests":[{"type":"execute","stmt":{"sql":"SELECT'],
    ["a number", "1"],
    ["null", "null"],
    ["an array", "[]"],
    ["no requests", "{}"],
    ["requests that are no array", { requests: {} }],
    ["a request that is none", { requests: [null] }],
    ["a request of no type", { requests: [{}] }],
    ["a request of an unknown type", { requests: [{ type: "explode" }] }],
    ["a statement that is none", { requests: [{ type: "execute", stmt: "SELECT 1" }] }],
    ["SQL that is no text", { requests: [{ type: "execute", stmt: { sql: 1 } }] }],
    ["neither SQL nor its number", { requests: [{ type: "execute", stmt: {} }] }],
    ["both", { requests: [{ type: "execute", stmt: { sql: "SELECT 1", sql_id: 1 } }] }],
    ["a value of an unknown type", valued({ type: "date", value: "x" })],
    ["an integer that is none", valued({ type: "integer", value: "1.5" })],
    ["an integer beyond 64 bits", valued({ type: "integer", value: "9223372036854775808" })],
    ["base64 that is none", valued({ type: "blob", base64: "*" })],
    ["a baton that is no text", { baton: 7, requests: [] }],
    ["a condition of an unknown type", nested(0).replace('"ok"', '"maybe"')],
    ["a step that is negative", nested(0).replace(':0}', ':-1}')],
    ["conditions 10,000 deep", nested(10_000)],
    ["a cursor without a batch", [{}, "/v3/cursor"]],
    ["protobuf where JSON is wanted", Buffer.from([18, 0, 255, 254])],
  ]) {
    test(`${name}: 400`, async () => {
      const [sent, path] = Array.isArray(body) ? body : [body];
      const { status, json, headers } = await post(sent, path);
      assert.equal(status, 400, JSON.stringify(json));
      assert.equal(headers.get("content-type"), "application/json");
      assert.equal(json.code, "HRANA_PROTO_ERROR");
      assert.equal(json.error, json.message);
      assert.ok(json.message.length < 500, "it does not carry the request back");
    });
  }

  test("conditions 90 deep run, and 10,000 in protobuf do not", async () => {
    // Each level of a condition is one of JSON, and the parser takes 128.
    assert.equal((await post(nested(90))).status, 200);
    const { status } = await post(nestedProtobuf(50), "/v3-protobuf/pipeline");
    assert.equal(status, 200);
    const deep = await post(nestedProtobuf(10_000), "/v3-protobuf/pipeline");
    assert.deepEqual([deep.status, deep.json.code], [400, "HRANA_PROTO_ERROR"]);
  });

  test("protobuf that is none: 400", async () => {
    for (const bytes of [[18, 5, 1], [18, 0], Array(11).fill(255), [18, 2, 122, 0]]) {
      const { status, json } = await post(Buffer.from(bytes), "/v3-protobuf/pipeline");
      assert.deepEqual([status, json.code], [400, "HRANA_PROTO_ERROR"], `${bytes}`);
    }
  });

  test("bodies above 16 MiB, told before or not: 413", async () => {
    const url = `${of("data").base}/v3/pipeline`;
    const headers = { authorization: `Bearer ${TOKEN}` };
    // It is answered before any of it has come.
    const announced = await new Promise((done, fail) => {
      const length = { "content-length": (16 << 20) + 1 };
      const request = httpRequest(url, { method: "POST", headers: { ...headers, ...length } });
      request.on("error", fail).on("response", (response) => done(response.resume().statusCode));
      request.flushHeaders();
    });
    assert.equal(announced, 413);
    for (const path of [url, url.replace("v3", "v3-protobuf")]) {
      const chunk = new Uint8Array(1 << 20).fill(0x20);
      let left = 17;
      const body = new ReadableStream({
        pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
      });
      const response = await fetch(path, { method: "POST", headers, body, duplex: "half" });
      assert.deepEqual([response.status, (await response.json()).code], [413, "REQUEST_TOO_LARGE"]);
    }
  });

  test("large values, in and out", async () => {
    const hrana = of("data");
    const large = "é".repeat(450_000);
    assert.deepEqual(await hrana.rows("SELECT length(?)", [large]), [[450_000]]);
    assert.deepEqual((await hrana.rows("SELECT ?", [large]))[0][0].length, 450_000);
    const args = Array.from({ length: 32_766 }, (_, i) => i);
    const among = (count) => `SELECT max(column1) FROM (VALUES ${Array(count).fill("(?)").join()})`;
    assert.deepEqual(await hrana.rows(among(32_766), args), [[32_765]]);
    const { error } = await hrana.one(execute(among(32_767), [...args, 0]));
    assert.match(error.message, /too many SQL variables/);
    const grown = await hrana.one(execute("SELECT printf('%.*c', 2100000, 'x')"));
    assert.equal(grown.error?.code, "SQLITE_TOOBIG", JSON.stringify(grown).slice(0, 200));
    const rows = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 60) " +
      "SELECT hex(zeroblob(400000)) FROM c";
    assert.equal((await hrana.one(execute(rows))).error.code, "RESPONSE_TOO_LARGE");
  });

  test("wrong methods and paths: 404", async () => {
    for (const [method, path] of [
      ["GET", "/v3/pipeline"], ["PUT", "/v3/pipeline"], ["DELETE", "/v2/pipeline"], ["GET", "/v3/cursor"],
      ["POST", "/v3"], ["POST", "/version"], ["POST", "/dump"], ["POST", "/v1/pipeline"],
      ["POST", "/v2/cursor"], ["POST", "/v3/pipeline/x"], ["GET", ""], ["GET", "/nothing"],
    ]) {
      const { status, json } = await of("data").request(method, path);
      assert.deepEqual([status, json.code], [404, "NOT_FOUND"], `${method} ${path}`);
      assert.equal(json.message, `There is nothing at /db/data${path}`);
    }
  });

  test("a base URL without its slash, of which clients make another path, is explained", async () => {
    for (const path of ["/db/v2/pipeline", "/db/v3/cursor", "/dev/v3-protobuf/pipeline"]) {
      const { status, json } = await new Hrana(server.origin, TOKEN).post(path, statement("SELECT 1"));
      assert.equal(status, 404);
      assert.match(json.message, /a base URL ends with a slash, as in/);
    }
  });

  test("NUL in SQL and in values", async () => {
    const hrana = of("data");
    assert.deepEqual(await hrana.rows("SELECT ?, length(CAST(? AS BLOB))", ["a\0b", "a\0b"]), [["a\0b", 3]]);
    for (const sql of ["SELECT 'a\0b'", "SELECT 1\0", "SELECT 1; \0DROP TABLE data", "\0"]) {
      const { error } = await hrana.one(execute(sql));
      assert.match(error?.code ?? "none", /^SQL_(PARSE_ERROR|MANY_STATEMENTS|NO_STATEMENT)$/, JSON.stringify(sql));
    }
    const { error } = await hrana.one({ type: "sequence", sql: "SELECT 1;\0 DELETE FROM data" });
    assert.ok(error, "nothing is left out in silence");
  });

  test("lone surrogates become U+FFFD", async () => {
    const hrana = of("data");
    const escaped = JSON.stringify(statement("SELECT '\ud800', ?", ["x\udc00y"]));
    assert.match(escaped, /\\ud800.*\\udc00/);
    const { json } = await post(escaped);
    assert.deepEqual(rowsOf(json.results[0].response), [["\ufffd", "x\ufffdy"]]);
    assert.deepEqual(await hrana.rows("SELECT ?", ["😀"]), [["😀"]]);
  });

  test("bytes that are no UTF-8", async () => {
    const body = Buffer.from(JSON.stringify(statement("SELECT '@'")));
    body[body.indexOf("@")] = 0xff;
    const { status, json } = await post(body);
    assert.equal(status, 200);
    assert.deepEqual(rowsOf(json.results[0].response), [["\ufffd"]]);
  });

  test("10,000 requests, and 10,000 steps, in one body", async () => {
    const hrana = of("data");
    const { results } = await hrana.pipeline(Array(10_000).fill({ type: "get_autocommit" }).concat(CLOSE));
    assert.equal(results.length, 10_001);
    const steps = Array(10_000).fill({ stmt: { sql: "SELECT 1" } });
    const { result } = await hrana.one({ type: "batch", batch: { steps } });
    assert.equal(result.step_results.length, 10_000);
  });
});
