/** What was run in this browser; a choice is put below what is in the editor. */

import { useState } from "preact/hooks";
import { Dialog } from "../../../components/dialog.tsx";
import * as format from "../../../format.ts";
import { clearHistory } from "./kept.ts";
import type { Workspace } from "./workspace.ts";

interface HistoryDialogProps {
  workspace: Workspace;
  onChoose: (sql: string) => void;
  onClose: () => void;
}

export function HistoryDialog({ workspace, onChoose, onClose }: HistoryDialogProps) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const entries = workspace.history.value.filter(({ sql }) => sql.toLowerCase().includes(wanted));
  const clear = () => {
    clearHistory(workspace.database);
    workspace.history.value = [];
  };
  return (
    <Dialog title="History" onClose={onClose}>
      <div class="sql-history">
        <input
          type="search"
          aria-label="Search in the history"
          placeholder="Search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        {entries.length === 0 && <p class="faint">There is nothing.</p>}
        <ul>
          {entries.map(({ sql, time_ms, outcome }) => (
            <li key={sql}>
              <button type="button" class="quiet" onClick={() => onChoose(sql)}>
                <code>{sql.length > 300 ? `${sql.slice(0, 300)}…` : sql}</code>
                <span class="faint">
                  {format.time(time_ms)}{outcome !== "done" && `, ${outcome}`}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <p class="hint">It is kept in this browser alone.</p>
      </div>
      <div class="actions">
        <button type="button" class="quiet danger-text" onClick={clear}>Clear the history</button>
        <button type="button" onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}
