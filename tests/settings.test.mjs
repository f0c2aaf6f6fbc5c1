// Aim: limits are settings of the Worker, and a wrong one is told instead of ignored.
// Method: the Isolite Worker with variables set, asked over REST.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

function suite(title, vars, tests) {
  describe(title, { concurrency: 1 }, () => {
    const server = {};
    before(async () => {
      server.worker = await WranglerDev.start(["wrangler.toml"], { vars });
      server.rest = new RestClient(server.worker.origin, TOKEN);
      await server.rest.create("limited");
    });
    after(() => server.worker?.stop());
    tests(server);
  });
}

const LIMITS = {
  ISOLITE_PARAMS_MAX: "3",
  ISOLITE_PATTERN_BYTES_MAX: "50",
  ISOLITE_RESULT_BYTES_MAX: "10_000",
  ISOLITE_STEPS_MAX: "100000",
  ISOLITE_REGION: "WEUR",
};

const COUNT = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";

suite("limits that are set", LIMITS, (server) => {
  for (const [sql, params, message] of [
    ["SELECT ?, ?, ?, ?", [1, 2, 3, 4], "too many SQL variables at offset 16: SQLITE_ERROR"],
    [`SELECT 'a' LIKE '${"a".repeat(51)}'`, [], "LIKE or GLOB pattern too complex: SQLITE_ERROR"],
    ["SELECT printf('%.*c', 20000, 'x')", [], /^result too large: the answer exceeds 10000 bytes/],
    [COUNT, [], /^query took too long: it exceeds 100000 steps/],
  ]) {
    test(`${sql.slice(0, 40)} …`, async () => {
      const { status, envelope } = await server.rest.request("POST", "/limited/query", { sql, params });
      assert.equal(status, 400);
      const [error] = envelope.errors;
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
    });
  }

  test("the region is told", async () => {
    const [{ meta }] = await server.rest.result("POST", "/limited/query", { sql: "SELECT 1" });
    assert.equal(meta.served_by_region, "WEUR");
  });
});

for (const [name, value, message] of [
  ["ISOLITE_PARAMS_MAX", "many", "set it to a whole number from 1 to 32766"],
  ["ISOLITE_EMBEDDED_BYTES_MAX", "1.5", "set it to a whole number from 0 to 100663296"],
  ["ISOLITE_READ_WAIT_MS_MAX", "0", "set it to a whole number from 1 to 30000"],
  [
    "ISOLITE_REGION",
    "mars",
    "set it to one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me",
  ],
]) {
  suite(`${name} that is wrong`, { [name]: value }, (server) => {
    test("fails each request and says how", async () => {
      const { status, envelope } = await server.rest.request("POST", "/limited/query", {
        sql: "SELECT 1",
      });
      assert.equal(status, 500);
      assert.equal(envelope.errors[0].message, `${name} is '${value}': ${message}`);
    });
  });
}
