/** What can be done with a whole database. */

import { useState } from "preact/hooks";
import { deleteDatabase, exportUrl } from "../../api/databases.ts";
import { messageOf } from "../../api/failure.ts";
import { ConfirmDialog } from "../../components/confirm_dialog.tsx";
import { Icon, type IconName } from "../../components/icon.tsx";
import { tell } from "../../messages.ts";
import { go, href } from "../../router.ts";
import { ForkDialog } from "./fork_dialog.tsx";
import { RestoreDialog } from "./restore_dialog.tsx";
import type { TabProps } from "./tabs.ts";

export function Actions({ database, onChange }: TabProps) {
  const [open, setOpen] = useState<"fork" | "restore" | "delete">();
  const close = () => setOpen(undefined);
  const remove = async () => {
    await deleteDatabase(database.uuid);
    tell(`Deleted ${database.name}. It can be restored from “Deleted”.`);
  };
  return (
    <section class="card" aria-labelledby="actions">
      <h2 id="actions">Actions</h2>
      <ul class="acts-list">
        <Act icon="fork" title="Fork" verb="Fork" act={() => setOpen("fork")}>
          A new database with what this one has, or had at a time.
        </Act>
        <Act icon="clock" title="Restore to a time" verb="Restore" act={() => setOpen("restore")}>
          This database as it was. The restore itself can be undone.
        </Act>
        <Act
          icon="download"
          title="Download SQL"
          verb="Download"
          act={() => download(database.uuid, "sql")}
        >
          All of it as statements, at one moment.
        </Act>
        <Act
          icon="download"
          title="Download a file"
          verb="Download"
          act={() => download(database.uuid, "sqlite")}
        >
          All of it as SQLite’s own file.
        </Act>
        <Act icon="trash" title="Delete" verb="Delete" danger act={() => setOpen("delete")}>
          At once; for a while it can be restored.
        </Act>
      </ul>
      {open === "fork" && <ForkDialog database={database} onClose={close} />}
      {open === "restore" && (
        <RestoreDialog database={database} onClose={close} onRestored={onChange} />
      )}
      {open === "delete" && (
        <ConfirmDialog
          title="Delete the database"
          name={database.name}
          action="Delete"
          onConfirm={remove}
          onDone={() => go(href(["databases"]))}
          onClose={close}
        >
          <p>Each way to it is closed at once, and its name is free. It can be restored for a week,
            unless this Worker is set otherwise.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

interface ActProps {
  icon: IconName;
  title: string;
  /** What of the title stands on the button. */
  verb: string;
  danger?: boolean;
  act: () => void;
  children: string;
}

function Act({ icon, title, verb, danger = false, act, children }: ActProps) {
  return (
    <li>
      <div>
        <h3>{title}</h3>
        <p class="faint">{children}</p>
      </div>
      <button type="button" class={danger ? "danger-text" : ""} aria-label={title} onClick={act}>
        <Icon name={icon} /> {verb}
      </button>
    </li>
  );
}

/** The address is signed, and the browser fetches it by itself, whatever the size. */
async function download(id: string, format: "sql" | "sqlite"): Promise<void> {
  try {
    const link = document.createElement("a");
    link.href = await exportUrl(id, format);
    link.download = "";
    link.click();
  } catch (error) {
    tell(messageOf(error), "failed");
  }
}
