// What distance costs: two regions on this machine, as far from each other as the table of round
// trips says, with the database at home in the first.
//
// The distance is simulated by waiting; how many bytes travel costs no more time than it takes the
// machine. docs/performance.md tells what each row means.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { attended } from "../scripts/progress.mjs";
import { appIn, writeConfigurations } from "../scripts/regions/configuration.mjs";
import { RoundTrips } from "../scripts/regions/round_trips.mjs";
import { root } from "../scripts/toolchain.mjs";
import { loads, SCHEMA } from "./cities.mjs";
import { aligned, quantiles, rounded } from "./report.mjs";
import { Workerd } from "./workerd.mjs";

const [HOME, AWAY] = ["enam", "apac"];
const ROUND_TRIP_MS = RoundTrips.realistic.ms(HOME, AWAY);
const TOKEN = "token-of-the-benchmark";
const APP = join(root, "benches/workers/regions/app.mjs");
const DATABASE = "steady";
const COUNTED = { sql: "CREATE TABLE counted (n INTEGER PRIMARY KEY)", params: [] };
/** So large is a database that is read from afar for the first time. */
const BOOTSTRAP_BYTES_MIN = 10_000_000;

/** After a load and after a bootstrap objects still write down what they have read. */
const SETTLED_MS = 1_000;

const EFFORT = {
  full: { laps: 400, watch_ms: 30_000, bootstraps: 4, writes: 60 },
  quick: { laps: 80, watch_ms: 6_000, bootstraps: 2, writes: 15 },
};
/** Between writes at home, in the mean: more than fit into a round trip, and fewer. */
const WRITE_PAUSES_MS = { steady: 25, sparse: 500 };

export async function measureRegions(cities, quick) {
  const effort = quick ? EFFORT.quick : EFFORT.full;
  const names = Array.from({ length: effort.bootstraps }, (_, i) => `cold_${i}`);
  const regions = await Regions.start(names);
  try {
    const { replica } = await regions.create(DATABASE);
    await attended("loading", regions.load(DATABASE, cities));
    const measured = [
      ...(await attended("reads under writes", readsUnderWrites(regions, cities, effort))),
      ...(await attended("lag", lag(regions, replica, effort))),
      ...(await attended("writes from afar", writesFromAfar(regions, effort))),
      ...(await attended("bootstraps", bootstraps(regions, names, cities))),
    ];
    return { round_trip_ms: ROUND_TRIP_MS, rows: measured };
  } finally {
    await regions.close();
  }
}

export function regionsTable({ rows }) {
  const lines = rows.map(({ what, unit, n, p50, p99, wanted, note }) => [
    what, unit, `${n}`, `${rounded(p50)}`, `${rounded(p99)}`, wanted ?? "", note ?? "",
  ]);
  const width = Math.max(...lines.map(([, , , , , wanted]) => wanted.length));
  const padded = lines.map((line) => line.with(5, line[5].padEnd(width)));
  return aligned([["what", "", "n", "p50", "p99", "wanted", ""], ...padded], 2);
}

const figure = (what, unit, values, more) => ({ what, unit, ...quantiles(values), ...more });

async function readsUnderWrites(regions, cities, { laps }) {
  const ids = Array.from({ length: 997 }, (_, i) => cities[(i * 137) % cities.length][0]);
  const figures = [];
  for (const [region, where] of [[HOME, "at home"], [AWAY, "afar"]]) {
    const asked = { database: DATABASE, ids, laps, pause_ms: 5 };
    const load = steadyWrites(regions);
    const told = await regions.app(region).ask("/reads", asked);
    const per_second = await load.end();
    const note = `${told.elsewhere} of ${told.reads} asked elsewhere, ${per_second} writes/s`;
    figures.push(figure(`read in memory ${where}`, "µs", told.durations_us, { note }));
  }
  return figures;
}

/** Writes at home until it is told to end. */
function steadyWrites(regions) {
  let ended = false;
  const began_ms = Date.now();
  const writes = (async () => {
    let count = 0;
    while (!ended) count += (await regions.write(250)).length;
    return count;
  })();
  return {
    async end() {
      ended = true;
      return Math.round(((await writes) * 1_000) / (Date.now() - began_ms));
    },
  };
}

/** From a commit's acknowledgement at home until it is seen afar. */
async function lag(regions, replica, { watch_ms }) {
  const figures = [];
  for (const [pace, pause_ms] of Object.entries(WRITE_PAUSES_MS)) {
    const asked = { database: DATABASE, replica, duration_ms: watch_ms + 4_000, pause_ms: 1 };
    const watched = regions.app(AWAY).ask("/watch", asked);
    await regions.write(1_000, pause_ms);
    const writes = await regions.write(watch_ms, pause_ms);
    const seen = await watched;
    const lags_ms = (list, reached) =>
      writes.flatMap((write) => {
        const found = list.find(({ value }) => reached(value, write));
        return found ? [found.ms - write.done_ms] : [];
      });
    const [there_ms, here_ms] = [
      lags_ms(seen.replica, (bookmark, write) => bookmark >= write.bookmark),
      lags_ms(seen.memory, (n, write) => n >= write.n),
    ];
    const note = `${Math.round(1_000 / pause_ms)} writes/s asked for`;
    const wanted = `p50 at most ${ROUND_TRIP_MS / 2} + 20`;
    figures.push(
      figure(`commit to replica afar, ${pace}`, "ms", there_ms, { wanted, note }),
      figure(`commit to memory afar, ${pace}`, "ms", here_ms, { wanted: "at most 1,000" }),
      figure(`write at home, ${pace}`, "ms", writes.map((it) => it.done_ms - it.sent_ms)),
    );
  }
  return figures;
}

async function writesFromAfar(regions, { writes: times }) {
  const asked = { database: DATABASE, first: regions.next(times), times, pause_ms: 50 };
  const told = await regions.app(AWAY).ask("/write_then_read", asked);
  const local = told.filter(({ local, seen }) => local && seen).length;
  const note = `${local} of ${times} in memory and with the write`;
  return [
    figure("write from afar", "ms", told.map(({ write_ms }) => write_ms), {
      wanted: `one round trip, ${ROUND_TRIP_MS}`,
    }),
    figure("the read after it", "ms", told.map(({ read_ms }) => read_ms), {
      wanted: "in memory",
      note,
    }),
  ];
}

/**
 * Requests of an isolate afar that has nothing of a database: the answer to the first of them, and
 * the first that came from memory, since the first request.
 */
async function bootstraps(regions, names, cities) {
  const ways = {
    "nothing known": { way: "embedded", place_known: false },
    "place known": { way: "embedded", place_known: true },
    "replica there": { way: "service", place_known: true },
  };
  const told = Object.fromEntries(Object.keys(ways).map((title) => [title, []]));
  const cold = ["nothing known", "place known"];
  const snapshots_ms = [];
  let size_bytes;
  for (const [i, database] of names.entries()) {
    const { primary } = await regions.create(database);
    size_bytes = await regions.load(database, cities, BOOTSTRAP_BYTES_MIN);
    await sleep(SETTLED_MS);
    snapshots_ms.push((await regions.app(HOME).ask("/snapshot", { primary })).ms);
    // The region has no replica before the first of these, and one before the second.
    for (const title of [cold[i % 2], "replica there"]) {
      const asked = { ...ways[title], database, binding: bindingOf(database), id: cities[i][0] };
      told[title].push(await regions.app(AWAY).ask("/bootstrap", asked));
      await sleep(SETTLED_MS);
    }
  }
  const note = `${(size_bytes / 1e6).toFixed(1)} MB`;
  const wanted = `p50 at most ${ROUND_TRIP_MS} + 300`;
  const figures = Object.entries(told).flatMap(([title, all]) => [
    figure(`first answer afar, ${title}`, "ms", all.map((it) => it.first_ms)),
    figure(`first from memory, ${title}`, "ms", all.map((it) => it.local_ms), { wanted }),
    figure(`slowest until then, ${title}`, "ms", all.map((it) => it.slowest_ms)),
  ]);
  return [figure("snapshot at home", "ms", snapshots_ms, { note }), ...figures];
}

const bindingOf = (database) => database.toUpperCase();

/** The Workers of both regions, all in one workerd. */
class Regions {
  #workerd = new Workerd();
  #directory = mkdtempSync(join(tmpdir(), "isolite-bench-regions-"));
  #written = 0;

  static async start(cold) {
    const regions = new Regions();
    process.once("exit", () => rmSync(regions.#directory, { recursive: true, force: true }));
    const databases = Object.fromEntries(
      cold.map((database) => [bindingOf(database), { database }]),
    );
    const paths = writeConfigurations(regions.#directory, {
      regions: [HOME, AWAY],
      token: TOKEN,
      app: { main: APP, databases },
    });
    await attended("starting", regions.#workerd.startWorkers(paths));
    return regions;
  }

  app(region) {
    return this.#workerd.worker(appIn(region));
  }

  /** A database at home; tells how its primary and the replica afar are called. */
  async create(name) {
    const rest = this.#workerd.worker(`isolite-${HOME}`);
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const body = { name, primary_location_hint: HOME };
    const { result } = await rest.ask("/client/v4/accounts/local/d1/database", body, headers);
    const { uuid } = result;
    return {
      primary: { binding: `ISOLITE_PRIMARY_${HOME}`, name: uuid },
      replica: { binding: `ISOLITE_REPLICA_${AWAY}`, name: `${uuid}/${AWAY}` },
    };
  }

  /** Fills a database with cities, and with more until it is so large; tells how large it is. */
  async load(database, cities, bytes_min = 0) {
    const load = (statements) => this.app(HOME).ask("/load", { database, statements });
    let { size_bytes } = await load([...SCHEMA, COUNTED]);
    for (const statements of loads(cities)) ({ size_bytes } = await load(statements));
    const missing = Math.max(0, Math.ceil((bytes_min / size_bytes - 1) * cities.length));
    const sql = "INSERT INTO new_cities SELECT * FROM cities LIMIT ?";
    ({ size_bytes } = await load([{ sql, params: [missing] }]));
    return size_bytes;
  }

  /** Writes at home, for so long; tells of each. */
  async write(duration_ms, pause_ms = WRITE_PAUSES_MS.steady) {
    const asked = { database: DATABASE, first: this.#written + 1, duration_ms, pause_ms };
    const told = await this.app(HOME).ask("/writes", asked);
    this.next(told.length);
    return told;
  }

  /** The number of the next of so many rows. */
  next(count) {
    const first = this.#written + 1;
    this.#written += count;
    return first;
  }

  close() {
    return this.#workerd.close();
  }
}
