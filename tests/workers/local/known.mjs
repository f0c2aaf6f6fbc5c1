// Asks statements again and again, and tells every answer as text, values that JSON has no form for
// included: `POST /known` and `POST /crash`.

import { isolite } from "isolite/embedded";
import { Router } from "../../../bindings/js/wasm/index.js";

const VALUES = [
  null, 0, -0, 1, -1.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 53 - 1, 1e300, 5e-324, true, "",
  "a", "x".repeat(64), "x".repeat(65), "x".repeat(5_000), "é", "\u{1f600}", "\ud800", 'a"\\\n', "a\0b",
  "\ufeff", new Uint8Array([0, 255]), [],
];
const EXACT = [9_007_199_254_740_993n, -(2n ** 63n), 7n];
const STATEMENTS = [
  "SELECT 9007199254740993 AS a, 9223372036854775807 AS b, 9007199254740992.0 AS c, 1e17 AS d, -0.0 AS e",
  "SELECT x'' AS a, x'00ff' AS b, 9e999 AS c, -9e999 AS d, cast(x'ff41' AS TEXT) AS e, 'x' AS f",
  "SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS __proto__, 5 AS '', 6 AS \"1\"",
  "SELECT value AS n, 'text ' || value AS t, NULL AS z FROM json_each('[1,2,3,4,5]')",
  "SELECT 1 AS a WHERE 0",
  "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000) \
   SELECT x, hex(x), x / 7.0 AS y, zeroblob(2) AS z FROM c",
];
const OPTIONS = [{}, { bigint: true }, { blobs: "bytes" }, { bigint: true, blobs: "bytes" }];

/** Of each case the answers of the primary and those of memory, the first of them not yet known. */
export async function known(env) {
  const cases = [];
  for (const options of OPTIONS) {
    const primary = isolite(env, "local", { ...options, max_staleness_ms: 0 });
    const memory = isolite(env, "local", { ...options, max_staleness_ms: 60_000 });
    const values = options.bigint ? [...VALUES, ...EXACT] : VALUES;
    const all = [
      ...STATEMENTS.map((sql) => [sql, []]),
      ...values.map((value) => ["SELECT ? AS v, typeof(?1) AS t, hex(?1) AS h", [value]]),
      ["SELECT ? AS a, ? AS b, ? AS c, ? AS d", ["one", 2, null, "three"]],
      ["SELECT ? AS a, ? AS b", ["x".repeat(3_000), "y".repeat(3_000)]],
    ];
    for (const [sql, params] of all) {
      const answers = [await answer(primary, sql, params)];
      for (let i = 0; i < 3; i++) answers.push(await answer(memory, sql, params));
      cases.push({ sql, options, answers });
    }
  }
  return cases;
}

async function answer(database, sql, params) {
  const statement = database.prepare(sql).bind(...params);
  const { results, meta } = await statement.all();
  const { duration, timings, served_by_primary, ...counts } = meta;
  const first = await statement.first();
  const raw = await statement.raw({ columnNames: true });
  const told = tell([results, first, raw, Object.keys(meta), counts]);
  // What a caller does to an answer is not seen in the next.
  raw[0].fill("changed");
  return { told, served_by_primary };
}

function tell(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Uint8Array) return `bytes ${value}`;
  if (Array.isArray(value)) return `[${value.map(tell)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const plain = Object.getPrototypeOf(value) === Object.prototype;
  return `${plain}{${Object.entries(value).map(([key, each]) => `${key}:${tell(each)}`)}}`;
}

/** Ends the WebAssembly of this isolate, as a panic does. */
export function crash(env) {
  try {
    new Router(env).number({ length: 2 ** 32 - 1 });
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
  return {};
}
