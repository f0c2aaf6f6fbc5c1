/** A file of SQL is run, or SQLite's own file takes the place of all that there is. */

import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { beginImport, type ImportStep, pollImport } from "../../../api/imports.ts";
import { messageOf } from "../../../api/failure.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Field } from "../../../components/field.tsx";
import { Form } from "../../../components/form.tsx";
import * as format from "../../../format.ts";
import { tell } from "../../../messages.ts";

interface FileImportDialogProps {
  database: Database;
  onImported: () => void;
  onClose: () => void;
}

const MAGIC = "SQLite format 3\0";

export function FileImportDialog({ database: { uuid, name }, onImported, onClose }: FileImportDialogProps) {
  const [file, setFile] = useState<{ file: File; isSqlite: boolean }>();
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState<number>();
  const [step, setStep] = useState<ImportStep>();
  const open = useRef(true);
  useEffect(() => () => {
    open.current = false;
  }, []);
  const choose = async (event: TargetedEvent<HTMLInputElement>) => {
    const chosen = event.currentTarget.files?.[0];
    if (chosen === undefined) return setFile(undefined);
    const first = await chosen.slice(0, MAGIC.length).text();
    setFile({ file: chosen, isSqlite: first === MAGIC });
  };
  const run = async () => {
    if (file === undefined) return;
    try {
      setSent(0);
      let next = await beginImport(uuid, file.file, setSent);
      while (next.status === "active") {
        setStep(next);
        next = await pollImport(uuid, next.at_bookmark);
      }
      if (next.status === "error") throw new Error(next.error ?? "The import failed.");
      tell(`Imported ${file.file.name}.`);
      onImported();
    } catch (error) {
      // Behind a dialog that was closed nobody would see it.
      if (!open.current) tell(`The import of ${file.file.name} failed: ${messageOf(error)}`, "failed");
      throw error;
    } finally {
      setSent(undefined);
      setStep(undefined);
    }
  };
  const isReady = file !== undefined && (!file.isSqlite || typed === name);
  return (
    <Dialog title="Import SQL or SQLite" onClose={onClose}>
      <Form
        onSubmit={run}
        onDone={onClose}
        action="Import"
        danger={file?.isSqlite === true}
        ready={isReady}
        onCancel={onClose}
      >
        <Field
          label="File"
          type="file"
          accept=".sql,.sqlite,.sqlite3,.db"
          onChange={choose}
          hint="Statements of SQL, or SQLite’s own file. Of more than 100 MB by `npx isolite import`."
        />
        {file?.isSqlite === true && (
          <>
            <p class="note">This is a file of SQLite: it takes the place of all that is in the database.
              What was there before is kept with the past.</p>
            <Field
              label="Type the name of the database"
              value={typed}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setTyped(event.currentTarget.value)}
              hint={<>It is <strong class="name">{name}</strong></>}
            />
          </>
        )}
        {file?.isSqlite === false && <p class="note">The statements run on what is in the database.</p>}
        {sent !== undefined && file !== undefined && <How file={file.file} sent={sent} step={step} />}
      </Form>
    </Dialog>
  );
}

function How({ file, sent, step }: { file: File; sent: number; step: ImportStep | undefined }) {
  const [, done, total] = /([\d.]+) of ([\d.]+) MB/.exec(step?.messages.at(-1) ?? "") ?? [];
  const isSent = step !== undefined || sent >= file.size;
  const text = step?.messages.at(-1) ??
    (isSent
      ? "The server has the file, and begins."
      : `Sent ${format.bytes(sent)} of ${format.bytes(file.size)}`);
  return (
    <label>
      {text}
      {!isSent && <progress value={sent} max={Math.max(file.size, 1)} />}
      {isSent && done === undefined && <progress />}
      {done !== undefined && <progress value={Number(done)} max={Number(total)} />}
    </label>
  );
}
