/** A statement as a whole, its plan, and the index that it seems to lack. */

import { runBatch } from "../../api/queries.ts";
import { readSchema } from "../../api/schema.ts";
import { useAsked } from "../../components/asked.ts";
import { CopyButton } from "../../components/copy_button.tsx";
import { Failure } from "../../components/failure.tsx";
import { PlanSteps } from "../../components/plan_steps.tsx";
import { type IndexHint, indexHints } from "../../sql/index_hint.ts";
import { flat, planOf, type Step } from "../../sql/plan.ts";
import { parameterCount, statementsOf } from "../../sql/statements.ts";

/** Of longer texts the statistics have the beginning, less the part of a character that did not fit. */
const TEXT_BYTES_KEPT = 1_000 - 3;

export function StatementPlan({ id, sql }: { id: string; sql: string }) {
  const isCut = new TextEncoder().encode(sql).length > TEXT_BYTES_KEPT;
  return (
    <div class="statement-plan">
      <pre tabIndex={0} aria-label="The statement"><code>{sql}</code></pre>
      {isCut
        ? <p class="hint">The statistics keep the first 1,000 bytes of a text, and this one may go on.
            So it has no plan here.</p>
        : <Plan id={id} sql={sql} />}
    </div>
  );
}

function Plan({ id, sql }: { id: string; sql: string }) {
  const asked = useAsked(() => explained(id, sql), [id, sql]);
  if (asked.error !== undefined) return <Failure error={asked.error} onRetry={asked.reload} />;
  if (asked.value === undefined) return <p role="status">Asking for the plan…</p>;
  const { steps, hints } = asked.value;
  if (steps.length === 0) return <p class="hint">There are no steps to tell of.</p>;
  return (
    <div role="group" aria-label="Plan of the statement">
      <PlanSteps steps={steps} />
      {hints.map((hint) => <Hint key={hint.create} hint={hint} />)}
    </div>
  );
}

/** Runs nothing of the statement. Its parameters are null, which has no say in the plan. */
async function explained(id: string, sql: string): Promise<{ steps: Step[]; hints: IndexHint[] }> {
  const [statement] = statementsOf(sql);
  if (statement === undefined) return { steps: [], hints: [] };
  const params = Array.from({ length: parameterCount(statement) }, () => null);
  const [[result], schema] = await Promise.all([
    runBatch(id, [{ sql: `EXPLAIN QUERY PLAN ${statement.sql}`, params }]),
    readSchema(id),
  ]);
  const steps = planOf(result?.rows ?? []);
  return { steps, hints: indexHints(statement, flat(steps), schema) };
}

function Hint({ hint: { table, columns, create } }: { hint: IndexHint }) {
  return (
    <p class="advice">
      No index on <code>{table} ({columns.join(", ")})</code> serves it. This one might, if few rows of the
      table fit: <code>{create}</code> <CopyButton text={create} what="the statement" />
    </p>
  );
}
