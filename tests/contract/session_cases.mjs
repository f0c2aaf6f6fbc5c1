// Sessions: their methods, and the bookmarks by which one follows another.

import assert from "node:assert/strict";

import { all, batch, bookmark, first, open, openAt, raw, run } from "./step.mjs";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

const isBookmark = (text) => assert.match(text, BOOKMARK);

/** Higher than the bookmark that `steps` steps before gave. */
const risesSince = (steps) => (text, earlier) => {
  isBookmark(text);
  const before = earlier.at(-steps);
  assert.ok(before.localeCompare(text) < 0, `${before} before ${text}`);
};

/** Not lower than the bookmark before the last query. */
const neverFalls = (text, earlier) => assert.ok(earlier.at(-2).localeCompare(text) <= 0);

const STARTS = [undefined, null, "", "first-unconstrained", "first-primary", " first-primary "];

const TABLE = run("CREATE TABLE t (a)");

export const sessionCases = [
  {
    name: "a session has every way to run a statement",
    steps: [
      TABLE,
      open("s", "first-primary"),
      run("INSERT INTO t VALUES (?)", "x").in("s").meta({ changes: 1 }),
      all("SELECT a FROM t").in("s").gives([{ a: "x" }]),
      first("SELECT a FROM t").in("s").gives({ a: "x" }),
      raw("SELECT a FROM t").in("s").gives([["x"]]),
      batch("INSERT INTO t VALUES ('y')", "SELECT count(*) AS n FROM t")
        .in("s")
        .satisfies((results) => assert.deepEqual(results[1].results, [{ n: 2 }])),
    ],
  },
  ...STARTS.map((constraint) => ({
    name: `a session from ${JSON.stringify(constraint) ?? "nothing"} has a bookmark once it asked`,
    steps: [
      open("s", constraint),
      bookmark("s").gives(null),
      first("SELECT 1 AS a").in("s").gives({ a: 1 }),
      bookmark("s").satisfies(isBookmark),
    ],
  })),
  {
    name: "a bookmark rises with every write",
    steps: [
      TABLE,
      open("s", "first-primary"),
      first("SELECT 1 AS a").in("s"),
      bookmark("s").satisfies(isBookmark),
      run("INSERT INTO t VALUES (1)").in("s"),
      bookmark("s").satisfies(risesSince(2)),
      batch("INSERT INTO t VALUES (2)").in("s"),
      bookmark("s").satisfies(risesSince(2)),
    ],
  },
  {
    name: "a bookmark never falls",
    steps: [
      TABLE,
      open("s", "first-primary"),
      run("INSERT INTO t VALUES (1)").in("s"),
      bookmark("s").satisfies(isBookmark),
      all("SELECT * FROM t").in("s"),
      bookmark("s").satisfies(neverFalls),
    ],
  },
  {
    name: "a session that begins at another's bookmark sees its writes",
    steps: [
      TABLE,
      open("s", "first-unconstrained"),
      run("INSERT INTO t VALUES (7)").in("s"),
      bookmark("s").satisfies(isBookmark),
      openAt("next", "s"),
      bookmark("next").satisfies((text, earlier) => assert.equal(text, earlier.at(-2))),
      first("SELECT a FROM t").in("next").gives({ a: 7 }),
      bookmark("next").satisfies(neverFalls),
    ],
  },
  {
    name: "a session sees the writes of others, and they move its bookmark",
    steps: [
      TABLE,
      open("s", "first-primary"),
      first("SELECT count(*) AS n FROM t").in("s").gives({ n: 0 }),
      bookmark("s"),
      run("INSERT INTO t VALUES (1)"),
      first("SELECT count(*) AS n FROM t").in("s").gives({ n: 1 }),
      bookmark("s").satisfies(risesSince(3)),
    ],
  },
  {
    name: "an error in a session is D1's, and the session goes on",
    steps: [
      open("s", "first-primary"),
      all("SELECT * FROM nope").in("s").fails("D1_ERROR: no such table: nope: SQLITE_ERROR"),
      first("SELECT 1 AS a").in("s").gives({ a: 1 }),
    ],
  },
];
