// Every pragma of SQLite, in each of its forms.
//
// Some set a flag that stays with D1's connection, so each case that sets flags ends by clearing them.

import { batch } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE p (id INTEGER PRIMARY KEY)",
  "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, p REFERENCES p (id))",
  "CREATE INDEX tp ON t (p)",
  "INSERT INTO p VALUES (1)",
  "INSERT INTO t (a, p) VALUES ('x', 1)",
);

/** https://www.sqlite.org/pragma.html#toc, those for debug builds included. */
const PRAGMAS =
  "analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill case_sensitive_like " +
  "cell_size_check checkpoint_fullfsync collation_list compile_options count_changes data_store_directory data_version " +
  "database_list default_cache_size defer_foreign_keys empty_result_callbacks encoding foreign_key_check foreign_key_list " +
  "foreign_keys freelist_count full_column_names fullfsync function_list hard_heap_limit ignore_check_constraints " +
  "incremental_vacuum index_info index_list index_xinfo integrity_check journal_mode journal_size_limit legacy_alter_table " +
  "legacy_file_format locking_mode max_page_count mmap_size module_list optimize page_count page_size parser_trace pragma_list " +
  "query_only quick_check read_uncommitted recursive_triggers reverse_unordered_selects schema_version secure_delete " +
  "short_column_names shrink_memory soft_heap_limit stats synchronous table_info table_list table_xinfo temp_store " +
  "temp_store_directory threads trusted_schema user_version vdbe_addoptrace vdbe_debug vdbe_listing vdbe_trace wal_autocheckpoint " +
  "wal_checkpoint writable_schema nope";

/** Their values are the build's, or count what the database went through. */
const OWN_VALUES = [
  "data_version", "table_list", "compile_options", "function_list", "pragma_list", "module_list",
];
const names = PRAGMAS.split(" ");
const pragmas = (form) => names.filter((name) => !OWN_VALUES.includes(name)).map((name) => `PRAGMA ${form(name)}`);


const FLAGS = [
  "case_sensitive_like", "foreign_keys", "defer_foreign_keys", "ignore_check_constraints",
  "legacy_alter_table",
  "recursive_triggers", "reverse_unordered_selects",
];
const CLEARED = batch(...FLAGS.map((name) => `PRAGMA ${name} = OFF`));
const BOOLEANS = [
  "ON", "off", "'yes'", '"no"', "TRUE", "none", "2", "x", "-1", "''", "1.5", "10", "0",
];

const texts = (forms) => forms.map((form) => `PRAGMA ${form}`);

export const pragmasOfEveryForm = topic("pragmas", {
  "without an argument": [SCHEMA, ...pragmas((name) => name)],
  "with a number": [SCHEMA, ...pragmas((name) => `${name} = 1`), CLEARED],
  "called with a number": [SCHEMA, ...pragmas((name) => `${name}(0)`), CLEARED],
  "with the name of a table": [SCHEMA, ...pragmas((name) => `${name}(t)`), CLEARED],
  "of a schema": [SCHEMA, ...pragmas((name) => `main.${name}`)],
  "of the temporary schema": [SCHEMA, ...pragmas((name) => `temp.${name}`)],
  "in capitals": [SCHEMA, ...texts([
    "TABLE_INFO(t)", "Foreign_Keys", "JOURNAL_MODE", "Optimize", "DEFER_FOREIGN_KEYS = ON",
    "CASE_SENSITIVE_LIKE",
  ])],
  "as tables": [
    SCHEMA,
    ...names.filter((name) => !OWN_VALUES.includes(name)).map((name) => `SELECT count(*) FROM pragma_${name}`),
  ],
  "as tables of a table": [
    SCHEMA,
    ...["table_info", "table_xinfo", "index_list", "foreign_key_list", "foreign_key_check",
    "quick_check"]
      .flatMap((name) => [`SELECT * FROM pragma_${name}('t')`, `SELECT * FROM pragma_${name}`]),
    "SELECT * FROM pragma_index_info('tp')", "SELECT * FROM pragma_index_xinfo('tp')",
    "SELECT m.name, i.name FROM sqlite_schema m, pragma_table_info(m.name) i WHERE m.name = 't'",
    "SELECT * FROM pragma_table_info('_cf_x')", "SELECT * FROM pragma_integrity_check",
    "SELECT * FROM pragma_encoding()",
    "SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE name = 't'",
  ],
  "that are flags": [
    SCHEMA,
    ...FLAGS.flatMap((name) => BOOLEANS.map((value) => `PRAGMA ${name} = ${value}`).concat(`PRAGMA ${name}`)),
    CLEARED,
  ],
  "that read the schema": [SCHEMA, ...texts([
    "table_info(t)", "table_info('t')", 'table_info("t")', "table_info = t", "table_info(nope)",
    "table_info(p)", "table_xinfo(t)", "table_list(t)",
    "table_list(nope)", "main.table_info(t)", "index_list(t)", "index_list(nope)", "index_info(tp)",
    "index_info(sqlite_autoindex_t_1)", "index_info(nope)",
    "index_xinfo(tp)", "index_xinfo(t)", "foreign_key_list(t)", "foreign_key_list(p)",
    "page_size = 8192", "data_version = 1", "table_info(sqlite_schema)",
  ])],
  "that check": [SCHEMA, ...texts([
    "quick_check(1)", "quick_check(-1)", "quick_check('t')", "quick_check(nope)", "quick_check = t",
    "quick_check(99999999999)", "foreign_key_check(nope)",
    "foreign_key_check('t')", "foreign_key_check(t)", "integrity_check(1)",
  ])],
  "of a foreign key that fails": [
    SCHEMA, "CREATE TABLE c (a REFERENCES nowhere (id), b REFERENCES p (id))",
    "PRAGMA foreign_key_check", "PRAGMA foreign_key_list(c)",
    "INSERT INTO c (b) VALUES (1)", "PRAGMA foreign_key_check(c)", "INSERT INTO c VALUES (1, 1)",
  ],
  "that optimise": [
    SCHEMA, ...texts(["optimize(-1)", "optimize(0x10002)", "optimize(65538)", "optimize(x)",
    "optimize = 1"]), "SELECT * FROM t WHERE p = 1",
    "PRAGMA optimize(0x10002)",
    "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl NOT GLOB '_cf_*'",
  ],
  "that change a batch": [
    SCHEMA, "CREATE TABLE c (a CHECK (a > 0))",
    batch("PRAGMA ignore_check_constraints = ON", "INSERT INTO c VALUES (-1)",
    "PRAGMA ignore_check_constraints = OFF"), "INSERT INTO c VALUES (-1)",
    batch("PRAGMA case_sensitive_like = ON", "SELECT 'a' LIKE 'A' AS l",
    "PRAGMA case_sensitive_like = OFF"), "SELECT 'a' LIKE 'A' AS l",
    batch("PRAGMA reverse_unordered_selects = ON",
    "SELECT rowid FROM sqlite_schema WHERE name IN ('p', 't')",
    "PRAGMA reverse_unordered_selects = OFF"),
    batch("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys", "DELETE FROM p"),
    "PRAGMA foreign_keys",
    batch("PRAGMA defer_foreign_keys = ON", "DELETE FROM p", "INSERT INTO p VALUES (1)",
    "PRAGMA defer_foreign_keys"), "DELETE FROM p",
    "PRAGMA defer_foreign_keys", "SELECT * FROM p",
  ],
  "whose flag outlives its request": [
    SCHEMA, "CREATE TABLE c (a CHECK (a > 0))", "PRAGMA ignore_check_constraints = ON",
    "PRAGMA ignore_check_constraints", "INSERT INTO c VALUES (-1)", CLEARED,
  ],
});
