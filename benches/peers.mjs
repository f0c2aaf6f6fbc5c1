// The operations, measured for each peer.
//
// The peers take turns in rounds, so that whatever else the machine does hits all alike.

import { attended, Bar, grouped } from "../scripts/progress.mjs";
import { loads, SCHEMA } from "./cities.mjs";
import { operations, work } from "./operations.mjs";
import { row } from "./report.mjs";
import { judged } from "./targets.mjs";
import { obstacle, WORKER_PEERS, Workerd } from "./workerd.mjs";

const ROUNDS = 5;
const NODE_SQLITE = "node-sqlite";
export const PEERS = [...WORKER_PEERS, NODE_SQLITE];

export async function measureOperations(names, cities, quick) {
  const workerd = new Workerd();
  let peers = [];
  try {
    peers = await attended("starting", open(names, workerd));
    await loadAll(peers, cities);
    const { durations, checks } = await measure(peers, cities, quick);
    const rows = [...durations].flatMap(([operation, byPeer]) =>
      [...byPeer].map(([peer, all]) => row(operation, peer, all)),
    );
    return { rows, targets: judged(rows), checks };
  } finally {
    for (const peer of peers) peer.close();
    await workerd.close();
  }
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
  const checks = {};
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
  const sum = (checks[peer] ??= { count: 0, elsewhere: 0 });
  sum.count += count;
  sum.elsewhere += elsewhere;
}

export function checkLines(checks) {
  return Object.entries(checks).map(([peer, { count, elsewhere }]) => {
    const [all, others] = [grouped(count), grouped(elsewhere)];
    return `${peer}: ${others} of ${all} reads between the laps were not answered where promised`;
  });
}
