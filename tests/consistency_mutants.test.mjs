// Aim: the tests of consistency would notice if a guarantee were not kept by the real runtime.
// Method: the same clients, world and checker as in consistency.test.mjs, on databases about which
// the network lies (tests/workers/consistency/lies.mjs). Each lie stands for a bug, and has to be
// caught within a bounded time by a guarantee that it breaks; the one database without a lie, whose
// pushes are lost as those of others are, has to have none.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { History } from "./consistency/history.mjs";
import { Workload } from "./consistency/workload.mjs";
import { REGIONS, World } from "./consistency/world.mjs";
import { Random } from "./support/random.mjs";
import { LIES } from "./workers/consistency/lies.mjs";

const ROUND_MS = 2_500;
const ROUNDS_MAX = 5;
const HONEST_ROUNDS = 3;
/** Reads in quick succession after writes, and pauses as long as the bound. */
const PACE = { pause_ms_max: 40, writes: 0.2, long_pauses: 0.15, beside: 0 };

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.log(`consistency, mutants: ISOLITE_SEED=${seed}`);

let world;
before(async () => {
  world = await World.start(LIES.map(({ name }) => name));
});
after(() => world?.stop());

/**
 * Lets clients work until something is found; resolves with how often each guarantee was broken.
 */
async function caught({ name, clients }, enough, rounds_max) {
  const history = new History(world, name);
  await history.create();
  const workload = new Workload(name, REGIONS, new Random(seed), PACE);
  for (let round = 1; ; round++) {
    const until_ms = Date.now() + ROUND_MS;
    await crews[clients](history, workload, until_ms);
    const found = await history.check();
    const counts = {};
    for (const { guarantee } of found) counts[guarantee] = (counts[guarantee] ?? 0) + 1;
    if (enough(counts) || round === rounds_max) return { counts, round, found };
  }
}

const crews = {
  busy: (history, workload, until_ms) => Promise.all([
    history.run([...workload.handles([undefined, 250]), ...workload.writers()], until_ms),
    history.chain(workload, "a", until_ms),
    history.chain(workload, "b", until_ms),
  ]),
  sleepers: (history, workload, until_ms) => {
    return history.run([...workload.sleepers(), ...workload.writers()], until_ms);
  },
};

describe("each planted bug is caught", { concurrency: 3 }, () => {
  for (const lie of LIES) {
    const { name, what, caught_by } = lie;
    const expected = caught_by.length > 0 ? caught_by.join(" or ") : "nothing";
    test(`${what}: ${expected}`, async () => {
      const broken = (counts) => caught_by.some((guarantee) => counts[guarantee] > 0);
      const rounds_max = caught_by.length > 0 ? ROUNDS_MAX : HONEST_ROUNDS;
      const { counts, round, found } = await caught(lie, broken, rounds_max);
      console.log(`# ${name}, round ${round}: ${JSON.stringify(counts)}`);
      if (caught_by.length === 0) assert.deepEqual(found.slice(0, 3), []);
      else assert.ok(broken(counts), `not caught: ${JSON.stringify(counts)}`);
    });
  }
});
