// Statements at D1's limits, within and beyond. Beyond them Isolite goes on: these are wanted.

import { batch, run } from "../contract/step.mjs";
import { times, topic } from "./case.mjs";

const parameters = (count) => [`SELECT ${times(count, "?", " + ")} AS sum`,
...Array(count).fill(1)];
const columns = (count) => Array.from({ length: count }, (_, n) => `c${n}`).join(", ");
const compound = (count) => `SELECT ${times(count, "1", " UNION ALL SELECT ")} AS one`;
const chain = (length) =>
  batch(
    ...Array.from({ length: length + 1 }, (_, n) => `CREATE TABLE c${n} (a)`),
    ...Array.from({ length }, (_,
    n) => `CREATE TRIGGER g${n} AFTER INSERT ON c${n} BEGIN INSERT INTO c${n + 1} VALUES (NEW.a); END`),
  );

export const limits = topic("limits", {
  "100 parameters": [
    [`SELECT ?${times(99, ", ?", "")}`, ...Array(100).fill(1)], "SELECT ?100 IS NULL",
    ["SELECT ?100", ...Array(100).fill(7)],
  ],
  "101 parameters": [[`SELECT 1 IN (${times(101, "?")})`, ...Array(101).fill(1)]],
  "the number of a parameter": ["SELECT ?0"],
  "100 columns": [
    `CREATE TABLE t (${columns(100)})`, `INSERT INTO t VALUES (${times(100, "1")})`,
    "SELECT * FROM t",
  ],
  "101 columns": [`CREATE TABLE t (${columns(101)})`],
  "101 columns of a result": [`SELECT ${times(101, "1")}`],
  "127 arguments": [`SELECT max(${times(100, "1")}) AS m`, `SELECT max(${times(127, "1")}) AS m`],
  "128 arguments": [`SELECT max(${times(128, "1")}) AS m`],
  "5 terms of a compound": [compound(5), `VALUES ${times(600, "(1)")}`],
  "6 terms of a compound": [compound(6)],
  "depth of an expression": [
    `SELECT 1${times(98, " + 1", "")} AS d`, `SELECT 1${times(99, " + 1", "")} AS d`,
    `SELECT 1${times(100, " + 1", "")} AS d`,
  ],
  "a pattern of 50 bytes": [
    ["SELECT 'a' LIKE ? AS l, 'a' GLOB ? AS g", "a".repeat(50), "a".repeat(50)],
  ],
  "a pattern of 51 bytes": [
    ["SELECT 'a' LIKE ? AS l", "a".repeat(51)], ["SELECT 'a' GLOB ? AS g", "a".repeat(51)],
  ],
  "a statement of 100,000 bytes": [`SELECT length('${"x".repeat(99_970)}') AS n`],
  "a statement of more bytes": [`SELECT length('${"x".repeat(100_000)}') AS n`],
  "triggers nested 9 deep": [chain(9), run("INSERT INTO c0 VALUES (1)"), "SELECT count(*) FROM c9"],
  "triggers nested 12 deep": [
    chain(12), run("INSERT INTO c0 VALUES (1)"), "SELECT count(*) FROM c12",
  ],
  "a value of 2,000,000 bytes": [
    ["SELECT length(?) AS n", "x".repeat(1_900_000)], "SELECT length(zeroblob(1999990)) AS n",
  ],
  "a value of more bytes": ["SELECT length(zeroblob(2100000)) AS n"],
});
