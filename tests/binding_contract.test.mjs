// Aim: a database of Isolite behaves as D1's, whichever way it came to the Worker.
// Method: one suite of cases, run over each way and over D1 itself as the runtime brings it. So no
// expectation is merely ours; a case that leaves out D1, or another way, says why in `except`.

import { after, before, describe } from "node:test";

import { batchCases } from "./contract/batch_cases.mjs";
import { errorCases } from "./contract/error_cases.mjs";
import { metaCases } from "./contract/meta_cases.mjs";
import { methodCases } from "./contract/method_cases.mjs";
import { queryCases } from "./contract/query_cases.mjs";
import { sessionCases } from "./contract/session_cases.mjs";
import { valueCases } from "./contract/value_cases.mjs";
import { contract } from "./contract/suite.mjs";
import { WranglerDev } from "./support/wrangler.mjs";

const WAYS = {
  d1: "D1 itself",
  d1_rpc: "D1 itself, by RPC",
  service: "a service binding",
  cloudflare: "a service binding under Cloudflare's own class",
  cloudflare_rpc: "a service binding under Cloudflare's own class, by RPC",
  plugin: "a service binding with the plugin",
  plugin_rpc: "a service binding with the plugin, by RPC",
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
  ...queryCases,
];

let workers;
before(async () => {
  const names = new Set(["front", ...Object.keys(WAYS).map((way) => WORKERS[way] ?? way)]);
  const own = [...names].map((name) => `tests/workers/contract/${name}.toml`);
  workers = await WranglerDev.start([...own, "wrangler.toml"]);
});
after(() => workers?.stop());

// Each way has its own database, and most of the time is spent on waiting for its disk.
describe("the contract of env.DB", { concurrency: true }, () => {
  for (const [way, title] of Object.entries(WAYS)) {
    contract(CASES, { way, title, rpc: way.endsWith("_rpc"), origin: () => workers.origin });
  }
});
