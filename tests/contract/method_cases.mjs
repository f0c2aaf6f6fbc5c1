// The five ways to run a statement, and what each makes of rows and columns.

import { all, call, dump, first, notInRust, raw, run, unbound } from "./step.mjs";

const PEOPLE = [
  run("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)"),
  run("INSERT INTO people (name, age) VALUES ('Ada', 36), ('Bob', NULL), ('Cleo', 51)"),
];

const named = (sql) => call("raw", sql, [], [{ columnNames: true }]);
const noNames = notInRust("worker's raw gives no names of columns");
const column = (sql, name) => call("first", sql, [], [name]);

export const methodCases = [
  {
    name: "all gives rows as objects, columns in their order",
    steps: [
      ...PEOPLE,
      all("SELECT name, id FROM people ORDER BY id").gives([
        { name: "Ada", id: 1 },
        { name: "Bob", id: 2 },
        { name: "Cleo", id: 3 },
      ]),
    ],
  },
  { name: "all gives no rows", steps: [...PEOPLE, all("SELECT * FROM people WHERE 0").gives([])] },
  {
    name: "run gives rows too",
    steps: [
      ...PEOPLE,
      run("SELECT age FROM people WHERE id = ?", 3).gives([{ age: 51 }]),
      run("UPDATE people SET age = 40 WHERE id = 1").gives([]),
    ],
  },
  {
    name: "RETURNING gives what was written",
    steps: [
      ...PEOPLE,
      all("INSERT INTO people (name) VALUES ('Dee') RETURNING id, name").gives([
        { id: 4, name: "Dee" },
      ]),
      all("DELETE FROM people WHERE id > 2 RETURNING name").gives([
        { name: "Cleo" },
        { name: "Dee" },
      ]),
    ],
  },
  {
    name: "first gives one row, or null",
    steps: [
      ...PEOPLE,
      first("SELECT * FROM people ORDER BY id").gives({ id: 1, name: "Ada", age: 36 }),
      first("SELECT * FROM people WHERE id = ?", 99).gives(null),
    ],
  },
  {
    name: "first gives one column",
    steps: [
      ...PEOPLE,
      column("SELECT name, age FROM people ORDER BY id", "name").gives("Ada"),
      column("SELECT age FROM people WHERE id = 2", "age").gives(null),
      column("SELECT age FROM people WHERE 0", "age").gives(null),
      column("SELECT age FROM people WHERE 0", "nope").gives(null),
    ],
  },
  {
    name: "first refuses a column that is not there",
    steps: [
      ...["b", "A"].map((name) =>
        column("SELECT 1 AS a", name).fails(
          `D1_COLUMN_NOTFOUND: Column not found (${name})`,
          "Column not found",
        ),
      ),
    ],
  },
  {
    name: "raw gives rows as arrays",
    steps: [
      ...PEOPLE,
      raw("SELECT id, name FROM people ORDER BY id DESC").gives([
        [3, "Cleo"],
        [2, "Bob"],
        [1, "Ada"],
      ]),
      raw("SELECT id FROM people WHERE 0").gives([]),
    ],
  },
  {
    name: "raw gives the columns' names when asked",
    except: noNames,
    steps: [
      ...PEOPLE,
      named("SELECT id, name FROM people WHERE id = 1").gives([["id", "name"], [1, "Ada"]]),
      named("SELECT id FROM people WHERE 0").gives([["id"]]),
      named("DELETE FROM people").gives([[]]),
    ],
  },
  {
    name: "columns of one name: objects keep the last, raw keeps all",
    steps: [
      all("SELECT 1 AS a, 2 AS b, 3 AS a").gives([{ a: 3, b: 2 }]),
      first("SELECT 1 AS a, 2 AS b, 3 AS a").gives({ a: 3, b: 2 }),
      raw("SELECT 1 AS a, 2 AS b, 3 AS a").gives([[1, 2, 3]]),
    ],
  },
  {
    name: "columns of one name: their names in raw",
    except: noNames,
    steps: [named("SELECT 1 AS a, 2 AS b, 3 AS a").gives([["a", "b", "a"], [1, 2, 3]])],
  },
  {
    name: "names of columns as SQLite makes them",
    except: noNames,
    steps: [
      ...PEOPLE,
      named("SELECT count(*), 1 + 1, 'x', id AS \"größe 😀\" FROM people").gives([
        ["count(*)", "1 + 1", "'x'", "größe 😀"],
        [3, 2, "x", 1],
      ]),
    ],
  },
  {
    name: "parameters by number and by name",
    steps: [
      raw("SELECT ?1, ?2, ?1", "a", "b").gives([["a", "b", "a"]]),
      raw("SELECT ?2, ?1", "a", "b").gives([["b", "a"]]),
      raw("SELECT :x, @y, $z, :x", 1, 2, 3).gives([[1, 2, 3, 1]]),
    ],
  },
  {
    name: "a statement without parameters needs no bind",
    steps: [unbound("SELECT 1 AS a").gives([{ a: 1 }])],
  },
  {
    name: "of several statements in one text the last one answers",
    steps: [
      all("CREATE TABLE t (a); INSERT INTO t VALUES (5); SELECT a FROM t").gives([{ a: 5 }]),
      all("SELECT 1 AS a;").gives([{ a: 1 }]),
      all("/* first */ SELECT 1 AS a -- last").gives([{ a: 1 }]),
    ],
  },
  {
    name: "a thousand rows",
    steps: [
      all(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 1000) " +
          "SELECT i FROM c",
      ).gives(Array.from({ length: 1000 }, (_, i) => ({ i: i + 1 }))),
    ],
  },
  {
    name: "dump fails",
    steps: [dump().fails("D1_DUMP_ERROR: Status + 404", "Status 404")],
  },
  {
    name: "JSON, dates, windows and full-text search",
    steps: [
      raw("SELECT json_extract('{\"a\":[1,2]}', '$.a[1]'), date('2026-02-28', '+1 day')").gives([
        [2, "2026-03-01"],
      ]),
      ...PEOPLE,
      raw("SELECT name, row_number() OVER (ORDER BY name DESC) FROM people ORDER BY name").gives([
        ["Ada", 3],
        ["Bob", 2],
        ["Cleo", 1],
      ]),
      run("CREATE VIRTUAL TABLE notes USING fts5(body)"),
      run("INSERT INTO notes VALUES ('the quick fox'), ('a lazy dog')"),
      raw("SELECT highlight(notes, 0, '[', ']') FROM notes WHERE notes MATCH ?", "quick").gives([
        ["the [quick] fox"],
      ]),
    ],
  },
];
