// What the project wants of itself, as ratios of medians of one run.
//
// They are told beside what was measured, and nothing fails by them.

/** `at_least`: times as fast as the other. `at_most`: times the other's duration. */
export const TARGETS = [
  { operation: "point_read_first", peer: "isolite-js", other: "d1-workerd", at_least: 100 },
  { operation: "point_read_first", peer: "isolite-js", other: "node-sqlite", at_most: 2.5 },
  { operation: "range_scan_1000", peer: "isolite-js", other: "node-sqlite", at_most: 1.3 },
  { operation: "range_scan_1000", peer: "isolite-js", other: "d1-workerd", at_least: 3 },
  { operation: "point_read_first", peer: "isolite-service", other: "d1-workerd", at_least: 4 },
];

/** Each target whose two peers were measured, with its ratio and whether it was met. */
export function judged(rows) {
  const p50_us = (operation, peer) =>
    rows.find((row) => row.operation === operation && row.peer === peer)?.p50_us;
  return TARGETS.flatMap((target) => {
    const { operation, peer, other, at_least, at_most } = target;
    const [own, others] = [p50_us(operation, peer), p50_us(operation, other)];
    if (own === undefined || others === undefined) return [];
    const ratio = at_least === undefined ? own / others : others / own;
    return [{ ...target, ratio, met: at_least === undefined ? ratio <= at_most : ratio >= at_least }];
  });
}

export function wish({ operation, peer, other, at_least, at_most }) {
  const ratio =
    at_least === undefined
      ? `at most ${at_most} times the time of ${other}`
      : `at least ${at_least} times as fast as ${other}`;
  return `${operation}: ${peer} ${ratio}`;
}
