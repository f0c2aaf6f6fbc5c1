// Aim: an acknowledged write survives the server's death at any moment, and a batch is there as a
// whole or not at all.
// Method: clients write to a plain workerd, which is killed (SIGKILL) at random moments and started
// again on the same storage. Books are kept of what was sent and acknowledged, and audited after
// each start. The printed seed replays the plan; the moments of the kills remain the machine's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { BatchLedger } from "./crash/batch_ledger.mjs";
import { NameLedger } from "./crash/name_ledger.mjs";
import { storedLogs } from "./crash/stored_log.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { Random } from "./support/random.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";

const ROUNDS = 25;
const WRITERS = 4;
const TOKEN = "token-of-the-crash-test";
const DATABASE = "books";

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
const random = new Random(seed);
const state = temporaryDirectory("crash");
const batches = new BatchLedger();
const names = new NameLedger();

let configuration;
let server;
before(async () => {
  configuration = await bundle();
});
after(() => server?.crash());

async function start() {
  server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  return new RestClient(server.origin, TOKEN);
}

/** Calls `act` again and again, until the server is dead. */
async function untilDeath(dead, act) {
  while (!dead.now) {
    try {
      await act();
    } catch (error) {
      // Only a lost connection is part of the plan: no refusal, and no failure, may be answered.
      const lost = error instanceof TypeError || error.name === "TimeoutError";
      if (!lost) throw error;
      if (!dead.now) await sleep(5);
    }
  }
}

async function write(rest, large) {
  const work =
    (random.chance(large ? 0.3 : 0.15) && batches.close(random)) ||
    (large
      ? batches.open(random.between(20, 50), random.between(3_000, 6_000), random)
      : batches.open(random.between(5, 20), random.between(0, 60), random));
  await rest.batch(DATABASE, work.statements);
  batches.acknowledge(work.id);
}

/** Lets clients write for a while, and kills the server among it. */
async function work(rest, { large, lifeMs }) {
  const dead = { now: false };
  const clients = Array.from({ length: WRITERS }, () => untilDeath(dead, () => write(rest, large)));
  clients.push(untilDeath(dead, () => names.toggle(rest, names.choose(random))));
  const done = Promise.all(clients);
  await Promise.race([sleep(lifeMs), done]);
  const killed = server.crash();
  dead.now = true;
  await killed;
  await done;
}

async function audit(rest) {
  await batches.audit(rest, DATABASE);
  await names.audit(rest, [DATABASE]);
}

test(`no acknowledged write is lost (seed ${seed})`, { timeout: 300_000 }, async (t) => {
  console.log(`crash test: ISOLITE_SEED=${seed}`);
  const rest = await start();
  await rest.create(DATABASE);
  await rest.batch(DATABASE, BatchLedger.tables);
  await server.crash();

  const folded = new Set();
  let round = 0;
  let passed = true;
  // After a failure the books are of no more use.
  while (passed && ++round <= ROUNDS) {
    passed = false;
    // Some die while they still open their storage, some after a checkpoint or two.
    const lifeMs = random.chance(0.2) ? random.between(0, 80) : random.between(100, 1_400);
    const large = random.chance(0.6);
    const size = large ? "large" : "small";
    await t.test(`round ${round}: ${size} batches, killed after ${lifeMs} ms`, async () => {
      await work(await start(), { large, lifeMs });
      storedLogs(state).forEach((log) => folded.add(log.folded));
      await audit(await start());
      await server.crash();
      passed = true;
    });
    await server.crash();
  }

  if (!passed) return;
  await t.test("the rounds met what they are for", () => {
    folded.delete(0);
    const { acknowledged } = batches;
    console.log(`crash test: ${acknowledged} batches acknowledged, ${folded.size} checkpoints`);
    assert.ok(acknowledged > ROUNDS * 5, `only ${acknowledged} batches`);
    assert.ok(folded.size >= 2, `only ${folded.size} checkpoints`);
  });

  await t.test("a last start finds the same again", async () => {
    await audit(await start());
    await audit(new RestClient(server.origin, TOKEN));
  });
});
