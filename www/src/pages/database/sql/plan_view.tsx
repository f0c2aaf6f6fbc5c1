/** How SQLite would run statements: a tree of steps, and which index may be missing. */

import type { Schema } from "../../../api/schema.ts";
import { CopyButton } from "../../../components/copy_button.tsx";
import { PlanSteps } from "../../../components/plan_steps.tsx";
import { indexHints } from "../../../sql/index_hint.ts";
import { flat, type Step } from "../../../sql/plan.ts";
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
              : <PlanSteps steps={steps} />}
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
