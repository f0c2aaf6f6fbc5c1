// Aim: whatever a promotion is doing when the server dies, no acknowledged write is lost or doubled, and
// afterwards somebody is the primary, who takes writes.
// Method: as tests/crash.test.mjs, clients write to a plain workerd that is killed at random moments; one
// of them moves the primary from region to region meanwhile, and gives up what it has begun now and
// then. The printed seed replays the plan; the moments of the kills remain the machine's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { BatchLedger } from "./crash/batch_ledger.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { Random } from "./support/random.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";

const ROUNDS = 20;
const WRITERS = 3;
const TOKEN = "token-of-the-crash-test";
const DATABASE = "books";
const REGIONS = ["weur", "enam", "apac", "sam"];

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
const random = new Random(seed);
const state = temporaryDirectory("promotion-crash");
const batches = new BatchLedger();
const counts = { complete: 0, active: 0, refused: 0, given_up: 0 };

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
      const lost = error instanceof TypeError || error.name === "TimeoutError";
      if (!lost) throw error;
      if (!dead.now) await sleep(5);
    }
  }
}

async function write(rest) {
  const items = random.between(1, 20);
  const work =
    (random.chance(0.2) && batches.close(random)) ||
    batches.open(items, random.chance(0.1) ? 5_000 : random.between(0, 60), random);
  await rest.batch(DATABASE, work.statements);
  batches.acknowledge(work.id);
}

async function move(rest) {
  await sleep(random.between(0, 150));
  if (random.chance(0.15)) {
    const { status } = await rest.request("DELETE", `/${DATABASE}/promote`);
    assert.ok([200, 400, 404].includes(status), `${status}`);
    if (status === 200) counts.given_up++;
    return;
  }
  const region = random.pick(REGIONS);
  const { status, envelope, text } = await rest.request("POST", `/${DATABASE}/promote`, { region });
  if (status === 200) counts.complete++;
  else if (status === 202) counts.active++;
  else {
    assert.equal(status, 400, text);
    assert.match(envelope.errors[0].message, /already|is being moved|stays where it was/);
    counts.refused++;
  }
}

async function work(rest, lifeMs) {
  const dead = { now: false };
  const clients = Array.from({ length: WRITERS }, () => untilDeath(dead, () => write(rest)));
  clients.push(untilDeath(dead, () => move(rest)));
  const done = Promise.all(clients);
  await Promise.race([sleep(lifeMs), done]);
  const killed = server.crash();
  dead.now = true;
  await killed;
  await done;
  assertNoCrash(server.log);
}

test(`no acknowledged write is lost in promotions (seed ${seed})`, { timeout: 400_000 }, async (t) => {
  console.log(`promotion crash test: ISOLITE_SEED=${seed}`);
  const rest = await start();
  await rest.create(DATABASE);
  await rest.batch(DATABASE, BatchLedger.tables);
  await server.crash();

  let passed = true;
  let round = 0;
  while (passed && ++round <= ROUNDS) {
    passed = false;
    const lifeMs = random.chance(0.2) ? random.between(0, 80) : random.between(100, 1_400);
    await t.test(`round ${round}: killed after ${lifeMs} ms`, async () => {
      await work(await start(), lifeMs);
      await batches.audit(await start(), DATABASE);
      await server.crash();
      passed = true;
    });
    await server.crash();
  }
  if (!passed) return;

  await t.test("the rounds met what they are for", async () => {
    console.log(`promotion crash test: ${batches.acknowledged} batches acknowledged, ${JSON.stringify(counts)}`);
    assert.ok(batches.acknowledged > ROUNDS * 5, `only ${batches.acknowledged} batches`);
    assert.ok(counts.complete >= ROUNDS / 2, `only ${counts.complete} promotions`);
  });

  await t.test("a last start finds the same again, and takes writes", async () => {
    const rest = await start();
    await batches.audit(rest, DATABASE);
    await write(rest);
    await batches.audit(rest, DATABASE);
  });
});
