// The operations: their SQL, what each call of them binds, and how often each is called.
//
// Calls are the same for every peer and in every run: ids are spread over the table by the golden
// ratio, which reaches all parts of it evenly in an order that no cache foresees.

import { INSERT_NEW_CITY, newCity } from "./cities.mjs";

const SCAN_ROWS = 1_000;
const BATCH_ROWS = 1_000;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Measured calls a round and peer, and unmeasured ones before them. */
const CALLS = {
  point_read_first: { full: 6_000, quick: 1_500, warm_up: 200 },
  point_read_all: { full: 6_000, quick: 1_500, warm_up: 200 },
  range_scan_1000: { full: 40, quick: 8, warm_up: 6 },
  insert: { full: 300, quick: 60, warm_up: 30 },
  batch_insert_1000: { full: 12, quick: 3, warm_up: 2 },
  aggregate: { full: 12, quick: 3, warm_up: 1 },
};

export function operations(cities) {
  const scanned = cities.slice(0, cities.length - SCAN_ROWS);
  const countries = new Set(cities.map(([, , country]) => country)).size;
  const newId = counter();
  const drawn = counter();
  const draw = (rows) => rows[Math.floor(((GOLDEN * drawn()) % 1) * rows.length)][0];
  const point_read = {
    sql: "SELECT * FROM cities WHERE id = ?",
    expected: 1,
    reads: true,
    call: () => [draw(cities)],
  };
  return [
    { name: "point_read_first", ...point_read },
    { name: "point_read_all", ...point_read },
    {
      name: "range_scan_1000",
      sql: `SELECT * FROM cities WHERE id >= ? ORDER BY id LIMIT ${SCAN_ROWS}`,
      expected: SCAN_ROWS,
      reads: true,
      call: () => [draw(scanned)],
    },
    {
      name: "insert",
      sql: INSERT_NEW_CITY,
      expected: 1,
      call: () => newCity(newId()),
    },
    {
      name: "batch_insert_1000",
      sql: INSERT_NEW_CITY,
      expected: BATCH_ROWS,
      call: () => Array.from({ length: BATCH_ROWS }, () => newCity(newId())),
    },
    {
      name: "aggregate",
      sql: `SELECT country, count(*) AS cities, avg(population) AS population, max(lat) AS north
            FROM cities GROUP BY country ORDER BY country`,
      expected: countries,
      reads: true,
      call: () => [],
    },
  ];
}

/** What a peer is asked to run in one round. */
export function work(operation, quick) {
  const { full, quick: few, warm_up } = CALLS[operation.name];
  const { name, sql, expected, reads = false } = operation;
  const calls = Array.from({ length: warm_up + (quick ? few : full) }, () => operation.call());
  return { operation: name, sql, expected, reads, warm_up, calls };
}

function counter() {
  let count = 0;
  return () => ++count;
}
