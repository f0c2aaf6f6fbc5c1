/** What came of what was run. */

import { messageOf } from "../../../api/failure.ts";
import type { Statement } from "../../../sql/statements.ts";
import { nextSteps } from "./next_steps.ts";
import { PlanView } from "./plan_view.tsx";
import { Results } from "./results.tsx";
import type { Outcome, Workspace } from "./workspace.ts";

interface OutcomeViewProps {
  outcome: Outcome & { id: number } | undefined;
  workspace: Workspace;
  onAppend: (sql: string) => void;
  onReplace: (statement: Statement, sql: string) => void;
  onAgain: (statements: Statement[]) => void;
}

export function OutcomeView(
  { outcome, workspace, onAppend, onReplace, onAgain }: OutcomeViewProps,
) {
  switch (outcome?.kind) {
    case undefined:
      return (
        <div class="empty">
          <p>Nothing was run yet.</p>
          <p class="faint">What runs together is one transaction: all of it happens, or nothing.</p>
        </div>
      );
    case "results":
      return <Results key={outcome.id} outcome={outcome} />;
    case "plan":
      return (
        <PlanView
          key={outcome.id}
          statements={outcome.statements}
          plans={outcome.plans}
          schema={workspace.schema.value}
          onAppend={onAppend}
        />
      );
    case "cancelled":
      return (
        <div class="failure" role="alert">
          <p>Cancelled: the page waits no longer. The server ends what runs by its own limits.
            {outcome.writes && " Whether something was written is not known."}</p>
        </div>
      );
    case "failed":
      return (
        <FailedView
          key={outcome.id}
          {...outcome}
          workspace={workspace}
          onReplace={onReplace}
          onAgain={onAgain}
        />
      );
  }
}

interface FailedViewProps extends Pick<OutcomeViewProps, "workspace" | "onReplace" | "onAgain"> {
  statements: Statement[];
  error: unknown;
  writes: boolean;
}

function FailedView(
  { statements, error, writes, workspace, onReplace, onAgain }: FailedViewProps,
) {
  const { text, hint, limited, explain, again, href } = nextSteps(error, statements, writes);
  return (
    <div class="failure sql-failure" role="alert">
      <p>{text ?? messageOf(error)}</p>
      {hint !== undefined && <p class="sql-hint">{hint}</p>}
      <div class="sql-steps">
        {limited !== undefined && (
          <button type="button" onClick={() => onReplace(limited.statement, limited.sql)}>
            Put a LIMIT behind it
          </button>
        )}
        {explain && (
          <button type="button" onClick={() => workspace.explain(statements)}>Look at the plan</button>
        )}
        {href && <a href={`#/databases/${workspace.database}`}>Download all of it</a>}
        {again && <button type="button" onClick={() => onAgain(statements)}>Try again</button>}
      </div>
    </div>
  );
}
