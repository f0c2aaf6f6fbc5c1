/** How SQLite would run statements: a tree of steps, and which index may be missing. */

import type { Schema } from "../../../api/schema.ts";
import { CopyButton } from "../../../components/copy_button.tsx";
import { indexHints } from "../../../sql/index_hint.ts";
import { flat, type Step, type StepKind } from "../../../sql/plan.ts";
import type { Statement } from "../../../sql/statements.ts";

interface PlanViewProps {
  statements: Statement[];
  plans: Step[][];
  schema: Schema;
  onAppend: (sql: string) => void;
}

export function PlanView({ statements, plans, schema, onAppend }: PlanViewProps) {
  return (
    <section class="plans" aria-label="Plan">
      {statements.map((statement, at) => {
        const steps = plans[at] ?? [];
        const hints = indexHints(statement, flat(steps), schema);
        return (
          <div key={at} class="card plan">
            <h2>Plan</h2>
            <pre class="plan-sql">{statement.sql.slice(0, 300)}</pre>
            {steps.length === 0
              ? <p class="faint">There are no steps to tell of.</p>
              : <Steps steps={steps} />}
            {hints.map(({ table, columns, conditions, create }) => (
              <div key={create} class="plan-hint">
                <p>
                  No index on <code>{table} ({columns.join(", ")})</code> serves{" "}
                  <code>WHERE {conditions.join(" AND ")}</code>. This one might. It is a proposal:
                  it pays if few rows of the table fit, and each write has to keep it up.
                </p>
                <div class="plan-create">
                  <code>{create}</code>
                  <CopyButton text={create} what="the statement" />
                  <button type="button" class="small" onClick={() => onAppend(create)}>
                    Put into the editor
                  </button>
                </div>
              </div>
            ))}
          </div>
        );
      })}
    </section>
  );
}

const NOTES: Readonly<Record<StepKind, string>> = {
  scan: "reads every row",
  search: "by an index",
  sort: "sorts in memory",
  other: "",
};

function Steps({ steps }: { steps: Step[] }) {
  return (
    <ul class="plan-steps">
      {steps.map(({ id, detail, kind, steps: below }) => (
        <li key={id}>
          <span class={`plan-step ${kind}`}>
            <code>{detail}</code>
            {NOTES[kind] !== "" && <span class="plan-note">{NOTES[kind]}</span>}
          </span>
          {below.length > 0 && <Steps steps={below} />}
        </li>
      ))}
    </ul>
  );
}
