// `npm run bench`: Isolite beside D1 in workerd and SQLite in Node, in one run on one machine; over
// regions; how much memory reads take; and how it is with many databases, and with large files.
//
//   npm run bench -- [--regions] [--memory] [--databases [--count N]] [--files [--megabytes N]]
//                    [--all] [--quick] [--only peer,peer] [--json FILE] [--no-build]
//
// Without a choice it compares operations. It tells figures and judges none: only an operation that
// fails makes it fail, and memory that grows.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { build } from "../scripts/build.mjs";
import { heading } from "../scripts/progress.mjs";
import { Failure, main, setup } from "../scripts/toolchain.mjs";
import { allCities } from "./cities.mjs";
import { databasesTable, measureDatabases } from "./databases.mjs";
import { checkFiles, filesTable, measureFiles } from "./files.mjs";
import { checkMemory, measureMemory, memoryTable } from "./memory.mjs";
import { checkLines, measureOperations, PEERS } from "./peers.mjs";
import { measureRegions, regionsTable } from "./regions.mjs";
import { headline, machine, table, targetsTable } from "./report.mjs";
import { rustCrate } from "./workerd.mjs";

const NODE_MIN = 24;

const OPTIONS = {
  regions: { type: "boolean", default: false },
  memory: { type: "boolean", default: false },
  databases: { type: "boolean", default: false },
  count: { type: "string", default: "10000" },
  files: { type: "boolean", default: false },
  megabytes: { type: "string", default: "500" },
  all: { type: "boolean", default: false },
  quick: { type: "boolean", default: false },
  only: { type: "string" },
  json: { type: "string" },
  // Measures what is built, and leaves out what is not.
  "no-build": { type: "boolean", default: false },
};

function options() {
  let values;
  try {
    values = parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(error.message);
  }
  const peers = values.only?.split(",") ?? PEERS;
  const unknown = peers.find((peer) => !PEERS.includes(peer));
  if (unknown !== undefined) throw new Failure(`no peer ${unknown}; there are ${PEERS.join(", ")}`);
  const { all, regions, memory, databases, files } = values;
  const count = Number(values.count);
  if (!Number.isSafeInteger(count) || count < 10) throw new Failure("--count is a number from 10 on");
  const megabytes = values.quick ? 20 : Number(values.megabytes);
  if (!(megabytes >= 1)) throw new Failure("--megabytes is a number from 1 on");
  return {
    ...values,
    peers: PEERS.filter((peer) => peers.includes(peer)),
    count,
    megabytes,
    operations: all || (!regions && !memory && !databases && !files),
    regions: all || regions,
    memory: all || memory,
    databases: all || databases,
    files: all || files,
  };
}

async function buildWorkers({ peers, operations, regions, memory, databases, files }) {
  await setup();
  const ours = operations && peers.some((peer) => peer.startsWith("isolite"));
  if (ours || regions || memory || databases || files) await build();
  if (operations && peers.includes("isolite-rust")) await build(rustCrate);
}

await main(async () => {
  const chosen = options();
  if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
    throw new Failure(`this is Node ${process.versions.node}: npm run setup brings ${NODE_MIN}`);
  }
  if (!chosen["no-build"]) await buildWorkers(chosen);
  const cities = allCities();
  const report = { machine: machine() };
  const texts = [headline(report.machine)];
  if (chosen.operations) {
    heading("operations");
    report.operations = await measureOperations(chosen.peers, cities, chosen.quick);
    const { rows, targets, checks } = report.operations;
    texts.push(table(rows), targetsTable(targets), checkLines(checks).join("\n"));
  }
  if (chosen.regions) {
    heading("regions");
    report.regions = await measureRegions(cities, chosen.quick);
    texts.push(regionsTable(report.regions));
  }
  if (chosen.memory) {
    heading("memory");
    report.memory = await measureMemory(cities, chosen.quick);
    texts.push(memoryTable(report.memory));
  }
  if (chosen.databases) {
    heading("databases");
    report.databases = await measureDatabases(chosen.count, chosen.quick);
    texts.push(databasesTable(report.databases));
  }
  if (chosen.files) {
    heading("files");
    report.files = await measureFiles(chosen.megabytes);
    texts.push(filesTable(report.files));
  }
  console.log(`\n${texts.filter(Boolean).join("\n\n")}\n`);
  if (chosen.json) writeFileSync(chosen.json, `${JSON.stringify(report, null, 2)}\n`);
  if (chosen.memory) checkMemory(report.memory);
  if (chosen.files) checkFiles(report.files);
});
