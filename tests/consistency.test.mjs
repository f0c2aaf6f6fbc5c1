// Aim: what the guarantees say of reads and writes from anywhere is so, whatever the regions, the ways of
// binding, the weather between them and the ends of objects and of the machine.
// Method: clients in three simulated regions read and write one database at random, in sessions, by
// handed-on bookmarks and without either; all that they see goes into a history, and a checker looks for
// what must not be. The printed seed replays the plans; when things happen remains the machine's.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { History } from "./consistency/history.mjs";
import { REGIONS, World } from "./consistency/world.mjs";
import { Workload } from "./consistency/workload.mjs";
import { Random } from "./support/random.mjs";

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.log(`consistency: ISOLITE_SEED=${seed}`);
const random = new Random(seed);

let world;
before(async () => {
  world = await World.start(["calm"]);
});
after(() => world?.stop());

test("calm", async () => {
  const history = new History(world, "calm");
  await history.create();
  const workload = new Workload("calm", REGIONS, random);
  const until_ms = Date.now() + 6_000;
  await Promise.all([
    history.run([...workload.handles(), ...workload.sessions()], until_ms),
    history.chain(workload, "a", until_ms),
    history.chain(workload, "b", until_ms),
    history.visits(workload, "c", until_ms),
  ]);
  const ops = history.operations;
  const by = (f) => Object.fromEntries([...Map.groupBy(ops, f)].map(([k, v]) => [k, v.length]));
  console.log(by(({ kind, ok }) => `${kind} ${ok}`), by((o) => `${o.region} ${o.way} ${o.kind} ${o.served_by_primary} ${o.served_by_region}`));
  const found = await history.check();
  const w = Map.groupBy(found, (v) => `${v.guarantee} ${v.way} start=${v.start} bound=${v.bound_ms} `);
  for (const [k, v] of w) console.log(k, v.length, v[0].what, v[0].op);
  assert.deepEqual(found.slice(0, 5), []);
});
