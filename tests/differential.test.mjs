// Aim: Isolite answers every call as D1 does, to the letter, unless a difference is wanted.
// Method: the same calls are made on D1, as the runtime brings it, and on Isolite by each way; what
// must come of them is what D1 answered in this very run, to a Rust Worker where the way is one. Rows,
// errors with their cause, and meta are compared as text; durations and who served are not. The
// wanted differences stand in a list, each with its reason, and must be there.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import * as calls from "./differential/calls.mjs";
import { alike, comparable } from "./differential/comparison.mjs";
import * as constraintErrors from "./differential/constraint_errors.mjs";
import * as expressions from "./differential/expressions.mjs";
import * as json from "./differential/json.mjs";
import * as limits from "./differential/limits.mjs";
import * as policy from "./differential/policy.mjs";
import * as pragmas from "./differential/pragmas.mjs";
import * as queries from "./differential/queries.mjs";
import * as rowCounts from "./differential/row_counts.mjs";
import * as sizes from "./differential/sizes.mjs";
import * as syntaxErrors from "./differential/syntax_errors.mjs";
import * as tables from "./differential/tables.mjs";
import * as triggers from "./differential/triggers.mjs";
import * as values from "./differential/values.mjs";
import * as virtualTables from "./differential/virtual_tables.mjs";
import { WANTED } from "./differential/wanted_differences.mjs";
import * as writes from "./differential/writes.mjs";
import { WranglerDev } from "./support/wrangler.mjs";

const WAYS = {
  service: "a service binding",
  cloudflare: "a service binding under Cloudflare's own class",
  embedded: "inside the Worker",
  rust: "inside a Rust Worker",
};

/** By way: where D1 answers in the same language, if not at `d1`. */
const REFERENCES = { rust: "rust_d1" };
const referenceOf = (way) => REFERENCES[way] ?? "d1";

const TOPICS = [
  values, expressions, json, queries, writes, triggers, tables, virtualTables, calls,
  constraintErrors, syntaxErrors, policy, pragmas, rowCounts, sizes, limits,
];
const CASES = TOPICS.flatMap((topic) => Object.values(topic)).flat();
const CASES_OF_A_REQUEST = 25;

const textOf = ({ call, sql, params, statements, args }) => {
  const bound = params?.length ? ` with ${JSON.stringify(params)}` : "";
  const given = args?.length ? ` of ${JSON.stringify(args)}` : "";
  return `${sql ?? JSON.stringify(statements) ?? call}${bound}${given}`;
};
const isWanted = (wanted, { name }, step) =>
  wanted.case === name && wanted.calls.some((part) => textOf(step).includes(part));

async function answers(origin, way) {
  const all = [];
  for (let at = 0; at < CASES.length; at += CASES_OF_A_REQUEST) {
    const cases = CASES.slice(at, at + CASES_OF_A_REQUEST).map(({ steps }) => steps);
    const response = await fetch(`${origin}/${way}`, {
      method: "POST",
      body: JSON.stringify({ cases }),
      signal: AbortSignal.timeout(60_000),
    });
    assert.equal(response.status, 200, await response.clone().text());
    all.push(...(await response.json()));
  }
  return all.map(comparable);
}

const shown = (text) => (text.length > 400 ? `${text.slice(0, 400)}…` : text);

/** The call, and both outcomes from a little before the place where they part. */
function difference(step, expected, actual) {
  const parting = [...expected].findIndex((character, at) => character !== actual[at]);
  const from = (text) => (parting > 60 ? `…${shown(text.slice(parting - 60))}` : shown(text));
  const call = `${step.call} ${shown(textOf(step))}`;
  return `${call}\n    D1:   ${from(expected)}\n    ours: ${from(actual)}`;
}

function suite(way, title, outcomes) {
  const reference = referenceOf(way);
  const wantedHere = WANTED.filter(({ ways }) => ways === undefined || ways.includes(way));
  describe(title, () => {
    CASES.forEach((each, index) => {
      test(each.name, () => {
        const [expected, actual] = [outcomes[reference][index], outcomes[way][index]];
        assert.equal(expected.length, each.steps.length, expected[0]);
        assert.equal(actual.length, each.steps.length, actual[0]);
        const unwanted = each.steps
          .map((step, at) => ({ step, at }))
          .filter(({ at }) => !alike(expected[at], actual[at]))
          .filter(({ step }) => !wantedHere.some((wanted) => isWanted(wanted, each, step)))
          .map(({ step, at }) => difference(step, expected[at], actual[at]));
        assert.equal(unwanted.length, 0, `${unwanted.length} differ:\n  ${unwanted.join("\n  ")}`);
      });
    });
    for (const wanted of wantedHere) {
      test(`differs as it should: ${wanted.case}, ${wanted.reason}`, () => {
        const index = CASES.findIndex(({ name }) => name === wanted.case);
        assert.notEqual(index, -1, "there is no such case, remove it");
        for (const part of wanted.calls) {
          const differs = CASES[index].steps.some(
            (step, at) =>
              textOf(step).includes(part) &&
              !alike(outcomes[reference][index][at], outcomes[way][index][at]),
          );
          assert.ok(differs, `${part} no longer differs, remove it`);
        }
      });
    }
  });
}

describe("D1 and Isolite answer alike", () => {
  const outcomes = {};
  let workers;
  before(async () => {
    const own = ["front", "d1", ...Object.keys(WAYS)];
    const paths = own.map((name) => `tests/workers/contract/${name}.toml`);
    workers = await WranglerDev.start([...paths, "wrangler.toml"]);
    const ways = [...new Set(Object.keys(WAYS).flatMap((way) => [referenceOf(way), way]))];
    // Each way has its own database, and much of the time is spent on waiting for its disk.
    const all = await Promise.all(ways.map((way) => answers(workers.origin, way)));
    ways.forEach((way, index) => (outcomes[way] = all[index]));
  });
  after(() => workers?.stop());

  test("names of cases are their own", () => {
    assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  });
  for (const [way, title] of Object.entries(WAYS)) suite(way, title, outcomes);
});
