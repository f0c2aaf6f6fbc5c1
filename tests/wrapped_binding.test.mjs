// Aim: in workerd alone, without wrangler or miniflare, a wrapped binding makes an Isolite database
// one of the runtime's own D1 class, by both of its protocols.
// Method: the cases of the contract that differ between the protocols, and what only the props of a
// binding can ask for; the rest of the contract runs in binding_contract.test.mjs.

import { after, before, describe } from "node:test";

import { batchCases } from "./contract/batch_cases.mjs";
import { methodCases } from "./contract/method_cases.mjs";
import { queryCases } from "./contract/query_cases.mjs";
import { sessionCases } from "./contract/session_cases.mjs";
import { all, exotic, query, raw } from "./contract/step.mjs";
import { contract } from "./contract/suite.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";

const CASES = [...methodCases, ...batchCases, ...sessionCases, ...queryCases];

const INTEGERS = ["9223372036854775807", "-9223372036854775808", "9007199254740993"];
const VALUES = `SELECT ${INTEGERS}, 9007199254740991, 9007199254740993.0, x'01ff', NULL`;
const exactly = [
  ...INTEGERS.map((text) => exotic("bigint", text)),
  ...[9007199254740991, 9007199254740992],
  exotic("bytes", "1,255"),
  null,
];
const rounded = [2 ** 63, -(2 ** 63), 2 ** 53, 2 ** 53 - 1, 2 ** 53, [1, 255], null];

const gives = (row) => ({
  name: "64-bit integers and bytes as the props say",
  steps: [
    raw(VALUES).gives([row]),
    all("SELECT 9223372036854775807 AS a, x'01ff' AS b").gives([{ a: row[0], b: row[5] }]),
  ],
});

const BACK = {
  name: "a BigInt and bytes there and back",
  steps: [
    query("CREATE TABLE t (a, b)", [
      "INSERT INTO t VALUES (?, ?)",
      exotic("bigint", "-9223372036854775808"),
      exotic("Uint8Array"),
    ]),
    raw("SELECT * FROM t").gives([
      [exotic("bigint", "-9223372036854775808"), exotic("bytes", "1,2,255")],
    ]),
  ],
};

const props = (database) => ({ database, create: true });
const EXACT = { bigint: true, blobs: "bytes" };

let server;
before(async () => {
  const ways = [
    { name: "cloudflare", props: props("by-http"), rpc: false },
    { name: "rpc", props: props("by-rpc"), rpc: true },
    { name: "exact", props: { ...props("exact"), ...EXACT }, rpc: true },
  ];
  const state = temporaryDirectory("wrapped");
  server = await PlainWorkerd.start(await bundle({ ways }), { state, experimental: true });
});
after(() => server?.crash());

const origin = () => server.origin;

describe("the runtime's own D1 class", { concurrency: true }, () => {
  const http = [...CASES, gives(rounded)];
  contract(http, { way: "cloudflare", title: "by HTTP", origin });
  contract(http, { way: "rpc", title: "by RPC", rpc: true, origin });
  const exact = [...sessionCases, gives(exactly), BACK];
  contract(exact, { way: "exact", title: "by RPC, with exact values", rpc: true, origin });
});
