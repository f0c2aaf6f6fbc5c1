// Aim: a token opens to libSQL's clients what it is for and nothing else, by HTTP and by WebSocket; a
// database's own keys stand before the Worker's, and take effect at once where they are changed; and nobody
// who reads the log learns a secret.
// Method: one running Worker with a key; tokens of REST, and tokens and keys made by `isolite token`. What
// must not be written is looked for by the configuration's token. The whole log is searched at the end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { CLOSE, execute, Hrana, HranaSocket } from "./support/hrana.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const program = inRepository("bindings/js/src/cli/main.js");
const cwd = temporaryDirectory("keys");
const secrets = [TOKEN];

/** What `isolite token` prints. */
async function isoliteToken(...args) {
  const child = spawn(process.execPath, [program, "token", ...args], { cwd });
  const [output, told] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.ok(output, told);
  return output.trim();
}

/** A new key: what is public of it. */
async function makeKey(name) {
  const publicText = await isoliteToken("keys", "--out", name);
  secrets.push(readFileSync(join(cwd, name), "utf8").split("\n")[1]);
  return publicText;
}

async function jwt(key, ...args) {
  const token = await isoliteToken("create", "--key", key, ...args);
  secrets.push(token, token.split(".")[2]);
  return token;
}

let server;
let admin;
const ids = {};
const keys = {};
before(async () => {
  for (const name of ["server", "own", "other"]) keys[name] = await makeKey(name);
  const configuration = await bundle({ vars: { ISOLITE_JWT_KEY: keys.server } });
  server = await PlainWorkerd.start(configuration, { state: temporaryDirectory("access"), token: TOKEN });
  admin = new RestClient(server.origin, TOKEN);
  for (const name of ["mine", "yours"]) await create(name);
});
after(async () => {
  await server?.crash();
  assertNoCrash(server.log);
  for (const secret of secrets) assert.ok(!server.log.includes(secret), "the log has a secret");
});

async function create(name) {
  ids[name] = (await admin.create(name)).uuid;
  await admin.query(name, `CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX tb ON t (b);
    INSERT INTO t VALUES (1, 'x')`);
}

const of = (name, token) => new Hrana(`${server.origin}/db/${name}`, token);

const READ = { requests: [execute("SELECT count(*) FROM t"), CLOSE] };

/** The status of a read, or the code of its error. */
async function reads(name, token) {
  const { status, json } = await of(name, token).post("/v3/pipeline", READ);
  if (status !== 200) return status;
  return json.results[0].error?.code ?? 200;
}

/** The same of a write, which leaves nothing. */
async function writes(name, token) {
  const { status, json } = await of(name, token).post("/v3/pipeline", {
    requests: [execute("UPDATE t SET b = 'x' WHERE a = 1"), CLOSE],
  });
  if (status !== 200) return status;
  return json.results[0].error?.code ?? 200;
}

/** What a socket with a token may do. */
async function overSocket(name, token) {
  const socket = await new HranaSocket(`${server.origin}/db/${name}`).opened();
  try {
    const { type, error } = await socket.hello(token);
    if (type !== "hello_ok") return error.code;
    await socket.openStream(1);
    const wrote = await socket.run(1, "UPDATE t SET b = 'x' WHERE a = 1");
    return wrote.error?.code ?? "writes";
  } finally {
    await socket.close();
  }
}

const restToken = async (body) => {
  const { id, value } = await admin.result("POST", "/../tokens", body);
  secrets.push(value);
  return { id, value };
};

/** Everything by which a statement could write. */
const WRITES = [
  "INSERT INTO t VALUES (2, 'no')", "UPDATE t SET b = 'no'", "DELETE FROM t",
  "REPLACE INTO t VALUES (1, 'no')", "WITH x AS (SELECT 7) INSERT INTO t SELECT 7, 'no' FROM x RETURNING a",
  "CREATE TABLE u (a)", "DROP TABLE t", "ALTER TABLE t ADD COLUMN c", "CREATE INDEX i ON t (b)",
  "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE VIEW v AS SELECT 1",
  "CREATE TEMP TABLE w (a)", "REINDEX", "ANALYZE", "VACUUM", "PRAGMA user_version = 7",
  "PRAGMA application_id = 7", "PRAGMA optimize", "PRAGMA journal_mode = DELETE",
  "PRAGMA writable_schema = ON", "REINDEX tb", "ATTACH 'x' AS y", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE",
];

/** With a token that may only read, nothing is written in any way. */
async function assertReadsOnly(name, token) {
  const all = of(name, TOKEN);
  const look = async () => [
    await all.rows(`SELECT (SELECT group_concat(a || b) FROM t),
      (SELECT group_concat(name || sql) FROM sqlite_schema)`),
    (await admin.result("GET", `/${name}/time_travel/bookmark`)).bookmark,
  ];
  const before = await look();
  const reader = of(name, token);
  assert.deepEqual(await reader.rows("SELECT count(*) FROM t"), [[1]]);
  for (const sql of WRITES) {
    for (const request of [
      execute(sql), { type: "sequence", sql: `SELECT 1; ${sql}` },
      { type: "batch", batch: { steps: [{ stmt: { sql } }] } },
    ]) {
      const answer = await reader.one(request);
      const error = answer.error ?? answer.result?.step_errors?.[0];
      // Some of them do nothing here, whoever asks.
      if (!error) assert.match(sql, /^PRAGMA (optimize|journal_mode|writable_schema)/);
    }
    const cursor = await reader.post("/v3/cursor", { batch: { steps: [{ stmt: { sql } }] } });
    await reader.pipeline([CLOSE], JSON.parse(cursor.text.split("\n")[0]).baton);
    for (const begin of ["BEGIN", "BEGIN TRANSACTION READONLY", "SAVEPOINT s"]) {
      const stream = reader.stream();
      await stream.run(begin);
      await stream.run("SELECT * FROM t");
      await stream.run(sql);
      await stream.run("COMMIT");
      await stream.close();
    }
    assert.deepEqual(await look(), before, sql);
  }
  for (const sql of WRITES.slice(0, 11)) {
    const { error } = await reader.one(execute(sql));
    assert.equal(error.code, "BLOCKED", `${sql}: ${error.message}`);
  }
  const locked = reader.stream();
  assert.equal(await locked.code("BEGIN IMMEDIATE"), "BLOCKED");
  assert.equal(await writes(name, TOKEN), 200, "a reader holds no lock");
  await locked.close();
}

describe("without a token, or with one that nobody made", () => {
  test("nothing is told", async () => {
    for (const token of [undefined, "", "wrong", `${TOKEN}x`, "a.b.c", "eyJ.eyJ.x", "é"]) {
      if (token !== "é") assert.equal(await reads("mine", token), 401, token);
      assert.equal(await overSocket("mine", token), "AUTH_FAILED", token);
    }
    for (const path of ["/dump", "/info", "/export/1", "/sync/1/1/2"]) {
      assert.equal((await of("mine").get(path)).status, 401, path);
    }
    const { json, headers } = await of("mine").post("/v3/pipeline", READ);
    assert.equal(json.code, "AUTH_FAILED");
    assert.equal(json.error, json.message);
    assert.equal(headers.get("content-type"), "application/json");
  });

  test("other schemes than Bearer are none", async () => {
    for (const authorization of [TOKEN, `Basic ${TOKEN}`, `bearer${TOKEN}`, "Bearer"]) {
      const { status } = await of("mine").post("/v3/pipeline", READ, { authorization });
      assert.equal(status, 401, authorization);
    }
  });

  test("the body is not looked at before the token", async () => {
    assert.equal((await of("mine", "wrong").post("/v3/pipeline", "nonsense")).status, 401);
  });
});

describe("a token of REST", () => {
  test("of the configuration may everything", async () => {
    assert.deepEqual([await reads("mine", TOKEN), await writes("mine", TOKEN)], [200, 200]);
    assert.equal(await overSocket("mine", TOKEN), "writes");
  });

  test("may what it may by REST", async () => {
    for (const [body, mine, yours] of [
      [{ access: "write" }, [200, 200, "writes"], [200, 200, "writes"]],
      [{ access: "read" }, [200, "BLOCKED", "BLOCKED"], [200, "BLOCKED", "BLOCKED"]],
      [{ access: "write", database: "mine" }, [200, 200, "writes"], [403, 403, "BLOCKED"]],
      [{ access: "read", database: "mine" }, [200, "BLOCKED", "BLOCKED"], [403, 403, "BLOCKED"]],
    ]) {
      const { value } = await restToken(body);
      const may = async (name) => [await reads(name, value), await writes(name, value), await overSocket(name, value)];
      assert.deepEqual(await may("mine"), mine, JSON.stringify(body));
      assert.deepEqual(await may("yours"), yours, JSON.stringify(body));
    }
  });

  test("that may read writes by no statement", async () => {
    await create("read-by-token");
    await assertReadsOnly("read-by-token", (await restToken({ access: "read" })).value);
  });

  test("that was revoked, or has expired, is of no use", async () => {
    const { id, value } = await restToken({ access: "write" });
    assert.equal(await reads("mine", value), 200);
    await admin.result("DELETE", `/../tokens/${id}`);
    assert.equal(await reads("mine", value), 401);
    assert.equal(await overSocket("mine", value), "AUTH_FAILED");
    const expires_at = new Date(Date.now() + 300).toISOString();
    const { value: brief } = await restToken({ access: "write", expires_at });
    await sleep(400);
    assert.equal(await reads("mine", brief), 401);
  });

  test("that may read does not continue as more in a stream that may write", async () => {
    const writer = of("mine", TOKEN).stream();
    await writer.run("SELECT 1");
    const { value } = await restToken({ access: "read" });
    const { json } = await of("mine", value).post("/v3/pipeline", {
      baton: writer.baton, requests: [execute("INSERT INTO t VALUES (5, 'no')"), CLOSE],
    });
    assert.equal(json.results[0].error.code, "BLOCKED");
  });
});

describe("a token of libSQL's", () => {
  test("signed by the Worker's key opens every database without one of its own", async () => {
    const token = await jwt("server");
    assert.deepEqual([await reads("mine", token), await writes("yours", token)], [200, 200]);
    assert.equal(await overSocket("mine", token), "writes");
    assert.equal((await of("mine", token).get("/dump")).status, 200);
    // It is none of REST's.
    assert.equal((await new RestClient(server.origin, token).request("GET", "")).status, 401);
  });

  test("for one database opens that one, by its name or by its id", async () => {
    for (const database of ["mine", ids.mine]) {
      const token = await jwt("server", "--database", database);
      assert.equal(await writes("mine", token), 200, database);
      assert.equal(await reads("yours", token), 401, database);
      assert.equal(await overSocket("yours", token), "AUTH_FAILED", database);
    }
  });

  test("that may read writes by no statement", async () => {
    await create("read-by-jwt");
    const token = await jwt("server", "--read-only");
    await assertReadsOnly("read-by-jwt", token);
    assert.equal(await overSocket("read-by-jwt", token), "BLOCKED");
  });

  test("is refused where it has expired, was changed, or is of another key", async () => {
    const brief = await jwt("server", "--expires", "2s");
    assert.equal(await reads("mine", brief), 200);
    const [header, claims, signature] = (await jwt("server", "--read-only")).split(".");
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const changed = signature[10] === "A" ? "B" : "A";
    for (const [what, token] of [
      ["another key", await jwt("other")],
      ["other claims", [header, part({ a: "rw" }), signature].join(".")],
      ["another signature", [header, claims, signature.slice(0, 10) + changed + signature.slice(11)].join(".")],
      ["no signature", [header, claims, ""].join(".")],
      ["another algorithm", [part({ alg: "none", typ: "JWT" }), claims, ""].join(".")],
      ["the public key as a secret", [part({ alg: "HS256", typ: "JWT" }), claims, signature].join(".")],
      ["half of it", [header, claims].join(".")],
    ]) {
      assert.equal(await reads("mine", token), 401, what);
      assert.equal(await overSocket("mine", token), "AUTH_FAILED", what);
    }
    await sleep(2_500);
    assert.equal(await reads("mine", brief), 401, "it has expired");
  });
});

describe("a database's own key", () => {
  const set = (name, jwt_key) => admin.result("PATCH", `/${name}`, { jwt_key });

  test("stands before the Worker's", async () => {
    await create("own-key");
    const [ofServer, ofOwn] = [await jwt("server"), await jwt("own")];
    assert.deepEqual([await reads("own-key", ofServer), await reads("own-key", ofOwn)], [200, 401]);
    await set("own-key", keys.own);
    assert.deepEqual([await reads("own-key", ofServer), await reads("own-key", ofOwn)], [401, 200]);
    assert.equal(await overSocket("own-key", ofOwn), "writes");
    assert.equal(await overSocket("own-key", ofServer), "AUTH_FAILED");
    assert.equal(await reads("mine", ofOwn), 401, "it is of that database alone");
    assert.equal(await reads("own-key", TOKEN), 200);
  });

  test("that is changed takes effect at once, also for those who were let in before", async () => {
    await create("changing");
    const tokens = { server: await jwt("server"), own: await jwt("own"), other: await jwt("other") };
    for (const [key, opens] of [
      [keys.own, "own"], [keys.other, "other"], [null, "server"], [keys.own, "own"],
    ]) {
      // So that what is known of the database is in use.
      for (const token of Object.values(tokens)) await reads("changing", token);
      await set("changing", key);
      for (const [name, token] of Object.entries(tokens)) {
        const expected = name === opens ? 200 : 401;
        assert.equal(await reads("changing", token), expected, `${name} after ${opens}`);
        const spoken = await overSocket("changing", token);
        assert.equal(spoken, expected === 200 ? "writes" : "AUTH_FAILED", `${name} after ${opens}`);
      }
    }
  });

  test("that is changed ends what others dump and follow, too", async () => {
    await create("followed");
    const ofServer = await jwt("server");
    for (const path of ["/dump", "/info"]) assert.equal((await of("followed", ofServer).get(path)).status, 200);
    await set("followed", keys.own);
    for (const path of ["/dump", "/info", "/export/1", "/sync/1/1/2"]) {
      assert.equal((await of("followed", ofServer).get(path)).status, 401, path);
    }
  });

  test("that is changed: a stream is continued by those alone whom the new one lets in", async () => {
    await create("streaming");
    const [ofServer, ofOwn] = [await jwt("server"), await jwt("own")];
    const stream = of("streaming", ofServer).stream();
    await stream.run("SELECT 1");
    await set("streaming", keys.own);
    assert.equal((await stream.post([execute("SELECT 2")])).status, 401);
    assert.equal(await reads("streaming", ofOwn), 200);
  });

  test("may be several, and what is none is refused as it is set", async () => {
    await create("several");
    await set("several", `${keys.own}, ${keys.other}`);
    const [ofOwn, ofOther, ofServer] = [await jwt("own"), await jwt("other"), await jwt("server")];
    assert.deepEqual(
      [await reads("several", ofOwn), await reads("several", ofOther), await reads("several", ofServer)],
      [200, 200, 401],
    );
    const { status } = await admin.request("PATCH", "/several", { jwt_key: "nonsense" });
    assert.equal(status, 400);
    assert.equal(await reads("several", ofOwn), 200);
  });
});
