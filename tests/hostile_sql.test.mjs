// Aim: SQL that is written to hurt ends soon, with rows or with an error, and harms nothing: it
// finds no way around the rules, out of its request, or to the end of the stack or the memory.
// Method: one running Worker, tables of hostile statements, and a witness that looks after each.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { RestClient } from "./support/rest_client.mjs";
import { Witness } from "./support/witness.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const STATEMENT_MS_MAX = 20_000;

let worker;
let rest;
let witness;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
  witness = await Witness.create(worker, rest, "data");
});
after(() => worker?.stop());
afterEach(() => witness.unharmed());

/** What may come of a statement: rows, that is success. */
const ROWS = Symbol("rows");

/** Each entry is a name, what must come of it (ROWS or an error's text), SQL, and values. */
function hostile(title, entries) {
  describe(title, () => {
    for (const [name, expected, sql, ...params] of entries) {
      test(name, { timeout: STATEMENT_MS_MAX }, async () => {
        const body = { sql, params };
        const { status, envelope, text } = await rest.request("POST", "/data/query", body);
        if (expected === ROWS) {
          assert.equal(status, 200, text.slice(0, 300));
          return;
        }
        assert.equal(status, 400, text.slice(0, 300));
        const [{ message }] = envelope.errors;
        if (expected instanceof RegExp) assert.match(message, expected);
        else assert.equal(message, expected);
      });
    }
  });
}

const list = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const around = (open, inside, close, count) => open.repeat(count) + inside + close.repeat(count);
const upTo = (count) =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT ${count})`;

const doubled = (i) => `c${i + 1}(x) AS (SELECT x FROM c${i} UNION ALL SELECT x FROM c${i})`;
const view = (i) => `CREATE VIEW d${i + 1} AS SELECT * FROM d${i};`;

const RECURSION = "Recursion limit: SQLITE_ERROR";
const DEPTH = "Expression tree is too large (maximum depth 100): SQLITE_ERROR";
const VIEWS = "VIEWs and/or subqueries nested too deep: SQLITE_ERROR";
const TRIGGERS = "triggers nested too deep: SQLITE_ERROR";
const JSON_TEXT = "malformed JSON: SQLITE_ERROR";
const TOO_BIG = "string or blob too big: SQLITE_TOOBIG";
const MEMORY = "out of memory: SQLITE_NOMEM";
const AUTH = "not authorized: SQLITE_AUTH";
const TRANSACTION = /^To execute a transaction, please use the state\.storage\.transaction\(\)/;

hostile("nesting", [
  ["5,000 parentheses", RECURSION, `SELECT ${around("(", "1", ")", 5_000)}`],
  ["400,000 open parentheses", RECURSION, `SELECT ${"(".repeat(400_000)}`],
  ["90 parentheses", ROWS, `SELECT ${around("(", "1", ")", 90)}`],
  ["a long sum", DEPTH, `SELECT 1${"+1".repeat(50_000)}`],
  ["a long concatenation", DEPTH, `SELECT ''${"||'a'".repeat(20_000)}`],
  ["a long AND", DEPTH, `SELECT 1 WHERE 1${" AND 1=1".repeat(3_000)}`],
  ["NOT NOT NOT", RECURSION, `SELECT ${"NOT ".repeat(100_000)}1`],
  ["minus minus", RECURSION, `SELECT ${"- ".repeat(100_000)}1`],
  ["functions in functions", RECURSION, `SELECT ${around("abs(", "1", ")", 3_000)}`],
  ["CASE in CASE", RECURSION, `SELECT ${around("CASE WHEN 1 THEN ", "1", " END", 3_000)}`],
  ["SELECT in SELECT", RECURSION, `SELECT ${around("(SELECT ", "1", ")", 2_000)}`],
  ["FROM in FROM", RECURSION, `SELECT * FROM ${around("(SELECT * FROM ", "data", ")", 500)}`],
  ["FROM in FROM, 90 deep", ROWS, `SELECT * FROM ${around("(SELECT * FROM ", "data", ")", 90)}`],
  ["a chain of common tables", VIEWS,
    `WITH c0(x) AS (SELECT 1), ${list(24, doubled).join()} SELECT count(*) FROM c24`],
]);

hostile("length", [
  ["5,000 terms of a compound", "too many terms in compound SELECT: SQLITE_ERROR",
    list(5_000, () => "SELECT 1").join(" UNION ALL ")],
  ["499 terms of a compound", ROWS, list(499, () => "SELECT 1").join(" UNION ")],
  ["100,000 values in a list", ROWS, `SELECT 1 AS a WHERE 1 IN (${list(100_000, String).join()})`],
  ["65 tables", "at most 64 tables in a join: SQLITE_ERROR",
    `SELECT 1 FROM ${list(65, (i) => `data t${i}`).join()}`],
  ["64 tables on their keys", ROWS,
    "SELECT count(*) FROM data t0 " +
      `${list(63, (i) => `JOIN data t${i + 1} ON t${i}.id = t${i + 1}.id`).join(" ")}`],
  ["2,001 columns of a table", "too many columns on w: SQLITE_ERROR",
    `CREATE TABLE w (${list(2_001, (i) => `c${i}`).join()})`],
  ["a number of 100,000 digits", ROWS, `SELECT 1${"0".repeat(100_000)} AS a`],
  ["a hexadecimal number of 100 digits", /^hex literal too big/, `SELECT 0x${"f".repeat(100)}`],
  ["300 views, each on the one before", VIEWS,
    `CREATE VIEW d0 AS SELECT * FROM data; ${list(300, view).join("")} SELECT * FROM d300`],
  ["views in a circle", "view s1 is circularly defined: SQLITE_ERROR",
    "CREATE VIEW s1 AS SELECT * FROM s2; CREATE VIEW s2 AS SELECT * FROM s1; SELECT * FROM s1"],
]);

hostile("patterns", [
  ["LIKE with many wildcards", ROWS,
    `SELECT '${"a".repeat(1_000)}' LIKE '${"%a".repeat(100)}b' AS a`],
  ["GLOB with many wildcards", ROWS,
    `SELECT '${"a".repeat(100)}' GLOB '${"*a".repeat(200)}b' AS a`],
  ["a pattern that is too long", "LIKE or GLOB pattern too complex: SQLITE_ERROR",
    `SELECT 'a' LIKE '${"a".repeat(50_001)}'`],
  ["a pattern of too many wildcards", "LIKE or GLOB pattern too complex: SQLITE_ERROR",
    `SELECT printf('%.*c', 9000, 'a') LIKE '${"%a".repeat(2_501)}'`],
  ["a pattern of as many wildcards as may be", ROWS,
    `SELECT printf('%.*c', 9000, 'a') LIKE '${"%a".repeat(2_500)}', 'b' GLOB '${"a".repeat(50_000)}'`],
  ["strftime with a long format", ROWS,
    `SELECT length(strftime('${"%Y".repeat(100_000)}', 0)) AS a`],
]);

hostile("JSON", [
  ["100,000 deep", JSON_TEXT, "SELECT json_extract(?, '$')", around("[", "", "]", 100_000)],
  ["1,000 deep", ROWS, "SELECT json(?) AS a", around("[", "", "]", 1_000)],
  ["a tree 990 deep", ROWS, "SELECT count(*) FROM json_tree(?)", around("[", "", "]", 990)],
  ["an open one", ROWS, "SELECT json_valid(?)", '{"a":'.repeat(100_000)],
  ["a long path", ROWS, "SELECT json_extract('{}', ?)", `$${".a".repeat(100_000)}`],
  ["400,000 elements", ROWS, "SELECT count(*) FROM json_each(?)", `[${"1,".repeat(400_000)}1]`],
  ["JSONB that is none", JSON_TEXT, "SELECT json(x'ffffffffffffffff')"],
  ["JSONB that promises too much", JSON_TEXT, "SELECT json_extract(x'fbffffffff', '$[0]')"],
  ["a patch 900 deep", ROWS, "SELECT length(json_patch(?1, ?1))",
    `${'{"a":'.repeat(900)}1${"}".repeat(900)}`],
  ["a group of 400,000", /SQLITE_(NOMEM|TOOBIG)$/,
    `${upTo(400_000)} SELECT json_group_array(i) FROM c`],
]);

hostile("size", [
  ["randomblob", TOO_BIG, "SELECT randomblob(2000000000)"],
  ["zeroblob", TOO_BIG, "SELECT zeroblob(9223372036854775807)"],
  ["hex", TOO_BIG, "SELECT hex(zeroblob(1500000))"],
  ["quote", TOO_BIG, "SELECT quote(zeroblob(1500000))"],
  ["a width of printf", TOO_BIG, "SELECT printf('%2000000000d', 1)"],
  ["a precision of printf", TOO_BIG, "SELECT printf('%.2000000000f', 1.5)"],
  ["a width of printf as a value", TOO_BIG, "SELECT format('%*d', 2147483647, 1)"],
  ["a negative width of printf", ROWS, "SELECT format('%*d', -2147483648, 1)"],
  ["replace on replace", TOO_BIG,
    "WITH h(h) AS (SELECT hex(zeroblob(1000))) " +
      "SELECT replace(replace(h, '0', h), '0', h) FROM h"],
  ["group_concat", TOO_BIG, `${upTo(50_000)} SELECT group_concat(hex(randomblob(50))) FROM c`],
  ["concatenation", TOO_BIG, "SELECT hex(zeroblob(900000)) || hex(zeroblob(900000))"],
  ["90,000 rows of VALUES", /SQLITE_(NOMEM|TOOBIG)$/,
    `INSERT INTO words VALUES ${list(90_000, () => "(1)").join()}; SELECT hex(zeroblob(1500000))`],
  ["DISTINCT over a large join", MEMORY,
    `${upTo(2_000)} SELECT count(*) ` +
      "FROM (SELECT DISTINCT hex(randomblob(20)) || b.i FROM c a, c b)"],
]);

hostile("triggers and foreign keys", [
  ["a trigger that fires itself", TRIGGERS,
    "CREATE TABLE r (a); " +
      "CREATE TRIGGER rr AFTER INSERT ON r BEGIN INSERT INTO r VALUES (NEW.a + 1); END; " +
      "PRAGMA recursive_triggers = ON; INSERT INTO r VALUES (1)"],
  ["two triggers that fire each other", TRIGGERS,
    "CREATE TABLE u (a); CREATE TABLE v (a); " +
      "CREATE TRIGGER r1 AFTER INSERT ON u BEGIN INSERT INTO v VALUES (1); END; " +
      "CREATE TRIGGER r2 AFTER INSERT ON v BEGIN INSERT INTO u VALUES (1); END; " +
      "PRAGMA recursive_triggers = ON; INSERT INTO u VALUES (1)"],
  ["a cascade 5,000 deep", TRIGGERS,
    "CREATE TABLE n (id INTEGER PRIMARY KEY, p REFERENCES n (id) ON DELETE CASCADE); " +
      `INSERT INTO n ${upTo(5_000)} SELECT i, nullif(i - 1, 0) FROM c; ` +
      "DELETE FROM n WHERE id = 1"],
  ["a view without end, read in part", ROWS,
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i FROM c LIMIT 3"],
]);

const MATCH = "SELECT * FROM words WHERE words MATCH ?";
const syntax = (near) => `fts5: syntax error near "${near}": SQLITE_ERROR`;
hostile("full-text search", [
  ["a quote", "unterminated string: SQLITE_ERROR", MATCH, '"'],
  ["half an AND", syntax(""), MATCH, "a AND"],
  ["open parentheses", syntax(""), MATCH, "((("],
  ["50,000 open parentheses", "fts5: parser stack overflow: SQLITE_ERROR", MATCH,
    "(".repeat(50_000)],
  ["half a NEAR", syntax(""), MATCH, "NEAR("],
  ["a NEAR of a huge distance", ROWS, MATCH, "NEAR(hello world, 999999999999)"],
  ["only operators", syntax("OR"), MATCH, "a OR OR b"],
  ["no such column", "no such column: nope: SQLITE_ERROR", MATCH, "nope:a"],
  ["a special query", /^unknown special query/, MATCH, "*"],
  ["a NUL", syntax(""), MATCH, "\0"],
  ["a word of 100,000 letters", ROWS, MATCH, "a".repeat(100_000)],
  ["a phrase of 20,000 words", ROWS, MATCH, `"${"a ".repeat(20_000)}"`],
  ["5,000 ORs", ROWS, MATCH, `${"a OR ".repeat(5_000)}a`],
  ["5,000 ANDs", ROWS, MATCH, `${"a AND ".repeat(5_000)}a`],
  ["its own tables, written", "table words_data may not be modified: SQLITE_ERROR",
    "UPDATE words_data SET block = x'00'"],
  ["its own tables, dropped", "table words_data may not be dropped: SQLITE_ERROR",
    "DROP TABLE words_data"],
  ["an unknown command", "SQL logic error: SQLITE_ERROR",
    "INSERT INTO words (words) VALUES ('nope')"],
  ["an unknown tokenizer", "no such tokenizer: nope: SQLITE_ERROR",
    "CREATE VIRTUAL TABLE x USING fts5 (a, tokenize = 'nope')"],
  ["3,000 columns", "too many columns on x: SQLITE_ERROR",
    `CREATE VIRTUAL TABLE x USING fts5 (${list(3_000, (i) => `c${i}`).join()})`],
]);

hostile(
  "pragmas that are refused",
  [
    "journal_mode", "journal_mode = WAL", "main.journal_mode", "synchronous = OFF", "mmap_size = 1",
    "writable_schema = ON", "page_size = 1024", "locking_mode = EXCLUSIVE", "temp_store = 2",
    "cache_size = 1000000000", "user_version", "user_version = 5", "application_id = 5",
    "schema_version = 99", "max_page_count = 5", "trusted_schema = OFF", "hard_heap_limit = 1",
    "soft_heap_limit = 1", "threads = 8", "wal_checkpoint", "encoding = 'UTF-16'",
    "auto_vacuum = 1", "incremental_vacuum", "integrity_check", "query_only = ON",
    "secure_delete = ON", "shrink_memory", "busy_timeout = 1", "cell_size_check = 1",
    "database_list", "function_list", "module_list", "compile_options", "freelist_count", "nope",
  ].map((pragma) => [pragma, AUTH, `PRAGMA ${pragma}`]),
);

hostile("ways around the rules", [
  ["a refused pragma as a table", AUTH, "SELECT * FROM pragma_journal_mode"],
  ["a flag of the connection, left set", ROWS,
    "PRAGMA ignore_check_constraints = ON; PRAGMA case_sensitive_like = ON"],
  ["a CHECK after that flag", /^CHECK constraint failed/, "UPDATE data SET c = -c"],
  ["foreign keys switched off", ROWS, "PRAGMA foreign_keys = OFF"],
  ["a foreign key after that", /^FOREIGN KEY constraint failed/, "DELETE FROM parent"],
  ["ATTACH", AUTH, "ATTACH ':memory:' AS x"],
  ["ATTACH of a file", AUTH, "ATTACH '/etc/passwd' AS x"],
  ["DETACH", AUTH, "DETACH main"],
  ["VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR", "VACUUM"],
  ["VACUUM INTO", "cannot VACUUM from within a transaction: SQLITE_ERROR", "VACUUM INTO '/tmp/x'"],
  ...[
    "BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a",
    "ROLLBACK TO a",
  ].map((sql) => [sql, TRANSACTION, sql]),
  ["COMMIT between two statements", TRANSACTION, "DELETE FROM data; COMMIT; SELEC"],
  ["ROLLBACK by a conflict", /^UNIQUE constraint failed/,
    "DELETE FROM words; INSERT OR ROLLBACK INTO data (id) VALUES (1)"],
  ["ROLLBACK by RAISE", /^gone: SQLITE_CONSTRAINT/,
    "CREATE TRIGGER t BEFORE DELETE ON data BEGIN SELECT RAISE(ROLLBACK, 'gone'); END; " +
      "DELETE FROM words; DELETE FROM data"],
  ["a temporary table", AUTH, "CREATE TEMP TABLE data (a)"],
  ["a temporary table in its schema", AUTH, "CREATE TABLE temp.data (a)"],
  ["a temporary view in its schema", AUTH, "CREATE VIEW temp.data AS SELECT 1"],
  ["a temporary trigger in its schema", AUTH,
    "CREATE TRIGGER temp.t AFTER INSERT ON data BEGIN SELECT 1; END"],
  ["the schema, updated", "table sqlite_master may not be modified: SQLITE_ERROR",
    "UPDATE sqlite_schema SET sql = 'x'"],
  ["the schema, dropped", "table sqlite_master may not be dropped: SQLITE_ERROR",
    "DROP TABLE sqlite_schema"],
  ["a name of SQLite", "object name reserved for internal use: sqlite_x: SQLITE_ERROR",
    "CREATE TABLE sqlite_x (a)"],
  ["a name of D1", AUTH, "CREATE TABLE _cf_x (a)"],
  ["load_extension", /^(no such function|not authorized)/, "SELECT load_extension('x')"],
  ["readfile", "no such function: readfile at offset 7: SQLITE_ERROR",
    "SELECT readfile('/etc/passwd')"],
  ["pages as a table", /SQLITE_(AUTH|ERROR)$/, "SELECT * FROM sqlite_dbpage"],
  ["pages as a table, counted", /SQLITE_(AUTH|ERROR)$/, "SELECT count(*) FROM Sqlite_DbPage"],
  ["pages as a table, in a view", /^(no such table|unsafe use)/,
    "CREATE VIEW v AS SELECT * FROM sqlite_dbpage; SELECT * FROM v"],
  ["pages as a table of another name", AUTH, "CREATE VIRTUAL TABLE x USING sqlite_dbpage"],
  ["pages, written", /SQLITE_(AUTH|ERROR)$/, "UPDATE sqlite_dbpage SET data = zeroblob(4096)"],
  ["an unknown module", AUTH, "CREATE VIRTUAL TABLE x USING nope (a)"],
  ["statements behind a NUL", "SQL code did not contain a statement.", "SELECT 1\0; DROP TABLE data"],
  ["overflow", "integer overflow: SQLITE_ERROR", "SELECT abs(-9223372036854775808)"],
  ["divisions by zero", ROWS,
    "SELECT 1 / 0, 1 % 0, -9223372036854775808 / -1, -9223372036854775808 % -1"],
  ["substr at the ends of the numbers", ROWS,
    "SELECT substr('abc', -9223372036854775808, 9223372036854775807)"],
  ["characters that are none", ROWS, "SELECT char(1114112, -1, 55296), CAST(x'ff' AS TEXT)"],
]);
