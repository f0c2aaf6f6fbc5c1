// What was measured, as tables for people and as JSON.

import { arch, cpus, release, totalmem, type } from "node:os";
import { createRequire } from "node:module";

import { grouped } from "../scripts/progress.mjs";
import { wish } from "./targets.mjs";

/** The peers that the others are compared with. */
const STANDARDS = { "× D1": "d1-workerd", "× node:sqlite": "node-sqlite" };

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
  const { n, p50, p99 } = quantiles(durations_us);
  return { operation, peer, n, p50_us: rounded(p50), p99_us: rounded(p99) };
}

export function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (share) => sorted[Math.ceil(share * sorted.length) - 1];
  return { n: sorted.length, p50: quantile(0.5), p99: quantile(0.99), max: sorted.at(-1) };
}

export function table(rows) {
  const lines = [["operation", "peer", "n", "p50 µs", "p99 µs", ...Object.keys(STANDARDS)]];
  let last;
  for (const each of rows) {
    const ratios = Object.values(STANDARDS).map((peer) => {
      const standard = rows.find((it) => it.operation === each.operation && it.peer === peer);
      return standard ? (standard.p50_us / each.p50_us).toPrecision(3) : "–";
    });
    if (last !== undefined && last !== each.operation) lines.push([]);
    const title = last === each.operation ? "" : each.operation;
    const figures = [each.n, each.p50_us, each.p99_us].map(grouped);
    lines.push([title, each.peer, ...figures, ...ratios]);
    last = each.operation;
  }
  return aligned(lines, 2);
}

export function targetsTable(targets) {
  const lines = targets.map((target) => [
    wish(target),
    target.met ? "met" : "missed",
    target.ratio.toPrecision(3),
  ]);
  return aligned([["target", "", "measured"], ...lines], 2);
}

/** The first columns to the left, figures to the right. */
export function aligned(lines, names) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const cell = (text, i) => (i < names ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}

export const rounded = (number) => (number < 100 ? Math.round(number * 10) / 10 : Math.round(number));
