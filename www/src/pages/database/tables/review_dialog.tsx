/** The changes as they are going to be made, before they are. */

import { Dialog } from "../../../components/dialog.tsx";
import { Form } from "../../../components/form.tsx";
import { cellOf, type Change } from "./changes.ts";
import type { Table } from "./schema.ts";
import { textOf, type Value } from "./value.ts";

interface ReviewDialogProps {
  table: Table;
  changes: readonly Change[];
  onSave: () => Promise<void>;
  onDone: () => void;
  onClose: () => void;
}

export function ReviewDialog({ table, changes, onSave, onDone, onClose }: ReviewDialogProps) {
  return (
    <Dialog title="Review and save" onClose={onClose}>
      <Form onSubmit={onSave} onDone={onDone} action="Save" onCancel={onClose}>
        <p class="faint">All of it in one transaction, or nothing.</p>
        <ul class="changes">
          {changes.map((change) => (
            <li key={change.id} class={change.kind}>
              <p><strong>{titleOf(table, change)}</strong></p>
              <Details change={change} />
            </li>
          ))}
        </ul>
      </Form>
    </Dialog>
  );
}

export function titleOf(table: Table, change: Change): string {
  if (change.kind === "insert") return "Add a row";
  const key = change.key.map((value, at) => `${table.key?.[at]?.column ?? "rowid"} ${textOf(value)}`);
  return `${change.kind === "delete" ? "Delete" : "Change"} ${key.join(", ")}`;
}

function Details({ change }: { change: Change }) {
  const cells = change.kind === "delete" ? change.before : change.after;
  if (cells.length === 0) return <p class="faint">Every column gets its default.</p>;
  return (
    <dl>
      {cells.map(([column, value]) => (
        <div key={column}>
          <dt>{column}</dt>
          <dd>
            {change.kind === "update" && (
              <><del><Short value={cellOf(change.before, column)} /></del> → </>
            )}
            {change.kind === "delete"
              ? <del><Short value={value} /></del>
              : <ins><Short value={value} /></ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const SHOWN_CHARACTERS = 300;

/** A value as it is shown beside another one. */
export function Short({ value }: { value: Value | undefined }) {
  if (value === undefined) return <span class="faint">–</span>;
  const text = textOf(value);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  if (value.type === "null") return <code class="null">{shown}</code>;
  const type = value.type === "cut" ? `${value.of}, ${value.bytes} bytes` : value.type;
  return (
    <>
      <code>{shown === "" ? "(empty)" : shown}</code>
      <span class="value-type">{type}</span>
    </>
  );
}
