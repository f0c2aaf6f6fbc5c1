// What was measured, as a table for people and as JSON.

import { arch, cpus, release, totalmem, type } from "node:os";
import { createRequire } from "node:module";

import { grouped } from "../scripts/progress.mjs";

/** The peer that the others are compared with. */
const STANDARD = "d1-workerd";

export function machine() {
  const require = createRequire(import.meta.url);
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_bytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    workerd: require("workerd/package.json").version,
    sqlite_in_node: process.versions.sqlite,
  };
}

/** The machine and the versions, in a line for people. */
export function headline({ cpu, cores, memory_bytes, system, node, workerd, sqlite_in_node }) {
  const memory = `${Math.round(memory_bytes / 2 ** 30)} GiB`;
  return `${cpu}, ${cores} cores, ${memory}, ${system}; workerd ${workerd}, Node ${node} \
with SQLite ${sqlite_in_node}`;
}

/** One row from all durations of an operation by a peer. */
export function row(operation, peer, durations_us) {
  const sorted = durations_us.toSorted((a, b) => a - b);
  const quantile = (share) => rounded(sorted[Math.ceil(share * sorted.length) - 1]);
  return { operation, peer, n: sorted.length, p50_us: quantile(0.5), p99_us: quantile(0.99) };
}

export function table(rows) {
  const lines = [["operation", "peer", "n", "p50 µs", "× D1", "p99 µs", "× D1"]];
  let last;
  for (const each of rows) {
    const standard = rows.find(
      ({ operation, peer }) => operation === each.operation && peer === STANDARD,
    );
    const figure = (name) => [
      grouped(each[name]),
      standard ? (standard[name] / each[name]).toPrecision(3) : "–",
    ];
    if (last !== undefined && last !== each.operation) lines.push([]);
    const title = last === each.operation ? "" : each.operation;
    lines.push([title, each.peer, grouped(each.n), ...figure("p50_us"), ...figure("p99_us")]);
    last = each.operation;
  }
  return aligned(lines);
}

/** Names to the left, figures to the right. */
function aligned(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const cell = (text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}

const rounded = (us) => (us < 100 ? Math.round(us * 10) / 10 : Math.round(us));
