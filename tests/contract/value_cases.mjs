// Values of each type: bound, stored, and back.

import { all, exotic, first, notInRust, raw, run } from "./step.mjs";

const BOUND = "SELECT ?1 AS v, typeof(?1) AS t";

/** What a bound value comes back as, and the type that SQLite sees. */
const roundTrips = [
  ["an integer", 42, 42, "real"],
  ["a negative integer", -7, -7, "real"],
  ["a fraction", 1.5, 1.5, "real"],
  ["the smallest fraction", 5e-324, 5e-324, "real"],
  ["a large number", 1e20, 1e20, "real"],
  ["2^53", 9007199254740992, 9007199254740992, "real"],
  ["zero", 0, 0, "real"],
  ["text", "hello", "hello", "text"],
  ["empty text", "", "", "text"],
  ["text outside ASCII", "é ñ 漢字 😀 \u2028", "é ñ 漢字 😀 \u2028", "text"],
  ["text with quotes and controls", "'\"\\\n\t\u0001", "'\"\\\n\t\u0001", "text"],
  ["text that looks like a number", "0012", "0012", "text"],
  ["true", true, 1, "real"],
  ["false", false, 0, "real"],
  ["null", null, null, "null"],
  ["bytes", [0, 1, 128, 255], [0, 1, 128, 255], "blob"],
  ["no bytes", [], [], "blob"],
].map(([name, bound, back, type]) => ({
  name: `binds ${name}`,
  steps: [all(BOUND, bound).gives([{ v: back, t: type }])],
}));

const FINITE = "the local runtime's service refuses it by RPC";

const exotics = [
  ["NaN", null, "null"],
  ["Infinity", null, "null"],
  ["-0", 0, "real"],
  ["ArrayBuffer", [1, 2, 255], "blob"],
  ["Uint8Array", [1, 2, 255], "blob"],
  ["DataView", [], "blob"],
].map(([name, back, type]) => ({
  name: `binds ${name}`,
  except: ["NaN", "Infinity"].includes(name) ? { d1_rpc: FINITE } : {},
  steps: [all(BOUND, exotic(name)).gives([{ v: back, t: type }])],
}));

const refusals = [
  ["undefined", "Type 'undefined' not supported for value 'undefined'"],
  ["bigint", "Type 'bigint' not supported for value '5'", { rust: "it is bound, as INTEGER" }],
  ["object", "Type 'object' not supported for value '[object Object]'"],
  ["function", "Type 'function' not supported for value '() => 1'",
    notInRust("Rust has no function with a text")],
].map(([name, text, except]) => ({
  name: `refuses to bind ${name}`,
  except,
  steps: [all(BOUND, exotic(name)).fails(`D1_TYPE_ERROR: ${text}`)],
}));

export const valueCases = [
  ...roundTrips,
  ...exotics,
  ...refusals,
  {
    name: "binds typed arrays by their elements, as D1 does",
    steps: [
      first("SELECT hex(?) AS h", exotic("Float32Array")).gives({ h: "0102FF2C" }),
    ],
  },
  {
    name: "refuses arrays of anything but bytes",
    steps: [
      all(BOUND, ["a"]).fails("D1_TYPE_ERROR: Type 'object' not supported for value 'a'"),
      all(BOUND, [256]).fails("D1_TYPE_ERROR: Type 'object' not supported for value '256'"),
      all(BOUND, [[1]]).fails("D1_TYPE_ERROR: Type 'object' not supported for value '1'"),
    ],
  },
  {
    name: "cannot send a symbol or a 64-bit array",
    protocol: "http",
    steps: [
      all(BOUND, exotic("symbol")).throws({ type: "TypeError" }),
      all(BOUND, exotic("BigInt64Array")).throws({ type: "TypeError" }),
    ],
  },
  {
    name: "column affinities decide what a number is stored as",
    steps: [
      run("CREATE TABLE t (i INTEGER, r REAL, t TEXT, b BLOB, n)"),
      run("INSERT INTO t VALUES (?1, ?1, ?1, ?1, ?1)", 7),
      raw("SELECT typeof(i), typeof(r), typeof(t), typeof(b), typeof(n), t FROM t").gives([
        ["integer", "real", "text", "real", "real", "7.0"],
      ]),
    ],
  },
  {
    name: "values in a table of every type",
    steps: [
      run("CREATE TABLE t (a INTEGER PRIMARY KEY, b REAL, c TEXT, d BLOB) STRICT"),
      run("INSERT INTO t VALUES (?, ?, ?, ?)", 1, 2.5, "three", [4]),
      run("INSERT INTO t (b) VALUES (?)", null),
      all("SELECT * FROM t").gives([
        { a: 1, b: 2.5, c: "three", d: [4] },
        { a: 2, b: null, c: null, d: null },
      ]),
    ],
  },
  {
    name: "literals of SQL",
    steps: [
      raw("SELECT 1, -1.5, 'x', x'00ff', NULL, 1e20, 0.1, 1.0").gives([
        [1, -1.5, "x", [0, 255], null, 100000000000000000000, 0.1, 1],
      ]),
    ],
  },
  {
    name: "integers beyond 2^53 come rounded",
    steps: [
      raw("SELECT 9007199254740993, 9223372036854775807, -9223372036854775808").gives([
        [9007199254740992, 9223372036854775807, -9223372036854775808],
      ]),
    ],
  },
  {
    name: "numbers that are not finite come as null",
    steps: [raw("SELECT 1e999, -1e999, 0.0 / 0").gives([[null, null, null]])],
  },
  {
    name: "text with a NUL in it",
    steps: [raw("SELECT 'a' || char(0) || 'b'").gives([["a\u0000b"]])],
  },
  {
    name: "text that is no UTF-8 comes with replacement characters",
    steps: [raw("SELECT CAST(x'61ff62' AS TEXT)").gives([["a\ufffdb"]])],
  },
  {
    name: "a large text and a large blob",
    steps: [
      first("SELECT length(?1) AS n, ?1 AS v", "x".repeat(100_000)).satisfies(({ n, v }) => {
        if (n !== 100_000 || v !== "x".repeat(100_000)) throw new Error("another text");
      }),
      first("SELECT length(?) AS n", Array(10_000).fill(200)).gives({ n: 10_000 }),
    ],
  },
];
