// The database that is carried in and out, by SQLite itself, and how two of them are compared.

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

import { Failure } from "../../scripts/toolchain.mjs";

const PAGE_BYTES = 4_096;
/** Rows made at once, of each table. */
const STEP = 2_000;
const WORDS = ["quick", "brown", "lazy", "jumps", "über", "日本", "it's", "\"quoted\"", "line\nbreak", "🎉"];

const SCHEMA = `
  PRAGMA page_size = ${PAGE_BYTES};
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE, big INTEGER,
    score REAL);
  CREATE INDEX customers_by_name ON customers (name);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id),
    at TEXT NOT NULL, note TEXT);
  CREATE INDEX orders_of_customer ON orders (customer, at);
  CREATE TABLE photos (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id),
    image BLOB, kind);
  CREATE TABLE tags (word TEXT, customer INTEGER, n, PRIMARY KEY (word, customer)) WITHOUT ROWID;
  CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
  CREATE VIRTUAL TABLE articles USING fts5 (title, body);
`;

/** Makes the file; the reader's rows and the writer's table are in it. */
export function makeSample(path, megabytes, progress) {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const pages = Math.round((megabytes * 1e6) / PAGE_BYTES);
  const count = () => database.prepare("PRAGMA page_count").get().page_count;
  for (let first = 1; count() < pages; first += STEP) {
    database.exec("BEGIN");
    for (let id = first; id < first + STEP; id++) insert(database, id);
    database.exec("COMMIT");
    progress(Math.min(count(), pages));
  }
  database.exec("ANALYZE");
  database.close();
}

const statements = new WeakMap();

function insert(database, id) {
  if (!statements.has(database)) {
    const prepare = (table, values) => database.prepare(`INSERT INTO ${table} VALUES (${values})`);
    statements.set(database, {
      customer: prepare("customers", "?, ?, ?, ?, ?"),
      order: prepare("orders", "NULL, ?, ?, ?"),
      photo: prepare("photos", "NULL, ?, ?, ?"),
      tag: prepare("tags", "?, ?, ?"),
      article: prepare("articles", "?, ?"),
    });
  }
  const { customer, order, photo, tag, article } = statements.get(database);
  const bytes = noise(id);
  const word = (i) => WORDS[bytes[i] % WORDS.length];
  const text = (from, n) => Array.from({ length: n }, (_, i) => word((from + i) % bytes.length)).join(" ");
  // Both beyond 2^53 and beyond what a REAL could hold.
  const big = (BigInt(id) << 40n) * (id % 2 === 0 ? 1n : -1n) + 1n;
  customer.run(id, `${word(0)} ${id}`, `mail-${id}@example.com`, big, id / 7);
  for (let i = 0; i < 4; i++) order.run(id, `2026-0${1 + (i % 9)}-${10 + (id % 18)}`, text(i, 12));
  if (id % 4 === 0) {
    const image = Buffer.concat(Array.from({ length: 1 + (id % 64) }, () => bytes));
    photo.run(id, id % 20 === 0 ? null : image, [id, id / 3, "jpeg", bytes.subarray(0, 3)][(id / 4) % 4]);
  }
  tag.run(word(5), id, id % 3 === 0 ? null : id);
  if (id % 2 === 0) article.run(text(0, 6), text(3, 60));
}

/** 64 bytes that are the same for the same number, and do not compress. */
const noise = (number) => createHash("sha512").update(String(number)).digest();

/** Fails unless `other` has the same in each table, value by value and type by type. */
export function assertSame(path, other, { except = [] } = {}) {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("ATTACH ? AS other").run(other);
    const objects = (schema) =>
      database.prepare(`SELECT type, name, tbl_name, sql FROM ${schema}.sqlite_schema ORDER BY 1, 2`).all();
    const [ours, theirs] = [objects("main"), objects("other")].map((list) => JSON.stringify(list));
    if (ours !== theirs) throw new Failure("the schema is another");
    const tables = objects("main").filter(({ type, name }) =>
      type === "table" && !/^(articles_|sqlite_)/.test(name) && !except.includes(name));
    for (const { name } of tables) {
      const differing = difference(database, name);
      if (differing !== 0) throw new Failure(`${name}: ${differing} rows differ`);
    }
    const found = "SELECT count(*) AS n, sum(rowid) AS s FROM %.articles('title : lazy AND body : quick')";
    const [a, b] = ["main", "other"].map((schema) =>
      JSON.stringify(database.prepare(found.replace("%", schema)).get()));
    if (a !== b) throw new Failure(`full text search finds ${b}, not ${a}`);
  } finally {
    database.close();
  }
}

function difference(database, table) {
  const columns = database.prepare(`SELECT name, pk FROM pragma_table_info(?)`).all(table);
  const keys = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const on = (keys.length > 0 ? keys : ["rowid"]).map((key) => `a."${key}" = b."${key}"`).join(" AND ");
  const other = columns
    .map(({ name }) => `typeof(a."${name}") <> typeof(b."${name}") OR a."${name}" IS NOT b."${name}"`)
    .join(" OR ");
  const sql = `SELECT (SELECT count(*) FROM main."${table}") AS a, (SELECT count(*) FROM other."${table}") AS b,
    (SELECT count(*) FROM main."${table}" AS a JOIN other."${table}" AS b ON ${on} WHERE NOT (${other})) AS same`;
  const { a, b, same } = database.prepare(sql).get();
  return Math.max(a, b) - same;
}

/** What the writer has written is of one moment if nothing is missing in between. */
export function assertGapless(path) {
  const database = new DatabaseSync(path, { readOnly: true });
  const { rows, last } = database.prepare("SELECT count(*) AS rows, max(id) AS last FROM notes").get();
  database.close();
  if (rows !== (last ?? 0)) throw new Failure(`of ${last} rows that were written ${rows} are there`);
}

export function assertWhole(path) {
  const database = new DatabaseSync(path, { readOnly: true });
  const [{ integrity_check }] = database.prepare("PRAGMA integrity_check").all();
  database.close();
  if (integrity_check !== "ok") throw new Failure(`integrity_check: ${integrity_check}`);
}
