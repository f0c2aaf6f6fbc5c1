// Aim: a scrape by Prometheus tells of each database what was done with it, in a text that Prometheus
// reads; it costs no more than it is allowed to, and its token opens nothing else.
// Method: the Isolite Worker in workerd, over REST and Hrana. The text is read by a parser of Prometheus's
// format, and what it must be besides is looked at line by line.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { createClient } from "@libsql/client";
import parsePrometheusTextFormat from "parse-prometheus-text-format";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const METRICS_TOKEN = "token-for-metrics-alone";
const ids = {};
let server;
let rest;
before(async () => {
  const vars = { ISOLITE_METRICS_TOKEN: METRICS_TOKEN, ISOLITE_LOCK_WAIT_MS_MAX: "1000" };
  const configuration = await bundle({ vars });
  const state = temporaryDirectory("metrics");
  server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
  for (const name of ["busy", "idle", "other"]) ids[name] = (await rest.create(name)).uuid;
});
after(async () => {
  await server?.crash();
  assertNoCrash(server?.log ?? "");
  for (const secret of [TOKEN, METRICS_TOKEN]) assert.ok(!server.log.includes(secret));
});

async function scrape(query = "", { token = METRICS_TOKEN, headers = {} } = {}) {
  const response = await fetch(`${server.origin}/metrics${query}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text };
}

/** The families by name, each a map from labels to value. */
async function families(query) {
  const { status, text } = await scrape(query);
  assert.equal(status, 200, text);
  return new Map(parsePrometheusTextFormat(text).map((family) => [family.name, family]));
}

/** The value of the one sample with these labels. */
function value(all, name, labels = {}) {
  const matches = ({ labels: own = {} }) =>
    Object.entries(labels).every(([label, text]) => own[label] === text);
  const found = all.get(name)?.metrics.filter(matches) ?? [];
  assert.equal(found.length, 1, `${name} ${JSON.stringify(labels)}: ${found.length}`);
  return Number(found[0].value);
}

const of = (name) => ({ database: name, database_id: ids[name] });

describe("a scrape", () => {
  test("is in Prometheus's format, version 0.0.4", async () => {
    const { status, type, text } = await scrape();
    assert.deepEqual([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    assert.ok(text.endsWith("\n"));
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?[\d.e+-]+|[+-]Inf|NaN)$/;
    const [begun, series] = [new Set(), new Set()];
    let family;
    for (const line of text.trimEnd().split("\n")) {
      const [, what, name, kind] = line.match(/^# (HELP|TYPE) (\S+) (.+)$/) ?? [];
      if (what === "HELP") {
        assert.ok(!begun.has(name), `${name} twice`);
        begun.add(name);
        family = name;
      } else if (what === "TYPE") {
        assert.equal(name, family);
        assert.match(kind, /^(counter|gauge|histogram)$/);
        assert.equal(name.endsWith("_total"), kind === "counter", name);
      } else {
        const [, own, labels = ""] = line.match(sample) ?? assert.fail(line);
        assert.equal(own.replace(/_(bucket|sum|count)$/, ""), family, line);
        assert.ok(!series.has(own + labels), `${own}${labels} twice`);
        series.add(own + labels);
      }
    }
    for (const name of begun) assert.match(name, /^isolite_/);
  });

  test("each metric is documented, and no other", async () => {
    const docs = readFileSync(inRepository("docs/operations.md"), "utf8");
    const table = docs.split("### What there is")[1].split("\n##")[0];
    const documented = new Set(table.match(/(?<=^\| `)isolite_[a-z_]+/gm));
    const told = (await scrape()).text.match(/(?<=^# TYPE )\S+/gm);
    assert.deepEqual([...documented].sort(), [...told].sort());
  });

  test("counts what was run", async () => {
    await rest.query("busy", "CREATE TABLE t (id INTEGER PRIMARY KEY, n)");
    const before = await families();
    await rest.query("busy", "INSERT INTO t (n) VALUES (1), (2), (3)");
    for (let i = 0; i < 5; i++) await rest.query("busy", "SELECT n FROM t");
    const client = createClient({ url: `${server.origin}/db/busy/`, authToken: TOKEN });
    await client.execute("INSERT INTO t (n) VALUES (4)");
    await client.execute("SELECT n FROM t");
    const { status } = await rest.request("POST", "/busy/query", { sql: "SELECT nothing" });
    assert.equal(status, 400);
    await assert.rejects(client.execute("SELECT nothing"));
    client.close();
    const all = await families();
    const grown = (name, more = {}) => {
      const labels = { ...of("busy"), ...more };
      return value(all, name, labels) - value(before, name, labels);
    };
    assert.equal(grown("isolite_queries_total", { kind: "read" }), 6);
    assert.equal(grown("isolite_queries_total", { kind: "write" }), 2);
    assert.equal(grown("isolite_query_errors_total", { kind: "sql" }), 2);
    assert.equal(grown("isolite_query_errors_total", { kind: "internal" }), 0);
    assert.equal(grown("isolite_rows_returned_total"), 5 * 3 + 4);
    assert.equal(grown("isolite_rows_read_total"), 5 * 3 + 4);
    assert.equal(grown("isolite_rows_written_total"), 4);
    assert.equal(grown("isolite_txid"), 2);
    assert.equal(grown("isolite_log_commits"), 2);
    assert.ok(grown("isolite_log_bytes") > 0);
    assert.equal(value(all, "isolite_database_size_bytes", of("busy")), 2 * 4096);
    // Of a histogram the parser knows its buckets alone, and not those of several databases apart.
    const { text } = await scrape("?database=busy");
    const [{ metrics: [{ buckets }] }] = parsePrometheusTextFormat(text)
      .filter(({ type }) => type === "HISTOGRAM");
    const counts = Object.entries(buckets)
      .sort(([a], [b]) => Number(a.replace("+Inf", "Infinity")) - Number(b.replace("+Inf", "Infinity")))
      .map(([, count]) => Number(count));
    assert.deepEqual(counts, counts.toSorted((a, b) => a - b));
    const [, count] = text.match(/^isolite_query_duration_seconds_count\{.*\} (\d+)$/m);
    assert.deepEqual([counts.at(-1), Number(count)], [9, 9]);
    assert.match(text, /^isolite_query_duration_seconds_sum\{.*\} [\d.]+$/m);
    assert.ok(value(all, "isolite_primary_start_time_seconds", of("busy")) <= Date.now() / 1_000);
    // Of another one nothing was counted.
    assert.equal(value(all, "isolite_queries_total", { ...of("idle"), kind: "read" }), 0);
  });

  test("shows an open transaction, and who waits for it", async () => {
    const client = createClient({ url: `${server.origin}/db/busy/`, authToken: TOKEN });
    const transaction = await client.transaction("write");
    await transaction.execute("INSERT INTO t (n) VALUES (5)");
    const writes = rest.request("POST", "/busy/query", { sql: "INSERT INTO t (n) VALUES (6)" });
    let waiting;
    do waiting = await families("?database=busy");
    while (value(waiting, "isolite_write_lock_waiters") === 0);
    assert.equal(value(waiting, "isolite_write_lock_waiters"), 1);
    assert.equal(value(waiting, "isolite_transactions_open"), 1);
    assert.equal(value(waiting, "isolite_write_lock_held"), 1);
    assert.match((await writes).envelope.errors[0].message, /another transaction|others/i);
    const refused = { ...of("busy"), kind: "refused" };
    const after = await families("?database=busy");
    assert.equal(value(after, "isolite_query_errors_total", refused), 1);
    assert.equal(value(after, "isolite_write_lock_waiters"), 0);
    await transaction.rollback();
    client.close();
    assert.equal(value(await families("?database=busy"), "isolite_write_lock_held"), 0);
  });

  test("is of the databases that are named, a page, or as many as are allowed", async () => {
    const ups = (all) => all.get("isolite_up").metrics.map(({ labels }) => labels.database);
    const named = await families(`?database=idle&database=${ids.busy}&database=nobody`);
    assert.deepEqual(ups(named), ["idle", "busy", "nobody"]);
    assert.equal(value(named, "isolite_up", { database: "nobody", database_id: "" }), 0);
    assert.equal(value(named, "isolite_up", of("busy")), 1);
    const all = await families();
    assert.deepEqual(ups(all).sort(), ["busy", "idle", "other"]);
    assert.equal(value(all, "isolite_databases"), 3);
    assert.equal(value(all, "isolite_databases_omitted"), 0);
    const pages = [await families("?limit=2"), await families("?limit=2&page=2")];
    assert.deepEqual(pages.map((page) => ups(page).length), [2, 1]);
    assert.deepEqual(pages.flatMap(ups).sort(), ["busy", "idle", "other"]);
    assert.equal(value(pages[0], "isolite_databases_omitted"), 1);
  });

  test("a name with what must be escaped is read as it is", async () => {
    const strange = encodeURIComponent('a"b\\c\nd');
    const all = await families(`?database=${strange}`);
    assert.equal(all.get("isolite_up").metrics.length, 1);
    const { text } = await scrape(`?database=${strange}`);
    assert.ok(text.includes('isolite_up{database="a\\"b\\\\c\\nd",database_id=""} 0\n'), text);
  });
});

describe("who may", () => {
  test("the admin's token, one to read all, and one for this alone", async () => {
    const made = await rest.result("POST", "/../tokens", { access: "read" });
    const one = await rest.result("POST", "/../tokens", { access: "write", database: "busy" });
    for (const [token, status] of [
      [TOKEN, 200], [METRICS_TOKEN, 200], [made.value, 200], [one.value, 403], ["another", 401], ["", 401],
    ]) {
      assert.equal((await scrape("", { token })).status, status, token);
    }
  });

  test("the token for metrics opens nothing else", async () => {
    const client = new RestClient(server.origin, METRICS_TOKEN);
    for (const [method, path, body] of [
      ["GET", ""], ["GET", "/busy"], ["GET", "/busy/replicas"], ["GET", "/busy/export"],
      ["POST", "/busy/query", { sql: "SELECT 1" }], ["GET", "/../tokens"], ["DELETE", "/busy"],
    ]) {
      assert.equal((await client.request(method, path, body)).status, 401, `${method} ${path}`);
    }
    const hrana = createClient({ url: `${server.origin}/db/busy/`, authToken: METRICS_TOKEN });
    await assert.rejects(hrana.execute("SELECT 1"), /AUTH_FAILED/);
    hrana.close();
  });

  test("another method is refused", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { status } = await fetch(`${server.origin}/metrics`, { method: "POST", headers });
    assert.equal(status, 405);
  });
});
