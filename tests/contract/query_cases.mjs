// `query`, D1's own RPC method as it is handed to programs: rows as they are, values unconverted,
// bookmarks in plain sight. D1's class has it only with the flag `d1_binding_jsrpc`.

import assert from "node:assert/strict";

import { all, exotic, notInRust, query, run } from "./step.mjs";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;
const FLAG = "D1's class has `query` only with its flag";
const RUST = "worker's D1 has no such method";
const LOCAL = "the local runtime's service refuses what D1's class lets through";

/** Each result must be of raw rows and have a meta; of these the columns and rows are compared. */
const answers =
  (...expected) =>
  ({ results }) => {
    for (const { meta, data } of results) {
      assert.equal(data.kind, "raw");
      assert.equal(typeof meta.changes, "number");
      assert.equal(typeof meta.duration, "number");
    }
    assert.deepEqual(results.map(({ data }) => [data.columns, data.rows]), expected);
  };

const cases = [
  {
    name: "query gives columns and rows of each statement",
    steps: [
      query("SELECT 1 AS a, 'x' AS b, 2 AS a").satisfies(
        answers([["a", "b", "a"], [[1, "x", 2]]]),
      ),
      query("CREATE TABLE t (a)", ["INSERT INTO t VALUES (?), (?)", "x", null], "SELECT a FROM t")
        .satisfies(answers([[], []], [[], []], [["a"], [["x"], [null]]])),
      query("SELECT a FROM t WHERE 0").satisfies(answers([["a"], []])),
    ],
  },
  {
    name: "query has no bookmark without one, and gives the newest for one",
    steps: [
      run("CREATE TABLE t (a)"),
      query("SELECT 1").satisfies((response) => assert.equal("bookmark" in response, false)),
      query("INSERT INTO t VALUES (1)").at("first-primary")
        .satisfies(({ bookmark }) => assert.match(bookmark, BOOKMARK)),
      query("INSERT INTO t VALUES (2)").at("previous").satisfies(({ bookmark }, earlier) => {
        assert.match(bookmark, BOOKMARK);
        assert.ok(earlier.at(-1).bookmark.localeCompare(bookmark) < 0);
      }),
      query("SELECT a FROM t").at("previous").satisfies(answers([["a"], [[1], [2]]])),
    ],
  },
  {
    name: "query is one transaction, and fails without a code",
    steps: [
      run("CREATE TABLE t (a)"),
      query("INSERT INTO t VALUES (1)", "SELECT * FROM nope").throws({
        type: "Error",
        message: "no such table: nope: SQLITE_ERROR",
      }),
      all("SELECT * FROM t").gives([]),
      query().throws({ message: "No SQL statements detected." }),
    ],
  },
  {
    name: "query binds numbers as D1 does",
    steps: [
      query(["SELECT typeof(?1), typeof(?2), typeof(?3)", 1, "a", null]).satisfies(
        ({ results }) => assert.deepEqual(results[0].data.rows, [["real", "text", "null"]]),
      ),
    ],
  },
  {
    name: "query binds a BigInt as an INTEGER of 64 bits",
    except: { d1_rpc: LOCAL },
    steps: ["5", "9007199254740993", "9223372036854775807", "-9223372036854775808"].map((digits) =>
      query(["SELECT typeof(?1), CAST(?1 AS TEXT)", exotic("bigint", digits)]).satisfies(
        ({ results }) => assert.deepEqual(results[0].data.rows, [["integer", digits]]),
      ),
    ),
  },
  {
    name: "query binds bytes as they are",
    except: { d1_rpc: LOCAL },
    steps: [
      ["ArrayBuffer", "0102FF"],
      ["Uint8Array", "0102FF"],
      ["Uint16Array", "01000201"],
      ["DataView", "00000000"],
    ].map(([name, hex]) =>
      query(["SELECT typeof(?1), hex(?1)", exotic(name)]).satisfies(({ results }) =>
        assert.deepEqual(results[0].data.rows, [["blob", hex]]),
      ),
    ),
  },
  {
    name: "query refuses what is no value of SQL",
    except: { d1_rpc: LOCAL },
    steps: [
      ["undefined", "Type 'undefined' not supported for value 'undefined'"],
      ["object", "Type 'object' not supported for value '[object Object]'"],
      ["wide", "The integer 9223372036854775808 has more than 64 bits"],
    ].map(([name, text]) =>
      query(["SELECT ?", exotic(name)]).throws({ message: `D1_TYPE_ERROR: ${text}` }),
    ),
  },
];

export const queryCases = cases.map(({ except, ...each }) => ({
  ...each,
  except: { ...notInRust(RUST), d1: FLAG, cloudflare: FLAG, plugin: FLAG, ...except },
}));
