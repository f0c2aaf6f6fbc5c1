// `npm run bench`: Isolite beside D1 in workerd and SQLite in Node, in one run on one machine.
//
//   npm run bench -- [--quick] [--only peer,peer] [--json FILE] [--no-build]
//
// The peers take turns in rounds, so that whatever else the machine does hits all alike. It tells
// figures and judges none: only an operation that fails makes it fail.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { build } from "../scripts/build.mjs";
import { attended, Bar, grouped, heading } from "../scripts/progress.mjs";
import { Failure, main, root, setup } from "../scripts/toolchain.mjs";
import { allCities, loads, SCHEMA } from "./cities.mjs";
import { operations, work } from "./operations.mjs";
import { headline, machine, row, table, targetsTable } from "./report.mjs";
import { judged } from "./targets.mjs";
import { obstacle, rustCrate, WORKER_PEERS, Workerd } from "./workerd.mjs";

const ROUNDS = 5;
const NODE_SQLITE = "node-sqlite";
const PEERS = [...WORKER_PEERS, NODE_SQLITE];
const NODE_MIN = 24;

const OPTIONS = {
  quick: { type: "boolean", default: false },
  only: { type: "string" },
  json: { type: "string" },
  // Measures what is built, and leaves out what is not.
  "no-build": { type: "boolean", default: false },
};

function options() {
  let values;
  try {
    values = parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(error.message);
  }
  const peers = values.only?.split(",") ?? PEERS;
  const unknown = peers.find((peer) => !PEERS.includes(peer));
  if (unknown !== undefined) throw new Failure(`no peer ${unknown}; there are ${PEERS.join(", ")}`);
  return { ...values, peers: PEERS.filter((peer) => peers.includes(peer)) };
}

async function buildWorkers(peers) {
  await setup();
  if (peers.some((peer) => peer.startsWith("isolite"))) await build();
  if (peers.includes("isolite-rust")) await build(rustCrate);
}

/** The peers that can run, opened; of each that cannot it says why. */
async function open(names, workerd) {
  const runnable = names.filter((name) => {
    const reason = obstacle(name);
    if (reason !== undefined) console.log(`${name}: ${reason}`);
    return reason === undefined;
  });
  const inWorkerd = runnable.filter((name) => name !== NODE_SQLITE);
  const peers = inWorkerd.length > 0 ? await workerd.start(inWorkerd) : [];
  if (runnable.includes(NODE_SQLITE)) {
    const { NodeSqlite } = await import("./node_sqlite.mjs");
    peers.push(new NodeSqlite());
  }
  return peers;
}

async function loadAll(peers, cities) {
  for (const peer of peers) {
    const bar = new Bar(`loading ${peer.name}`, cities.length);
    let count = 0;
    await peer.load(SCHEMA);
    for (const statements of loads(cities)) {
      await peer.load(statements);
      count += statements.reduce((rows, { params }) => rows + params.length / cities[0].length, 0);
      bar.advance(count);
    }
  }
}

/** All durations, by operation and peer, and how the checks of where reads were answered went. */
async function measure(peers, cities, quick) {
  const all = operations(cities);
  const durations = new Map(all.map(({ name }) => [name, new Map(peers.map((p) => [p.name, []]))]));
  const checks = new Map();
  const bar = new Bar("measuring", ROUNDS * all.length * peers.length);
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const operation of all) {
      const asked = work(operation, quick);
      // Each peer comes first once in a while: what runs before a peer is not always the same.
      const turn = round % peers.length;
      for (const peer of [...peers.slice(turn), ...peers.slice(0, turn)]) {
        const told = await peer.run(asked);
        durations.get(operation.name).get(peer.name).push(...told.durations_us);
        if (told.checks?.count > 0) add(checks, peer.name, told.checks);
        bar.advance(++count);
      }
    }
  }
  return { durations, checks };
}

function add(checks, peer, { count, elsewhere }) {
  const sum = checks.get(peer) ?? { count: 0, elsewhere: 0 };
  checks.set(peer, { count: sum.count + count, elsewhere: sum.elsewhere + elsewhere });
}

function checkLines(checks) {
  return [...checks].map(([peer, { count, elsewhere }]) => {
    const [all, others] = [grouped(count), grouped(elsewhere)];
    return `${peer}: ${others} of ${all} reads between the laps were not answered where promised`;
  });
}

await main(async () => {
  const chosen = options();
  if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
    throw new Failure(`this is Node ${process.versions.node}: npm run setup brings ${NODE_MIN}`);
  }
  if (!chosen["no-build"]) await buildWorkers(chosen.peers);
  const cities = allCities();
  const workerd = new Workerd();
  let peers = [];
  try {
    heading("peers");
    peers = await attended("starting", open(chosen.peers, workerd));
    await loadAll(peers, cities);
    heading("operations");
    const { durations, checks } = await measure(peers, cities, chosen.quick);
    const rows = [...durations].flatMap(([operation, byPeer]) =>
      [...byPeer].map(([peer, all]) => row(operation, peer, all)),
    );
    const targets = judged(rows);
    const report = { machine: machine(), rows, targets, checks: Object.fromEntries(checks) };
    console.log(`\n${headline(report.machine)}\n\n${table(rows)}\n`);
    console.log(`${targetsTable(targets)}\n\n${checkLines(checks).join("\n")}\n`);
    if (chosen.json) writeFileSync(chosen.json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    for (const peer of peers) peer.close();
    await workerd.close();
  }
});
