// Runs cases over one way to a database: a Worker that answers under the way's name, and makes the
// calls of each case with the interpreter.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

/** `rpc` says that D1's class speaks RPC there, with which a few things are otherwise. */
export function contract(cases, { way, title, rpc = false, origin }) {
  const protocol = rpc ? "rpc" : "http";
  describe(title, { concurrency: 1 }, () => {
    for (const { name, steps, except, ...only } of cases) {
      if ((only.protocol ?? protocol) !== protocol) continue;
      test(name, { skip: except?.[way] }, async () => {
        const all = await outcomes(`${origin()}/${way}`, steps);
        assert.equal(all.length, steps.length);
        const values = all.map(({ value }) => value);
        steps.forEach((step, at) => step.judge(all[at], values.slice(0, at)));
      });
    }
  });
}

async function outcomes(url, steps) {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(steps.map(({ request }) => request)),
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}
