/** A CSV file becomes rows: what is in it, where it goes, and how far it is. */

import type { TargetedEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import { messageOf } from "../../../api/failure.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Choice, Field } from "../../../components/field.tsx";
import { Form } from "../../../components/form.tsx";
import { beginning, type CsvRow, delimiterOf, DELIMITERS, hasHeader } from "./csv.ts";
import { type CsvColumn, matchedColumns, newColumns } from "./csv_columns.ts";
import { ColumnFields, Preview } from "./csv_fields.tsx";
import { type CsvOutcome, importCsv, type Progress } from "./csv_import.ts";
import { ImportProgress, Outcome } from "./csv_outcome.tsx";
import { type Column, type Item, readTable } from "./schema.ts";

interface CsvImportDialogProps {
  database: string;
  items: readonly Item[];
  /** The one that is open. */
  table: string | undefined;
  onImported: () => void;
  onClose: () => void;
}

interface Opened {
  file: File;
  text: string;
  isWhole: boolean;
  encoding: string;
  delimiter: string;
  header: boolean;
  rows: CsvRow[];
}

const SAMPLE_BYTES = 65_536;
const SAMPLE_ROWS = 200;
const ENCODINGS = { "utf-8": "UTF-8", "utf-16le": "UTF-16", "windows-1252": "Windows-1252" };

export function CsvImportDialog({ database, items, table, onImported, onClose }: CsvImportDialogProps) {
  const [opened, setOpened] = useState<Opened>();
  const [failure, setFailure] = useState<string>();
  const [to, setTo] = useState(table ?? "");
  const [name, setName] = useState("");
  const [there, setThere] = useState<Column[]>([]);
  const [columns, setColumns] = useState<CsvColumn[]>([]);
  const [skips, setSkips] = useState(false);
  const [progress, setProgress] = useState<Progress>();
  const [outcome, setOutcome] = useState<CsvOutcome>();
  const stopped = useRef(false);
  const tables = items.filter(({ kind }) => kind === "table").map((item) => item.name);

  const match = (next: Opened, target: string, of: Column[]) =>
    setColumns(target === ""
      ? newColumns(next.rows, next.header)
      : matchedColumns(next.rows, next.header, of));
  const columnsOf = async (target: string): Promise<Column[]> => {
    const item = items.find((each) => each.name === target && each.kind === "table");
    const found = item === undefined ? [] : (await readTable(database, item)).columns;
    setThere(found);
    return found;
  };
  /** Shows what went wrong, and leaves the form as it is. */
  const trying = async (act: () => Promise<void>) => {
    setFailure(undefined);
    try {
      await act();
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  const open = (file: File, given: Partial<Opened> = {}) =>
    trying(async () => {
      const next = await read(file, given);
      setOpened(next);
      if (name === "") setName(file.name.replace(/\.[^.]*$/, ""));
      match(next, to, await columnsOf(to));
    });
  const choose = (event: TargetedEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    if (file !== undefined) void open(file);
  };
  const target = (next: string) =>
    trying(async () => {
      setTo(next);
      const found = await columnsOf(next);
      if (opened !== undefined) match(opened, next, found);
    });
  const run = async () => {
    if (opened === undefined) return;
    stopped.current = false;
    const into = { database, table: to || name, isNew: to === "", columns, skips };
    setProgress({ bytes: 0, rows: 0, line: 0 });
    const end = await importCsv(opened, into, {
      onProgress: setProgress,
      isStopped: () => stopped.current,
    });
    setProgress(undefined);
    setOutcome(end);
    onImported();
  };

  if (outcome !== undefined) {
    return (
      <Dialog title="Import CSV" onClose={onClose}>
        <Outcome outcome={outcome} table={to || name} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title="Import CSV" onClose={progress === undefined ? onClose : undefined}>
      <Form
        onSubmit={run}
        action="Import"
        ready={opened !== undefined && isReady(columns, to || name)}
        onCancel={progress === undefined ? onClose : undefined}
      >
        <Field label="File" type="file" accept=".csv,.tsv,.txt,text/csv" onChange={choose} />
        {failure !== undefined && <p role="alert" class="failure">{failure}</p>}
        {opened !== undefined && progress === undefined && (
          <>
            <div class="fields">
              <Choice
                label="Delimiter"
                value={opened.delimiter}
                onChoose={(delimiter) => delimiter && open(opened.file, { ...opened, delimiter })}
                none="Choose"
                choices={DELIMITERS}
              />
              <Choice
                label="Encoding"
                value={opened.encoding}
                onChoose={(encoding) => encoding && open(opened.file, { encoding })}
                none="Choose"
                choices={ENCODINGS}
              />
              <Choice
                label="Into"
                value={to}
                onChoose={target}
                none="A new table"
                choices={Object.fromEntries(tables.map((each) => [each, each]))}
              />
              {to === "" && (
                <Field
                  label="Name of the new table"
                  value={name}
                  autocomplete="off"
                  spellcheck={false}
                  onInput={(event) => setName(event.currentTarget.value)}
                />
              )}
            </div>
            <label class="check">
              <input
                type="checkbox"
                checked={opened.header}
                onChange={(event) =>
                  open(opened.file, { ...opened, header: event.currentTarget.checked })}
              />
              The first line has the names of the columns
            </label>
            <Preview rows={opened.rows} header={opened.header} />
            <ColumnFields columns={columns} there={to === "" ? undefined : there} onChange={setColumns} />
            <label class="check">
              <input
                type="checkbox"
                checked={skips}
                onChange={(event) => setSkips(event.currentTarget.checked)}
              />
              Leave out lines that are refused, and go on
            </label>
          </>
        )}
        {progress !== undefined && opened !== undefined && (
          <ImportProgress
            progress={progress}
            bytes={opened.file.size}
            onStop={() => {
              stopped.current = true;
            }}
          />
        )}
      </Form>
    </Dialog>
  );
}

const isReady = (columns: readonly CsvColumn[], name: string): boolean => {
  const used = columns.map(({ to }) => to.toLowerCase()).filter((to) => to !== "");
  return name !== "" && used.length > 0 && new Set(used).size === used.length;
};

/** Its beginning, with what is guessed of it where nothing is given. */
async function read(file: File, given: Partial<Opened>): Promise<Opened> {
  const bytes = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  const isWhole = file.size <= SAMPLE_BYTES;
  const encoding = given.encoding ?? encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes, { stream: !isWhole });
  const delimiter = given.delimiter ?? delimiterOf(text, isWhole);
  const rows = beginning(text, delimiter, isWhole).slice(0, SAMPLE_ROWS);
  if (rows.length === 0) throw new Error("There is no row in this file.");
  const header = given.header ?? hasHeader(rows);
  return { file, text, isWhole, encoding, delimiter, header, rows };
}

/** By the mark at its beginning, or by what is no UTF-8. */
function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}
