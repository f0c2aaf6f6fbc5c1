// Aim: with the plugin a service binding is a D1 database in `wrangler dev` and an ordinary service
// when it is deployed; code need not know which; and what is misconfigured is told.
// Method: the stock wrangler, which loads the plugin as it loads any. That the database then
// behaves as D1's is tested in binding_contract.test.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { temporaryDirectory } from "./support/repository.mjs";
import { wrangler, WranglerDev } from "./support/wrangler.mjs";

const DIRECTORY = "tests/workers/plugin";

describe("a service binding with the plugin", () => {
  let workers;
  before(async () => {
    workers = await WranglerDev.start([`${DIRECTORY}/wrangler.toml`, "wrangler.toml"]);
  });
  after(() => workers?.stop());

  async function answer(question) {
    const response = await fetch(`${workers.origin}/${question}`);
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }

  test("is of D1's class, where the same without it is a service", async () => {
    assert.deepEqual(await answer("classes"), ["D1Database", "Fetcher"]);
  });

  test("isolite() leaves a D1 database as it is, and ours", async () => {
    assert.deepEqual(await answer("same"), [true, false, true]);
  });

  test("isolite() refuses options that the database cannot have", async () => {
    const refused = /^TypeError: isolite: this binding is a D1 database already/;
    const answers = await answer("options");
    assert.equal(answers.length, 6);
    answers.forEach((text, at) => {
      if (at % 3 === 2) assert.equal(text, null);
      else assert.match(text, refused);
    });
  });

  test("is the same database as by the service", async () => {
    const rows = [[1], ["x"]];
    assert.deepEqual(await answer("rows"), [rows, rows]);
  });

  test("withIsolite leaves it, and makes a database of the service", async () => {
    assert.deepEqual(await answer("wrapped"), [true, ["D1Database", "D1Database"]]);
  });
});

describe("what is misconfigured", () => {
  async function told(...configurations) {
    const started = WranglerDev.start(configurations.map((name) => `${DIRECTORY}/${name}`));
    const error = await started.then((workers) => workers.stop(), (error) => error);
    assert.ok(error, "wrangler dev started");
    return error.message;
  }

  test("no props for the plugin", async () => {
    const message = await told("no_props.toml");
    assert.match(message, /isolite: wrangler keeps the props of DB from its plugin\. Repeat them:/);
    assert.match(message, /\[services\.dev\.options\]/);
  });

  test("no entrypoint", async () => {
    assert.match(await told("no_entrypoint.toml"), /isolite: DB needs entrypoint = "Database"/);
  });

  test("the Isolite Worker does not run with it", async () => {
    const message = await told("wrangler.toml");
    assert.match(message, /isolite: the Worker "isolite" behind DB must run in the same/);
  });
});

test("deployed, it is a service binding, and wrangler warns of nothing", async () => {
  const outdir = temporaryDirectory("deployment");
  const args = ["deploy", "--dry-run", "-c", `${DIRECTORY}/wrangler.toml`, "--outdir", outdir];
  const { status, output } = await wrangler(args);
  assert.equal(status, 0, output);
  assert.match(output, /env\.DB \(isolite#Database\)\s+Worker/);
  assert.doesNotMatch(output, /WARNING/);
});
