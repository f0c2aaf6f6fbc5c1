/** How far an import of CSV is, and what came of it. */

import { whole } from "../../../format.ts";
import type { CsvOutcome, Progress } from "./csv_import.ts";

interface ImportProgressProps {
  progress: Progress;
  bytes: number;
  onStop: () => void;
}

export function ImportProgress({ progress, bytes, onStop }: ImportProgressProps) {
  return (
    <div class="import-progress">
      <label>
        {whole(progress.rows)} rows are in
        <progress value={progress.bytes} max={Math.max(bytes, 1)} />
      </label>
      <button type="button" onClick={onStop}>Stop</button>
    </div>
  );
}

const ENDS: Record<CsvOutcome["end"], string> = {
  complete: "The import is complete.",
  stopped: "The import was stopped.",
  failed: "The import has ended before its time.",
  unknown: "The import has ended, and whether its last lines are in is not known.",
};

export function Outcome(
  { outcome, table, onClose }: { outcome: CsvOutcome; table: string; onClose: () => void },
) {
  const { end, rows, line, message, problems, refused } = outcome;
  return (
    <div class="outcome" role="alert">
      <p><strong>{ENDS[end]}</strong></p>
      <p>
        {rows === 1 ? "1 row is" : `${whole(rows)} rows are`} in {table}
        {end !== "complete" && line > 0 && `, up to line ${whole(line)} of the file`}.
      </p>
      {message !== undefined && <p>{message}</p>}
      {refused > 0 && <p>{refused === 1 ? "1 line was" : `${whole(refused)} lines were`} refused:</p>}
      {refused > 0 && (
        <ul class="problems">
          {problems.map((problem) => (
            <li key={problem.line}>Line {whole(problem.line)}: {problem.message}</li>
          ))}
          {refused > problems.length && <li>and {whole(refused - problems.length)} more</li>}
        </ul>
      )}
      <div class="actions">
        <button type="button" class="primary" onClick={onClose}>Close</button>
      </div>
    </div>
  );
}
