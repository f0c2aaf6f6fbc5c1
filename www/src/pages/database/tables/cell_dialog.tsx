/** One cell: its type and all of its value, to be read, copied, or changed. */

import type { TargetedEvent } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useAsked } from "../../../components/asked.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Failure } from "../../../components/failure.tsx";
import { Choice } from "../../../components/field.tsx";
import { Form } from "../../../components/form.tsx";
import { Icon } from "../../../components/icon.tsx";
import * as format from "../../../format.ts";
import { offer } from "./download.ts";
import { wholeValue } from "./long_value.ts";
import { affinityOf, type Column, type Table } from "./schema.ts";
import { typed } from "./typed.ts";
import { bytesOf, hexOf, type Type, type Value } from "./value.ts";

interface CellDialogProps {
  database: string;
  table: Table;
  rowKey: Value[];
  column: number;
  /** Undefined of a default. */
  value: Value | undefined;
  isNew: boolean;
  /** Why it cannot be changed. */
  fixed: string | undefined;
  onSet: (before: Value, value: Value | undefined) => void;
  onClose: () => void;
}

export function CellDialog(props: CellDialogProps) {
  const { table, value, onClose } = props;
  const column = table.columns[props.column];
  if (column === undefined) return null;
  return (
    <Dialog title={column.name} onClose={onClose}>
      {value?.type === "cut"
        ? <LongCell {...props} column={column} />
        : <CellForm {...props} column={column} />}
    </Dialog>
  );
}

/** Of a long value the page has only a part, and asks for the rest once. */
function LongCell(props: CellFormProps) {
  const { database, table, rowKey, column } = props;
  const asked = useAsked(() => wholeValue(database, table, rowKey, column.name), []);
  if (asked.error !== undefined) return <Failure error={asked.error} onRetry={asked.reload} />;
  if (asked.value === undefined) return <p role="status">Loading…</p>;
  return <CellForm {...props} value={asked.value} />;
}

const TYPES: Record<Type, string> = {
  text: "Text",
  integer: "Integer",
  real: "Real",
  blob: "BLOB",
  null: "NULL",
};

type CellFormProps = Omit<CellDialogProps, "column"> & { column: Column };

function CellForm({ column, value, isNew, fixed, onSet, onClose }: CellFormProps) {
  const [type, setType] = useState<Type | "">(value === undefined ? "" : typeOf(value));
  const [text, setText] = useState(textIn(value));
  const input = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => input.current?.focus(), []);
  const submit = async () => {
    const next = type === "" ? undefined : typed(type, text);
    onSet(value ?? { type: "null" }, next);
  };
  const choose = (next: string) => setType(next === "" && !isNew ? "null" : next as Type);
  const write = (next: string) => {
    setText(next);
    // Whoever types means something else than NULL or the default.
    if (type === "" || type === "null") setType(typeFor(column));
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    input.current?.form?.requestSubmit();
  };
  const isRead = fixed !== undefined;
  return (
    <Form
      onSubmit={isRead ? async () => {} : submit}
      onDone={onClose}
      action={isRead ? "Close" : "Set"}
      onCancel={isRead ? undefined : onClose}
    >
      {isRead && <p class="note">{fixed}</p>}
      {!isRead && (
        <Choice
          label="Type"
          value={type}
          onChoose={choose}
          none={isNew ? "Default of the column" : "Choose a type"}
          choices={TYPES}
        />
      )}
      <div class="field">
        <label for={id}>Value</label>
        <textarea
          ref={input}
          id={id}
          autofocus
          rows={Math.min(12, 2 + Math.floor(text.length / 60))}
          value={text}
          readOnly={isRead}
          spellcheck={false}
          placeholder={type === "" ? "default" : type === "null" ? "NULL" : ""}
          aria-describedby={`${id}-hint`}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={press}
        />
        <p class="hint" id={`${id}-hint`}>{hintOf(type, column)}</p>
      </div>
      {type === "blob" && (
        <BlobActs hex={text} column={column.name} isFixed={isRead} onLoad={setText} />
      )}
    </Form>
  );
}

/** Of a long one nothing else comes here than the whole. */
const typeOf = (value: Value): Type => value.type === "cut" ? value.of : value.type;

function textIn(value: Value | undefined): string {
  if (value === undefined || value.type === "null" || value.type === "cut") return "";
  return value.type === "blob" ? value.hex : value.text;
}

function typeFor({ type }: Column): Type {
  const affinity = affinityOf(type);
  return affinity === "INTEGER" ? "integer" : affinity === "REAL" ? "real" : "text";
}

function hintOf(type: Type | "", { type: declared }: Column): string {
  const column = declared === "" ? "The column has no type." : `The column is declared ${declared}.`;
  return (HOW[type] ?? "") + column;
}

const HOW: { [type: string]: string } = {
  blob: "Pairs of hexadecimal digits. ",
  text: "Shift and Enter begin a new line. ",
};

interface BlobActsProps {
  hex: string;
  column: string;
  isFixed: boolean;
  onLoad: (hex: string) => void;
}

const BLOB_BYTES_MAX = 2_000_000;

function BlobActs({ hex, column, isFixed, onLoad }: BlobActsProps) {
  const [failure, setFailure] = useState<string>();
  const load = async (event: TargetedEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    setFailure(undefined);
    if (file === undefined) return;
    if (file.size > BLOB_BYTES_MAX) {
      return setFailure(`The file has more than ${format.bytes(BLOB_BYTES_MAX)}.`);
    }
    onLoad(hexOf(new Uint8Array(await file.arrayBuffer())));
  };
  const download = () => offer(new Blob([bytesOf(hex)]), `${column}.bin`);
  return (
    <div class="blob-acts">
      {!isFixed && (
        <label class="field">From a file<input type="file" onChange={load} /></label>
      )}
      {failure !== undefined && <p role="alert">{failure}</p>}
      <button type="button" onClick={download}>
        <Icon name="download" /> Download its {format.bytes(Math.floor(hex.length / 2))}
      </button>
    </div>
  );
}
