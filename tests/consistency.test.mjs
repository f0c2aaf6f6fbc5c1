// Aim: what the guarantees say of reads and writes from anywhere is so, whatever the regions, the
// ways of binding, the weather between them and the ends of objects and of the machine.
// Method: clients in three simulated regions read and write one database at random, in sessions, by
// handed-on bookmarks and without either, while objects are ended and the network loses, delays,
// repeats and damages what it may; then all is killed and started again. All that clients see goes
// into a history, and a checker looks for what must not be. The printed seed replays the plans;
// when things happen remains the machine's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Faults } from "./consistency/faults.mjs";
import { History } from "./consistency/history.mjs";
import { Workload } from "./consistency/workload.mjs";
import { REGIONS, World } from "./consistency/world.mjs";
import { Random } from "./support/random.mjs";
import { assertNoCrash } from "./support/witness.mjs";

const CALM_MS = 4_000;
const STORM_MS = 7_000;
const BEFORE_CRASH_MS = 3_000;
const AFTER_CRASH_MS = 3_000;

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.log(`consistency: ISOLITE_SEED=${seed}`);

let world;
before(async () => {
  world = await World.start(["calm", "stormy"]);
});
after(() => world?.stop());

/** A database with clients of all kinds. */
class Scene {
  constructor(name) {
    this.random = new Random(seed);
    this.history = new History(world, name);
    this.workload = new Workload(name, REGIONS, this.random);
    this.bookmarks = [null, null, null];
  }

  /** Clients of all isolates, so that these have started when time begins to count. */
  async begin() {
    await this.history.create();
    await this.history.run(this.workload.warmUp(), Infinity);
  }

  async play(duration_ms) {
    const { history, workload } = this;
    const until_ms = Date.now() + duration_ms;
    const chains = this.bookmarks.map((bookmark, i) => {
      return history.chain(workload, `chain ${i}`, until_ms, bookmark);
    });
    await Promise.all([
      history.run([...workload.handles(), ...workload.sessions()], until_ms),
      history.visits(workload, "visitor", until_ms),
      Promise.all(chains).then((bookmarks) => (this.bookmarks = bookmarks)),
    ]);
  }

  async assertInOrder() {
    const found = await this.history.check();
    const guarantees = [...new Set(found.map(({ guarantee }) => guarantee))];
    assert.deepEqual(found.slice(0, 5), [], `${found.length} violations: ${guarantees}`);
  }

  count(which) {
    return this.history.operations.filter(which).length;
  }

  /** What it takes for a run to mean anything. */
  assertBusy() {
    assert.ok(this.count(({ ok, kind }) => ok && kind === "write") > 30, "too few writes");
    for (const region of REGIONS) {
      const near = (it) => it.region === region && it.served_by_primary === false;
      const reads = this.history.operations.filter(near);
      const regions = new Set(reads.map(({ served_by_region }) => served_by_region));
      assert.deepEqual([...regions], [region.toUpperCase()], "its own region's replicas answer");
      assert.ok(this.count(near) > 30, `only ${this.count(near)} reads near ${region}`);
    }
  }

  report(what) {
    const counts = {
      operations: this.count(() => true),
      writes: this.count(({ kind }) => kind === "write"),
      near: this.count(({ served_by_primary }) => served_by_primary === false),
      failed: this.count(({ ok }) => !ok),
    };
    console.log(`# ${what}: ${JSON.stringify(counts)}`);
  }
}

test(`in calm weather nothing fails (seed ${seed})`, async () => {
  const scene = new Scene("calm");
  await scene.begin();
  await scene.play(CALM_MS);
  scene.report("calm");
  await scene.assertInOrder();
  scene.assertBusy();
  assert.equal(scene.count(({ ok }) => !ok), 0);
});

test(`in a storm, with objects that end, and after a crash (seed ${seed})`, async (t) => {
  const scene = new Scene("stormy");
  await scene.begin();
  const faults = new Faults(world, scene.history.id, new Random(seed));
  let passed = false;

  await t.test("objects end while clients work", async () => {
    await Promise.all([scene.play(STORM_MS), faults.until(Date.now() + STORM_MS)]);
    scene.report("storm");
    console.log(`# ${JSON.stringify(faults.counts)}`);
    await scene.assertInOrder();
    scene.assertBusy();
    // Whether any was at rest long enough to be evicted depends on how busy the machine is.
    for (const kind of ["primary", "replica"]) assert.ok(faults.counts[`abort ${kind}`] > 0, kind);
    passed = true;
  });

  await t.test("everything is killed, and goes on from what was stored", async () => {
    assert.ok(passed, "there is no history to go on with");
    const playing = scene.play(BEFORE_CRASH_MS + AFTER_CRASH_MS);
    await sleep(BEFORE_CRASH_MS);
    assertNoCrash(world.log);
    await world.crash();
    await playing;
    await world.begin();
    await scene.assertInOrder();
    const before = scene.count(({ ok }) => ok);
    // Sessions go on from the bookmarks of before.
    assert.ok(scene.bookmarks.every((bookmark) => bookmark !== null));
    await scene.play(AFTER_CRASH_MS);
    scene.report("after the crash");
    await scene.assertInOrder();
    assert.ok(scene.count(({ ok }) => ok) > before + 50, "clients work again");
    assertNoCrash(world.log);
  });
});
