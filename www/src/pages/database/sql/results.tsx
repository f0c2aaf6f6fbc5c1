/** The results of what was run: one is shown, and the others are a step away. */

import type { TargetedKeyboardEvent } from "preact";
import { useId, useState } from "preact/hooks";
import type { Meta, Result } from "../../../api/queries.ts";
import * as format from "../../../format.ts";
import { regionName } from "../../../regions.ts";
import type { Statement } from "../../../sql/statements.ts";
import { ExportButtons } from "./export_buttons.tsx";
import { ResultTable } from "./result_table.tsx";
import type { Outcome, Past } from "./workspace.ts";

type ResultsOutcome = Extract<Outcome, { kind: "results" }>;

export function Results({ outcome }: { outcome: ResultsOutcome }) {
  const { statements, results, took_ms, past } = outcome;
  const id = useId();
  // Of several the last one that has rows is what one waits for.
  const [shown, setShown] = useState(() =>
    Math.max(0, results.findLastIndex(({ columns }) => columns.length > 0))
  );
  const result = results[shown];
  const turn = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = (shown + step + results.length) % results.length;
    setShown(next);
    document.getElementById(`${id}-tab-${next}`)?.focus();
    event.preventDefault();
  };
  if (result === undefined) return null;
  return (
    <section class="results" aria-label="Results">
      <p class="unseen" role="status">
        {results.length === 1 ? `Done: ${summary(result)}` : `Done: ${results.length} results`}
      </p>
      {results.length > 1 && (
        <div class="result-tabs" role="tablist" aria-label="Results" onKeyDown={turn}>
          {results.map((each, at) => (
            <button
              key={at}
              id={`${id}-tab-${at}`}
              type="button"
              role="tab"
              class="quiet small"
              aria-selected={at === shown}
              aria-controls={`${id}-panel`}
              tabIndex={at === shown ? 0 : -1}
              title={statements[at]?.sql.slice(0, 300)}
              onClick={() => setShown(at)}
            >
              {at + 1} <span class="faint">{summary(each)}</span>
            </button>
          ))}
        </div>
      )}
      <div id={`${id}-panel`} {...(results.length > 1 && PANEL)}>
        <OneResult
          key={shown}
          result={result}
          statement={statements[shown]}
          took_ms={results.length === 1 ? took_ms : undefined}
          past={past}
        />
      </div>
    </section>
  );
}

const PANEL = { role: "tabpanel", "aria-label": "Result" } as const;

const rowsText = (count: number): string => (count === 1 ? "1 row" : `${format.whole(count)} rows`);

const summary = ({ columns, rows, meta }: Result): string =>
  columns.length > 0 ? rowsText(rows.length) : `${rowsText(meta.changes)} changed`;

interface OneResultProps {
  result: Result;
  statement: Statement | undefined;
  /** From sending to having it, of one that was alone. */
  took_ms: number | undefined;
  past: Past | undefined;
}

function OneResult({ result, statement, took_ms, past }: OneResultProps) {
  const { columns, meta } = result;
  return (
    <>
      <div class="result-facts">
        <p>
          <strong>{summary(result)}</strong>
          {past !== undefined && (
            <em class="mark writes">as of {format.time(past.timestamp)}</em>
          )}
          {facts(result, took_ms).map((fact) => <span key={fact}>{fact}</span>)}
        </p>
        {columns.length > 0 && <ExportButtons table={result} />}
      </div>
      {columns.length > 0
        ? <ResultTable table={result} label={`Result of ${statement?.sql.slice(0, 80) ?? ""}`} />
        : meta.changes > 0 && meta.last_row_id > 0 && (
          <p class="faint">The last row that was inserted has the id {meta.last_row_id}.</p>
        )}
    </>
  );
}

function facts({ columns, meta }: Result, took_ms: number | undefined): string[] {
  const names = columns.length === 1 ? "1 column" : `${format.whole(columns.length)} columns`;
  const all = took_ms === undefined ? [] : [`${format.whole(Math.round(took_ms))} ms in all`];
  return [
    ...(columns.length === 0 ? [] : [names]),
    `${format.whole(meta.duration)} ms in SQLite`,
    ...all,
    `${format.whole(meta.rows_read)} rows read`,
    `${format.whole(meta.rows_written)} written`,
    `by ${server(meta)}`,
  ];
}

function server({ served_by_primary, served_by_region }: Meta): string {
  const what = served_by_primary ? "the primary" : "a replica";
  return served_by_region === undefined ? what : `${what} in ${regionName(served_by_region)}`;
}

