/** A database is again what it was at a time. */

import { useState } from "preact/hooks";
import { type Database, restoreDatabase } from "../../api/databases.ts";
import { ConfirmDialog } from "../../components/confirm_dialog.tsx";
import { TimeField, timestampOf } from "../../components/time_field.tsx";
import { tell } from "../../messages.ts";
import { follow } from "../../works.ts";

interface RestoreDialogProps {
  database: Database;
  onClose: () => void;
  onRestored: () => void;
}

export function RestoreDialog({ database, onClose, onRestored }: RestoreDialogProps) {
  const [time, setTime] = useState("");
  const timestamp = timestampOf(time);
  const restore = async () => {
    if (timestamp === undefined) return;
    const title = `Restore of ${database.name}`;
    const { goesOn } = await follow(title, database.uuid, restoreDatabase(database.uuid, timestamp));
    if (!goesOn) tell(`Restored ${database.name}.`);
    onRestored();
  };
  return (
    <ConfirmDialog
      title="Restore to a time"
      name={database.name}
      action="Restore"
      ready={timestamp !== undefined}
      onConfirm={restore}
      onDone={onClose}
      onClose={onClose}
    >
      <p>What was written since then is no longer there. It is kept with the past: another restore,
        to the time just before this one, brings it back.</p>
      <TimeField label="As it was at" value={time} onInput={setTime} hint="In your time zone." />
    </ConfirmDialog>
  );
}
