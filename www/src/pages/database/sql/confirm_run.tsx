/** Asks before a statement that takes more than is written in it. */

import { Dialog } from "../../../components/dialog.tsx";
import { natureOf } from "../../../sql/nature.ts";
import type { Statement } from "../../../sql/statements.ts";

interface ConfirmRunProps {
  statements: Statement[];
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmRun({ statements, onConfirm, onClose }: ConfirmRunProps) {
  const dangers = statements.flatMap((statement) => {
    const { danger } = natureOf(statement);
    return danger === undefined ? [] : [{ danger, sql: statement.sql }];
  });
  return (
    <Dialog title="Run this?" onClose={onClose}>
      <ul class="sql-dangers">
        {dangers.map(({ danger, sql }, at) => (
          <li key={at}>
            <p>{danger}</p>
            <pre>{sql.length > 500 ? `${sql.slice(0, 500)}…` : sql}</pre>
          </li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="quiet" onClick={onClose}>Cancel</button>
        <button type="button" class="danger" onClick={onConfirm}>Run</button>
      </div>
    </Dialog>
  );
}
