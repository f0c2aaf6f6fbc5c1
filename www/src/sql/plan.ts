/** The answer to EXPLAIN QUERY PLAN, as a tree. */

import type { Row } from "./cells.ts";

/** `scan`: every row is looked at; `sort`: rows wait in memory to be put in order. */
export type StepKind = "scan" | "search" | "sort" | "other";

export interface Step {
  id: number;
  detail: string;
  kind: StepKind;
  steps: Step[];
}

/** Rows of `id`, `parent`, `notused` and `detail`. */
export function planOf(rows: readonly Row[]): Step[] {
  const roots: Step[] = [];
  const all = new Map<number, Step>();
  for (const [id, parent, , text] of rows) {
    const detail = String(text);
    const step: Step = { id: Number(id), detail, kind: stepKind(detail), steps: [] };
    (all.get(Number(parent))?.steps ?? roots).push(step);
    all.set(step.id, step);
  }
  return roots;
}

function stepKind(detail: string): StepKind {
  if (detail.startsWith("SCAN CONSTANT ROW")) return "other";
  if (detail.startsWith("SCAN ") && !detail.includes("VIRTUAL TABLE")) return "scan";
  if (detail.startsWith("SEARCH ")) return "search";
  return detail.startsWith("USE TEMP B-TREE") ? "sort" : "other";
}

export const flat = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step) => [step, ...flat(step.steps)]);
