/** How SQLite would run a statement, as a tree. */

import type { Step, StepKind } from "../sql/plan.ts";

const NOTES: Readonly<Record<StepKind, string>> = {
  scan: "reads every row",
  search: "by an index",
  sort: "sorts in memory",
  other: "",
};

export function PlanSteps({ steps }: { steps: Step[] }) {
  return (
    <ul class="plan-steps">
      {steps.map(({ id, detail, kind, steps: below }) => (
        <li key={id}>
          <span class={`plan-step ${kind}`}>
            <code>{detail}</code>
            {NOTES[kind] !== "" && <span class="plan-note">{NOTES[kind]}</span>}
          </span>
          {below.length > 0 && <PlanSteps steps={below} />}
        </li>
      ))}
    </ul>
  );
}
