/** The statements that a database spends most on, and what their plans say. */

import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { type Statement, type StatementOrder, costliestOf } from "../../api/history.ts";
import { RANGES, type RangeName } from "../../charts/ranges.ts";
import { useAsked } from "../../components/asked.ts";
import { Failure } from "../../components/failure.tsx";
import * as format from "../../format.ts";
import { StatementPlan } from "./statement_plan.tsx";

const ORDERS: Readonly<Record<StatementOrder, string>> = {
  sum_queryDurationMs: "total time",
  avg_queryDurationMs: "mean time",
  count: "runs",
  sum_rowsRead: "rows read",
  sum_rowsWritten: "rows written",
};

const SHOWN_MAX = 20;

export function CostliestStatements({ id, range }: { id: string; range: RangeName }) {
  const [order, setOrder] = useState<StatementOrder>("sum_queryDurationMs");
  const [opened, setOpened] = useState<string>();
  const hours = RANGES[range].hours;
  const ask = () => costliestOf(id, Date.now() - hours * 3_600_000, order, SHOWN_MAX);
  const asked = useAsked(ask, [id, order, hours]);
  return (
    <section class="statements" aria-labelledby="statements">
      <div class="heading">
        <h2 id="statements">Costliest statements, {hours === 24 ? "24 hours" : RANGES[range].text}</h2>
        <div class="order">
          <label for="order">By</label>
          <select
            id="order"
            value={order}
            onChange={(event) => setOrder(event.currentTarget.value as StatementOrder)}
          >
            {Object.entries(ORDERS).map(([key, text]) => <option key={key} value={key}>{text}</option>)}
          </select>
          <button type="button" onClick={asked.reload}>Ask anew</button>
        </div>
      </div>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {asked.value?.length === 0 && (
        <div class="empty"><p>The primary ran no statement in this time.</p></div>
      )}
      {asked.value !== undefined && asked.value.length > 0 && (
        <StatementTable
          id={id}
          statements={asked.value}
          opened={opened}
          onOpen={(sql) => setOpened(sql === opened ? undefined : sql)}
        />
      )}
    </section>
  );
}

interface StatementTableProps {
  id: string;
  statements: Statement[];
  opened: string | undefined;
  onOpen: (sql: string) => void;
}

function StatementTable({ id, statements, opened, onOpen }: StatementTableProps) {
  return (
    <div class="table-frame">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Statement</th>
            <th scope="col" class="number">Runs</th>
            <th scope="col" class="number">Total</th>
            <th scope="col" class="number wide">Mean</th>
            <th scope="col" class="number wide">Rows read</th>
            <th scope="col" class="number wide">Read per row returned</th>
            <th scope="col" class="number wide">Rows written</th>
            <th scope="col"><span class="unseen">Plan</span></th>
          </tr>
        </thead>
        <tbody>
          {statements.map((statement) => (
            <Fragment key={statement.sql}>
              <Row
                statement={statement}
                isOpen={statement.sql === opened}
                onOpen={() => onOpen(statement.sql)}
              />
              {statement.sql === opened && (
                <tr class="plan-row">
                  <td colSpan={8}><StatementPlan id={id} sql={statement.sql} /></td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** So many rows read for one that is returned are worth a look. */
const WASTE_MIN = 100;

function Row({ statement, isOpen, onOpen }: {
  statement: Statement;
  isOpen: boolean;
  onOpen: () => void;
}) {
  const { sql, runs, duration_ms, duration_ms_mean, rows_read, rows_written, rows_returned } = statement;
  const each = rows_returned === 0 ? undefined : rows_read / rows_returned;
  const isWaste = each !== undefined && each >= WASTE_MIN;
  return (
    <tr>
      <th scope="row"><code class="statement">{sql}</code></th>
      <td class="number">{format.short(runs)}</td>
      <td class="number">{format.milliseconds(duration_ms)}</td>
      <td class="number wide">{format.milliseconds(duration_ms_mean)}</td>
      <td class="number wide">{format.short(rows_read)}</td>
      <td class={`number wide${isWaste ? " waste" : ""}`}>
        {each === undefined ? "none returned" : format.short(each)}
      </td>
      <td class="number wide">{format.short(rows_written)}</td>
      <td class="acts">
        <button
          type="button"
          class="quiet small"
          aria-expanded={isOpen}
          aria-label={`Plan of ${sql.slice(0, 60)}`}
          onClick={onOpen}
        >
          Plan
        </button>
      </td>
    </tr>
  );
}
