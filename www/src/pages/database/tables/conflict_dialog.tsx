/** Rows that somebody else changed meanwhile: both versions, and the choice between them. */

import { useState } from "preact/hooks";
import { Dialog } from "../../../components/dialog.tsx";
import { Form } from "../../../components/form.tsx";
import { type Cells, cellOf, type Change, pendingIn, replaced, setPending } from "./changes.ts";
import { Short, titleOf } from "./review_dialog.tsx";
import { type Conflict, over } from "./saving.ts";
import type { Table } from "./schema.ts";

type Choice = "mine" | "theirs";

interface ConflictDialogProps {
  database: string;
  table: Table;
  conflicts: readonly Conflict[];
  onDecided: () => void;
  onClose: () => void;
}

export function ConflictDialog({ database, table, conflicts, onDecided, onClose }: ConflictDialogProps) {
  const [choices, setChoices] = useState(() => new Map<string, Choice>());
  const decide = async () => {
    let { changes } = pendingIn(database, table.name);
    for (const conflict of conflicts) {
      const { id } = conflict.change;
      changes = replaced(changes, id, choices.get(id) === "mine" ? mine(table, conflict) : undefined);
    }
    setPending(database, table.name, { changes });
  };
  return (
    <Dialog title="Changed by somebody else" onClose={onClose}>
      <Form
        onSubmit={decide}
        onDone={onDecided}
        action="Go on"
        ready={conflicts.every(({ change }) => choices.has(change.id))}
        onCancel={onClose}
      >
        <p>Nothing was saved. These rows are no longer as you saw them: choose for each.</p>
        {conflicts.map((conflict) => (
          <Versions
            key={conflict.change.id}
            table={table}
            conflict={conflict}
            choice={choices.get(conflict.change.id)}
            onChoose={(choice) => setChoices(new Map(choices).set(conflict.change.id, choice))}
          />
        ))}
      </Form>
    </Dialog>
  );
}

/** Over what is there now; what was typed into a row that is gone becomes a new one. */
function mine(table: Table, conflict: Conflict): Change | undefined {
  const { change, now } = conflict;
  if (now !== undefined) return over(conflict);
  if (change.kind === "delete") return undefined;
  const keys = (table.key ?? []).flatMap(({ column }, at): Cells => {
    const value = change.key[at];
    const isTyped = column === undefined || cellOf(change.after, column) !== undefined;
    return isTyped || value === undefined ? [] : [[column, value]];
  });
  return { kind: "insert", id: `new-${crypto.randomUUID()}`, after: [...keys, ...change.after] };
}

interface VersionsProps {
  table: Table;
  conflict: Conflict;
  choice: Choice | undefined;
  onChoose: (choice: Choice) => void;
}

function Versions({ table, conflict: { change, now }, choice, onChoose }: VersionsProps) {
  const columns = change.before
    .map(([column]) => column)
    .filter((column) => change.kind === "update" || !sameIn(column, change.before, now));
  const radio = (value: Choice, label: string) => (
    <label class="radio">
      <input
        type="radio"
        name={change.id}
        checked={choice === value}
        onChange={() => onChoose(value)}
      />
      {label}
    </label>
  );
  return (
    <fieldset class="versions">
      <legend>{titleOf(table, change)}</legend>
      {now === undefined && <p>Somebody else has deleted this row.</p>}
      <div class="table-frame">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">When you saw it</th>
              <th scope="col">There now</th>
              <th scope="col">Yours</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column}>
                <th scope="row">{column}</th>
                <td><Short value={cellOf(change.before, column)} /></td>
                <td><Short value={now && cellOf(now, column)} /></td>
                <td>
                  {change.kind === "delete" ? "deleted" : <Short value={cellOf(change.after, column)} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {radio("theirs", now === undefined ? "Leave it deleted" : "Keep what is there now")}
      {radio("mine", now === undefined
        ? "Add a new row with what I typed, and defaults besides"
        : change.kind === "delete" ? "Delete it all the same" : "Write mine over it")}
    </fieldset>
  );
}

const sameIn = (column: string, one: Cells, other: Cells | undefined): boolean =>
  other !== undefined && JSON.stringify(cellOf(one, column)) === JSON.stringify(cellOf(other, column));
