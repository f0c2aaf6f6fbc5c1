// Aim: what is written with an ORM for D1 runs over Isolite, either way, and has the same results.
// Method: the packages themselves, in a Worker of the real runtime. Each case is written once and
// run over D1 as well, so that no expectation is merely ours; a case that leaves one of them out
// says why in `except`.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { suites } from "./orms/suites.mjs";
import { placePrismaEngine } from "./support/prisma_engine.mjs";
import { WranglerDev } from "./support/wrangler.mjs";

const WAYS = {
  d1: "D1 itself",
  service: "a service binding",
  embedded: "inside the Worker",
};

let worker;
before(async () => {
  placePrismaEngine();
  worker = await WranglerDev.start(["tests/workers/orms/wrangler.toml", "wrangler.toml"]);
});
after(() => worker?.stop());

async function runs(way, suite, index, name) {
  const response = await fetch(`${worker.origin}/${way}/${suite}/${index}`, {
    signal: AbortSignal.timeout(30_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { ran, failure } = await response.json();
  assert.equal(ran, name);
  if (failure !== undefined) assert.fail(failure);
}

// Each way has its own database, and most of the time is spent on waiting for its disk.
describe("ORMs over env.DB", { concurrency: true }, () => {
  for (const [way, title] of Object.entries(WAYS)) {
    describe(title, { concurrency: 1 }, () => {
      for (const [suite, { title, cases }] of Object.entries(suites)) {
        describe(title, { concurrency: 1 }, () => {
          cases.forEach(({ name, except }, index) => {
            test(name, { skip: except?.[way] }, () => runs(way, suite, index, name));
          });
        });
      }
    });
  }
});
