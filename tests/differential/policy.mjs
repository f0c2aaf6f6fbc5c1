// What D1's authorizer refuses, and what passes: transactions, other databases, functions, modules,
// and tables that are SQLite's or D1's. Pragmas have a file of their own.

import { batch, exec, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE p (id INTEGER PRIMARY KEY)",
  "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE, p REFERENCES p (id))",
  "CREATE INDEX tp ON t (p)",
  "INSERT INTO p VALUES (1)",
  "INSERT INTO t (a, p) VALUES ('x', 1)",
);

const FUNCTIONS = [
  "sqlite_version()", "sqlite_source_id()", "sqlite_compileoption_get(0)", "sqlite_compileoption_used('THREADSAFE')", "sqlite_offset(a)",
  "load_extension('x')", "fts3_tokenizer('x')", "sqlite_log(1, 'x')", "sqlite_unsupported_offset(1)", "soundex('Robert')", "ceiling(1.5)", "power(2, 3)",
  "log10(100)", "log(2, 8)", "ln(1)", "sqrt(2)", "pi()", "mod(7, 3)", "if(1, 2, 3)", "iif(0, 1)", "unistr('\\u0041')", "unistr_quote('a')", "subtype('a')",
  "median(1)", "percentile(1, 50)", "percentile_cont(1, 0.5)", "json_pretty('{}')", "json_error_position('{')", "json_array_insert('[]', '$[0]', 1)", "json_valid('{}', 6)",
  "likelihood(1, 0.5)", "likely(1)", "unlikely(1)", "concat('a', 1)", "concat_ws('-', 1, 2)", "octet_length('é')", "string_agg('a', '-')", "sign(-3)",
  "changes()", "total_changes() >= 0", "last_insert_rowid()", "typeof(random())", "length(randomblob(4))", "length(randomblob(-1))", "length(randomblob(20000000))",
  "length(zeroblob(1000))", "length(zeroblob(20000000))", "rtreecheck('t')", "rtreenode(2, x'00')", "rtreedepth(x'00')", "fts5(1)", "fts5_source_id()", "fts5_locale('en', 'x')",
  "fts5_get_locale(a, 0)", "fts5_insttoken(a)", "geopoly_area('')", "sqlite_rename_table(1, 2, 3, 4, 5, 6, 7)", "sqlite_drop_column(0, 'x', 0)", "sqlite_rename_test(1, 2, 3, 4, 5, 6, 7)",
  "sqlite_filestat('x')", "readfile('/etc/passwd')", "writefile('/tmp/x', 'x')", "edit('x')", "sha1('x')", "dbinfo('x')", "decimal_add('1', '2')", "ieee754(1.5)", "generate_series(1)",
  "stmtrand()", "implies_nonnull_row(1, 2)", "affinity('x')", "expr_compare(1, 1)", "parseuri('x')", "regexp('a', 'a')", "match('a', 'a')", "like('a', 'A')", "glob('*', 'x')", "max(1, 2)", "min(1)",
  "char(65, 8364)", "unicode('€')", "hex('a')", "unhex('41')", "quote(1.5)", "printf('%d', 3)", "format('%s', 'x')", "snippet(a)", "highlight(a)", "bm25(a)", "first_value(1) OVER ()",
];

const TABLES = [
  "SELECT count(*) FROM json_each('[1, 2]')", "SELECT key, value, type, path FROM json_tree('{\"a\": [1]}')", "SELECT * FROM generate_series(1, 3)", "SELECT * FROM dbstat", "SELECT * FROM sqlite_dbpage",
  "SELECT * FROM sqlite_stmt", "SELECT * FROM bytecode('SELECT 1')", "SELECT * FROM tables_used('SELECT 1')", "SELECT * FROM fts5vocab('t', 'row')", "SELECT * FROM completion('S')", "SELECT * FROM sqlite_temp_schema",
  "SELECT * FROM temp.sqlite_schema", "SELECT * FROM sqlite_temp_master", "SELECT * FROM carray(1, 2)", "SELECT * FROM jsonb_each('[1]')", "SELECT * FROM jsonb_tree('[1]')", "SELECT * FROM json_each('[1')",
  "CREATE VIRTUAL TABLE x USING dbstat", "CREATE VIRTUAL TABLE x USING sqlite_dbpage", "CREATE VIRTUAL TABLE x USING json_each", "CREATE VIRTUAL TABLE x USING nope", "CREATE VIRTUAL TABLE x USING fts3 (a)", "CREATE VIRTUAL TABLE x USING fts4 (a)",
  "CREATE VIRTUAL TABLE x USING geopoly (a)", "CREATE VIRTUAL TABLE x USING csv (filename = 'x')", "CREATE VIRTUAL TABLE x USING FTS5 (a)", "DROP TABLE x", "CREATE VIRTUAL TABLE _cf_x USING fts5 (a)", "CREATE VIRTUAL TABLE temp.x USING fts5 (a)",
];

const RESERVED = [
  "CREATE TABLE _cf_x (a)", "CREATE TABLE _CF_x (a)", "CREATE TABLE _cf (a)", "DROP TABLE _cf", "CREATE TABLE x_cf_ (_cf_a)", "DROP TABLE x_cf_", "CREATE INDEX _cf_i ON t (a)", "CREATE VIEW _cf_v AS SELECT 1",
  "CREATE TRIGGER _cf_g AFTER INSERT ON t BEGIN SELECT 1; END", "ALTER TABLE t RENAME TO _cf_t", "ALTER TABLE t RENAME a TO _cf_a", "ALTER TABLE t RENAME _cf_a TO a", "ALTER TABLE t ADD _cf_b", "SELECT * FROM _cf_KV", "SELECT * FROM _cf_nope",
  "SELECT * FROM _cf_METADATA", "INSERT INTO _cf_METADATA VALUES (1, 2)", "DROP TABLE _cf_METADATA", "PRAGMA table_info(_cf_METADATA)", "PRAGMA table_xinfo('_cf_nope')", "PRAGMA index_list(_cf_x)", "PRAGMA foreign_key_list(_cf_x)", "PRAGMA quick_check(_cf_x)",
  "PRAGMA foreign_key_check(_cf_x)", "PRAGMA index_info(_cf_x)", "WITH _cf_c AS (SELECT 1 AS a) SELECT * FROM _cf_c", "SELECT 1 AS _cf_a", "SELECT * FROM (SELECT 1 AS a) AS _cf_s", "DROP INDEX _cf_i", "DROP TRIGGER _cf_g", "DROP VIEW _cf_v",
  "CREATE TABLE sqlite_x (a)", "CREATE INDEX sqlite_i ON t (a)", "CREATE VIEW sqlite_v AS SELECT 1", "CREATE TRIGGER sqlite_g AFTER INSERT ON t BEGIN SELECT 1; END", "ALTER TABLE t RENAME TO sqlite_t", "CREATE TABLE x AS SELECT * FROM sqlite_schema WHERE name = 't'",
  "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*'", "SELECT name FROM sqlite_master WHERE name = 't'", "INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)", "UPDATE sqlite_schema SET sql = 'x'", "DELETE FROM sqlite_master",
  "DROP TABLE sqlite_schema", "ALTER TABLE sqlite_schema ADD a", "CREATE INDEX i ON sqlite_schema (name)", "CREATE TRIGGER g AFTER INSERT ON sqlite_schema BEGIN SELECT 1; END", "CREATE VIEW main.x AS SELECT 1", "DROP VIEW main.x",
  "SELECT * FROM sqlite_sequence", "UPDATE sqlite_sequence SET seq = 10 WHERE name = 't'", "INSERT INTO t (a) VALUES ('after')", "SELECT id FROM t", "DELETE FROM sqlite_sequence", "INSERT INTO sqlite_sequence VALUES ('t', 50)", "INSERT INTO t (a) VALUES ('more') RETURNING id",
  "DROP TABLE sqlite_sequence", "ALTER TABLE sqlite_sequence RENAME TO x", "CREATE INDEX i ON sqlite_sequence (name)", "ANALYZE", "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl NOT GLOB '_cf_*'", "UPDATE sqlite_stat1 SET stat = '7 7' WHERE idx = 'tp'",
  "INSERT INTO sqlite_stat1 VALUES ('t', 'none', '1')", "DELETE FROM sqlite_stat1", "SELECT * FROM sqlite_stat4", "DROP TABLE sqlite_stat1", "REINDEX t", "DROP INDEX sqlite_autoindex_t_1", "REINDEX sqlite_autoindex_t_1", "SELECT rowid FROM sqlite_schema LIMIT 1",
];

export const policy = topic("policy", {
  "transactions": [SCHEMA, ...[
    "BEGIN", "BEGIN TRANSACTION", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "COMMIT", "END", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a",
    "begin", " BEGIN ;", "/* a */ BEGIN", "EXPLAIN BEGIN", "BEGIN; INSERT INTO p VALUES (2); COMMIT", "INSERT INTO p VALUES (2); COMMIT", "SELECT count(*) FROM p",
    exec("BEGIN"), exec("INSERT INTO p VALUES (3)\nCOMMIT"), batch("INSERT INTO p VALUES (4)", "COMMIT"), batch("SAVEPOINT a", "INSERT INTO p VALUES (5)"), "SELECT count(*) FROM p",
  ]],
  "other databases": [SCHEMA, ...[
    "ATTACH 'x.db' AS x", "ATTACH ':memory:' AS x", "ATTACH DATABASE '' AS x", "ATTACH ? AS x", "DETACH x", "DETACH main", "DETACH temp", "CREATE TEMP TABLE x (a)", "CREATE TEMPORARY TABLE x (a)", "CREATE TABLE temp.x (a)",
    "CREATE TEMP VIEW x AS SELECT 1", "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE INDEX temp.x ON t (a)", "CREATE TEMP TABLE x AS SELECT 1", "DROP TABLE temp.x", "DROP TABLE IF EXISTS temp.x",
    "SELECT * FROM temp.x", "SELECT * FROM main.t", "CREATE TABLE main.x (a)", "INSERT INTO main.x VALUES (1)", "UPDATE main.x SET a = 2 RETURNING a", "DELETE FROM main.x", "DROP TABLE main.x", "CREATE TABLE other.x (a)", "SELECT main.t.a FROM main.t",
  ]],
  "VACUUM": [SCHEMA, "VACUUM", "VACUUM main", "VACUUM temp", "VACUUM INTO 'x.db'", "VACUUM nope", batch("SELECT 1", "VACUUM"), exec("VACUUM")],
  "functions": [SCHEMA, ...FUNCTIONS.map((call) => `SELECT ${call} AS v FROM t LIMIT 1`)],
  "functions inside the schema": [SCHEMA, "CREATE VIEW w AS SELECT sqlite_version() AS v", "SELECT * FROM w", "CREATE TABLE x (a DEFAULT (sqlite_version()))", run("INSERT INTO x DEFAULT VALUES"), "SELECT count(*) FROM x", "CREATE TABLE y (a, b AS (sqlite_source_id()))",
    "CREATE TRIGGER g AFTER INSERT ON p BEGIN SELECT sqlite_version(); END", "INSERT INTO p VALUES (9)", "CREATE INDEX i ON t (sqlite_version())", "CREATE TABLE z (a CHECK (a <> sqlite_version()))"],
  "tables of modules": [SCHEMA, ...TABLES],
  "names that are reserved": [SCHEMA, ...RESERVED],
});
