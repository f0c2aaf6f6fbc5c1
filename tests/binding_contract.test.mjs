// Aim: a database of Isolite behaves as D1's, whichever way it came to the Worker.
// Method: one suite of cases, run over each way and over D1 itself as the runtime brings it. So no
// expectation is merely ours; a case that leaves out D1, or another way, says why in `except`.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { batchCases } from "./contract/batch_cases.mjs";
import { errorCases } from "./contract/error_cases.mjs";
import { metaCases } from "./contract/meta_cases.mjs";
import { methodCases } from "./contract/method_cases.mjs";
import { sessionCases } from "./contract/session_cases.mjs";
import { valueCases } from "./contract/value_cases.mjs";
import { WranglerDev } from "./support/wrangler.mjs";

const WAYS = {
  d1: "D1 itself",
  service: "a service binding",
  cloudflare: "a service binding under Cloudflare's own class",
  embedded: "inside the Worker",
  rust_d1: "D1 itself, in a Rust Worker",
  rust: "inside a Rust Worker",
};

/** By way: the configuration of its Worker, if that is named otherwise. */
const WORKERS = { rust_d1: "rust" };

const CASES = [
  ...valueCases,
  ...methodCases,
  ...batchCases,
  ...errorCases,
  ...metaCases,
  ...sessionCases,
];

let workers;
before(async () => {
  const names = new Set(["front", ...Object.keys(WAYS).map((way) => WORKERS[way] ?? way)]);
  const own = [...names].map((name) => `tests/workers/contract/${name}.toml`);
  workers = await WranglerDev.start([...own, "wrangler.toml"]);
});
after(() => workers?.stop());

async function outcomes(way, steps) {
  const response = await fetch(`${workers.origin}/${way}`, {
    method: "POST",
    body: JSON.stringify(steps.map(({ request }) => request)),
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

function suite(way, title) {
  describe(title, { concurrency: 1 }, () => {
    for (const { name, steps, except } of CASES) {
      test(name, { skip: except?.[way] }, async () => {
        const all = await outcomes(way, steps);
        assert.equal(all.length, steps.length);
        const values = all.map(({ value }) => value);
        steps.forEach((step, at) => step.judge(all[at], values.slice(0, at)));
      });
    }
  });
}

// Each way has its own database, and most of the time is spent on waiting for its disk.
describe("the contract of env.DB", { concurrency: true }, () => {
  for (const [way, title] of Object.entries(WAYS)) suite(way, title);
});
