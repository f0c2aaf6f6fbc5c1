// The main module of `npm run dev`: the Isolite Worker, and before it what the demo's page asks.
//
// No deployment has this: wrangler.toml names the Worker's own main module. It answers without a login,
// since the demo's data are public; it reads them by statements of its own and nothing else.

import { isolite } from "../../bindings/js/src/embedded.ts";
import Isolite from "../../bindings/js/src/worker.ts";
import { DEMO } from "./database.mjs";
import { Stopwatch } from "./stopwatch.mjs";

export * from "../../bindings/js/src/worker.ts";

const MATCH = `SELECT highlight(city_search, 0, char(1), char(2)) AS name,
  highlight(city_search, 1, char(1), char(2)) AS country, code, population, latitude, longitude
  FROM city_search WHERE city_search MATCH ?1 ORDER BY rowid LIMIT 10`;
const LARGEST = `SELECT name, country, code, population, latitude, longitude
  FROM city_search ORDER BY rowid LIMIT 10`;

const COUNT = "SELECT count(*) AS count FROM cities";

const SQUARES = "SELECT x, y, count FROM city_squares";

const WORDS_MAX = 8;
const TEXT_LENGTH_MAX = 100;

/** What was typed as FTS5 takes it: each word is the beginning of one. Empty if there is none. */
function matching(text) {
  const words = text.slice(0, TEXT_LENGTH_MAX).match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return words.slice(0, WORDS_MAX).map((word) => `"${word}"*`).join(" ");
}

/** Who answered, as far as it is told. */
const answeredBy = ({ served_by_primary, served_by_region }) => ({
  memory: served_by_primary === false,
  region: served_by_region ?? null,
});

async function search(database, text) {
  const match = matching(text);
  const statement =
    match === "" ? database.prepare(LARGEST) : database.prepare(MATCH).bind(match);
  const { results, meta } = await statement.all();
  const answered = answeredBy(meta);
  // Asked again for the sake of the clock only where that costs nobody else anything.
  const sql = answered.memory
    ? await new Stopwatch().mean(() => statement.all())
    : { ms: meta.duration, runs: 1 };
  return { cities: results, sql, answered, statement: match === "" ? LARGEST : MATCH, match };
}

async function world(database) {
  const [counted, drawn] = await database.batch([COUNT, SQUARES].map((sql) => database.prepare(sql)));
  const squares = drawn.results.map(({ x, y, count }) => [x, y, count]);
  return { count: counted.results[0].count, squares };
}

/** Resolves with undefined of a path that is not the demo's. */
async function answer(request, env) {
  const { pathname, searchParams } = new URL(request.url);
  const asked = { "/demo/search": search, "/demo/world": world }[pathname];
  if (asked === undefined || request.method !== "GET") return undefined;
  const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  try {
    const database = isolite(env, DEMO, { request, create: false });
    return Response.json(await asked(database, searchParams.get("q") ?? ""), { headers });
  } catch (error) {
    return Response.json({ error: error.message }, { status: 503, headers });
  }
}

export default class extends Isolite {
  async fetch(request) {
    return (await answer(request, this.env)) ?? super.fetch(request);
  }
}
