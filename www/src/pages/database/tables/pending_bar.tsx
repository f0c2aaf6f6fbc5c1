/** What is not saved yet, and what becomes of it: shown, saved, or thrown away. */

import { useState } from "preact/hooks";
import { Dialog } from "../../../components/dialog.tsx";
import { Form } from "../../../components/form.tsx";
import { tell } from "../../../messages.ts";
import { countText, pendingIn, type Pending, setPending } from "./changes.ts";
import { ConflictDialog } from "./conflict_dialog.tsx";
import { ReviewDialog } from "./review_dialog.tsx";
import { type Conflict, save } from "./saving.ts";
import type { Table } from "./schema.ts";

interface PendingBarProps {
  database: string;
  table: Table;
  pending: Pending;
  onSaved: () => void;
}

export function PendingBar({ database, table, pending, onSaved }: PendingBarProps) {
  const [shows, setShows] = useState<"review" | "discard">();
  const [conflicts, setConflicts] = useState<Conflict[]>();
  const { changes, unsure } = pending;
  const close = () => setShows(undefined);
  const keep = (next: Pending) => setPending(database, table.name, next);
  const saveAll = async () => {
    // What the conflicts left, which is newer than this rendering.
    const now = pendingIn(database, table.name);
    const outcome = await save(database, table, now, (next) =>
      keep({ changes: now.changes, ...(next !== undefined && { unsure: next }) }));
    if (outcome.kind === "conflicts") {
      const gone = new Set(outcome.gone);
      keep({ changes: now.changes.filter(({ id }) => !gone.has(id)) });
      if (gone.size > 0) tell(`Somebody else had deleted ${gone.size} of the rows already.`);
      if (outcome.conflicts.length > 0) return setConflicts(outcome.conflicts);
      if (pendingIn(database, table.name).changes.length > 0) return saveAll();
    } else {
      keep({ changes: [] });
      tell(outcome.kind === "saved" ? "Saved." : "The changes had been saved before the answer was lost.");
    }
    onSaved();
  };
  if (conflicts !== undefined) {
    return (
      <ConflictDialog
        database={database}
        table={table}
        conflicts={conflicts}
        onDecided={() => {
          setConflicts(undefined);
          onSaved();
          if (pendingIn(database, table.name).changes.length > 0) setShows("review");
        }}
        onClose={() => setConflicts(undefined)}
      />
    );
  }
  if (changes.length === 0) return null;
  return (
    <div class="pending" role="region" aria-label="Changes that are not saved">
      <p role="status">{unsure === undefined ? countText(changes) : UNSURE}</p>
      <div class="actions">
        <button type="button" class="quiet" onClick={() => setShows("discard")}>Discard</button>
        <button type="button" class="primary" onClick={() => setShows("review")}>
          {unsure === undefined ? "Review and save" : "Find out and save"}
        </button>
      </div>
      {shows === "review" && (
        <ReviewDialog table={table} changes={changes} onSave={saveAll} onDone={close} onClose={close} />
      )}
      {shows === "discard" && (
        <Dialog title="Discard the changes" onClose={close}>
          <Form
            onSubmit={async () => void keep({ changes: [] })}
            onDone={close}
            action="Discard"
            danger
            onCancel={close}
          >
            <p>{countText(changes)}. What was typed is gone then.</p>
          </Form>
        </Dialog>
      )}
    </div>
  );
}

const UNSURE =
  "No answer came, so it is not known whether the changes were saved. They are kept, and not made twice.";

