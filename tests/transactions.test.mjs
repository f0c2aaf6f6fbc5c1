// Aim: a transaction of several requests is committed as a whole or not at all, alone among writers,
// unseen before its commit; and it does not hold up others for ever.
// Method: cases in a Worker of the real runtime (tests/transactions), over each way to a database; the
// Isolite Worker behind them has short times. The last test kills a server in the middle.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { SETTINGS } from "./transactions/table.mjs";
import { suites } from "./transactions/suites.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { isoliteConfiguration, WranglerDev } from "./support/wrangler.mjs";

const WAYS = {
  embedded: "inside the Worker",
  service: "a service binding",
  group: "one of many behind a service binding",
};

let workers;
before(async () => {
  const isolite = isoliteConfiguration(SETTINGS);
  workers = await WranglerDev.start(["tests/workers/transactions/wrangler.toml", isolite]);
});
after(async () => {
  await workers?.stop();
  assertNoCrash(workers?.log ?? "");
});

async function runs(way, suite, index, name) {
  const response = await fetch(`${workers.origin}/${way}/${suite}/${index}`, {
    signal: AbortSignal.timeout(30_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { ran, failure } = await response.json();
  assert.equal(ran, name);
  if (failure !== undefined) assert.fail(failure);
}

// Each way has its own database, and most of the time is spent on waiting.
describe("transactions", { concurrency: true }, () => {
  for (const [way, title] of Object.entries(WAYS)) {
    describe(title, { concurrency: 1 }, () => {
      for (const [suite, { title, cases }] of Object.entries(suites)) {
        describe(title, { concurrency: 1 }, () => {
          cases.forEach(({ name }, index) => {
            test(name, () => runs(way, suite, index, name));
          });
        });
      }
    });
  }
});

test("a server that is killed in the middle leaves nothing of it", async () => {
  const configuration = await bundle({ own: "tests/workers/transactions/crash.toml" });
  const state = temporaryDirectory("state");
  let server = await PlainWorkerd.start(configuration, { state });
  const ask = async (path) => {
    const response = await fetch(server.origin + path, { signal: AbortSignal.timeout(20_000) });
    return response.json();
  };
  try {
    assert.deepEqual(await ask("/write"), [1, 0]);
    for (let committed = 1; committed < 4; committed++) {
      assert.deepEqual(await ask("/open"), [committed, 0], "others see it");
      await server.crash();
      server = await PlainWorkerd.start(configuration, { state });
      assert.deepEqual(await ask("/rows"), [committed, 0]);
      assert.deepEqual(await ask("/write"), [committed + 1, 0], "it holds up writers");
    }
    assertNoCrash(server.log);
  } finally {
    await server.crash();
  }
});
