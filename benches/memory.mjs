// Whether reads in memory leave the memory where it was: the WebAssembly's own, which never shrinks,
// and all that the process of workerd holds.
//
// The first may not grow once the reads are under way, and a run in which it does fails. The second
// is told only: when V8 collects its garbage is its own affair.

import { execFileSync } from "node:child_process";

import { attended, Bar, grouped } from "../scripts/progress.mjs";
import { Failure } from "../scripts/toolchain.mjs";
import { loads, SCHEMA } from "./cities.mjs";
import { aligned } from "./report.mjs";
import { Workerd } from "./workerd.mjs";

const PARTS = 20;
/** In the first of the parts caches fill. */
const PARTS_AT_START = 2;
const READS = { full: 10_000_000, quick: 300_000 };

export async function measureMemory(cities, quick) {
  const workerd = new Workerd();
  try {
    await attended("starting", workerd.start(["isolite-js"]));
    const worker = workerd.worker("isolite-js");
    await worker.ask("/load", SCHEMA);
    for (const statements of loads(cities)) await worker.ask("/load", statements);
    return await parts(worker, cities, quick ? READS.quick : READS.full);
  } finally {
    await workerd.close();
  }
}

async function parts(worker, cities, reads) {
  const ids = Array.from({ length: 9_973 }, (_, i) => cities[(i * 13) % cities.length][0]);
  const count = reads / PARTS;
  const bar = new Bar("reading", reads);
  const told = [];
  let local = 0;
  const began_ms = Date.now();
  for (let i = 1; i <= PARTS; i++) {
    const part = await worker.ask("/reads", { ids, count });
    if (part.local) local++;
    told.push({ reads: i * count, wasm_bytes: part.wasm_bytes, workerd_bytes: workerdBytes() });
    bar.advance(i * count);
  }
  const us_per_read = ((Date.now() - began_ms) * 1_000) / reads;
  return { parts: told, local, us_per_read };
}

export function memoryTable({ parts, local, us_per_read }) {
  const mebibytes = (bytes) => (bytes === undefined ? "–" : (bytes / 2 ** 20).toFixed(1));
  const shown = parts.filter((_, i) => i === 0 || i % 2 === 1);
  const lines = shown.map(({ reads, wasm_bytes, workerd_bytes }) => {
    return [grouped(reads), mebibytes(wasm_bytes), mebibytes(workerd_bytes)];
  });
  const head = ["reads", "WebAssembly, MiB", "workerd, MiB"];
  const notes = `${us_per_read.toFixed(1)} µs a read; after ${local} of ${parts.length} parts the \
next read was answered in memory`;
  return `${aligned([head, ...lines], 0)}\n\n${notes}`;
}

/** Fails if the WebAssembly's memory has grown after its start. */
export function checkMemory({ parts }) {
  const [start, end] = [parts[PARTS_AT_START - 1], parts.at(-1)];
  if (!(start.wasm_bytes > 0)) throw new Failure("the WebAssembly's memory was not found");
  if (end.wasm_bytes > start.wasm_bytes) {
    const [from, to] = [start.wasm_bytes, end.wasm_bytes].map(grouped);
    throw new Failure(`the WebAssembly's memory grew from ${from} to ${to} bytes`);
  }
}

/** What the workerd that this process has started holds in memory; undefined without `ps`. */
function workerdBytes() {
  let listed;
  try {
    listed = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss=,comm="], { encoding: "utf8" });
  } catch {
    return undefined;
  }
  const lines = listed.trim().split("\n").map((line) => line.trim().split(/\s+/));
  const own = lines.filter(([, parent, , name]) => {
    return Number(parent) === process.pid && name.includes("workerd");
  });
  return own.reduce((sum, [, , kibibytes]) => sum + Number(kibibytes) * 1_024, 0) || undefined;
}
