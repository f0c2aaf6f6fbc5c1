// Aim: libSQL's clients and D1's face see one database. What the one was answered the other sees, by its
// bookmark or its replication_index, which count the same commits.
// Method: a Worker that has the database by a service binding and passes everything else on to Isolite;
// `@libsql/client` and Hrana by fetch through that Worker's front.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createClient } from "@libsql/client";

import { execute, Hrana } from "./support/hrana.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { isoliteConfiguration, TOKEN, WranglerDev } from "./support/wrangler.mjs";

let worker;
let hrana;
before(async () => {
  worker = await WranglerDev.start(["tests/workers/doors/wrangler.toml", isoliteConfiguration()]);
  await d1("CREATE TABLE t (n INTEGER PRIMARY KEY, door)");
  hrana = new Hrana(`${worker.origin}/db/doors`, TOKEN);
});
after(async () => {
  await worker?.stop();
  assertNoCrash(worker?.log ?? "");
});

/** Runs SQL in a session of D1's face; resolves with its rows, its bookmark and the txid in that. */
async function d1(sql, params, start) {
  const body = JSON.stringify({ sql, params, start });
  const response = await fetch(`${worker.origin}/d1`, { method: "POST", body });
  assert.equal(response.status, 200, await response.clone().text());
  const { results, bookmark } = await response.json();
  const [, high, low] = bookmark.split("-");
  return { results, bookmark, txid: Number(BigInt(`0x${high}${low}`)) };
}

/** The same by Hrana. */
async function libsql(sql, args) {
  const { json } = await hrana.post("/v3/pipeline", { requests: [execute(sql, args), { type: "close" }] });
  const { result } = json.results[0].response;
  return { rows: result.rows, txid: Number(result.replication_index) };
}

const client = (origin) => createClient({ url: `${origin}/db/doors/`, authToken: TOKEN });

describe("one house", () => {
  test("what libSQL's client writes D1 sees, by a bookmark of that commit", async () => {
    const written = await libsql("INSERT INTO t (door) VALUES (?)", ["libsql"]);
    const { results, txid } = await d1("SELECT count(*) AS n FROM t", [], "first-primary");
    assert.deepEqual([results[0].n, txid], [1, written.txid]);
  });

  test("what D1 writes libSQL's client sees, at the txid of its bookmark", async () => {
    const written = await d1("INSERT INTO t (door) VALUES (?)", ["d1"]);
    const { rows, txid } = await libsql("SELECT door FROM t ORDER BY n DESC LIMIT 1");
    assert.deepEqual([rows[0][0].value, txid], ["d1", written.txid]);
  });

  test("each commit is counted once, whichever door it comes by", async () => {
    let { txid } = await libsql("SELECT 1");
    for (let i = 0; i < 10; i++) {
      const insert = "INSERT INTO t (door) VALUES ('either')";
      ({ txid } = await (i % 2 ? d1(insert) : libsql(insert)).then((written) => {
        assert.equal(written.txid, txid + 1);
        return written;
      }));
    }
  });

  test("a session that goes on from its bookmark sees what was written elsewhere before", async () => {
    const { bookmark } = await d1("SELECT 1", [], "first-primary");
    const libsqls = client(worker.origin);
    try {
      const transaction = await libsqls.transaction("write");
      await transaction.execute("INSERT INTO t (door) VALUES ('transaction')");
      const count = "SELECT count(*) AS n FROM t WHERE door = 'transaction'";
      assert.equal((await d1(count, [], "first-primary")).results[0].n, 0);
      await transaction.commit();
      const after = await d1(count, [], "first-primary");
      assert.equal(after.results[0].n, 1);
      assert.ok(after.bookmark > bookmark);
      assert.equal((await d1(count, [], after.bookmark)).results[0].n, 1);
    } finally {
      libsqls.close();
    }
  });

  test("a write by D1 waits for a transaction of libSQL's client, and both are there", async () => {
    const libsqls = client(worker.origin);
    try {
      const transaction = await libsqls.transaction("write");
      await transaction.execute("INSERT INTO t (door) VALUES ('first')");
      let answered = false;
      const waiting = d1("INSERT INTO t (door) VALUES ('second')").then((it) => {
        answered = true;
        return it;
      });
      await transaction.execute("SELECT 1");
      assert.equal(answered, false);
      await transaction.commit();
      await waiting;
      const { results } = await d1("SELECT door FROM t ORDER BY n DESC LIMIT 2", [], "first-primary");
      assert.deepEqual(results.map(({ door }) => door), ["second", "first"]);
    } finally {
      libsqls.close();
    }
  });
});
