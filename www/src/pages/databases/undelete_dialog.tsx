/** A deleted database comes back, by another name where its own was given away. */

import { useState } from "preact/hooks";
import { type Database, undeleteDatabase } from "../../api/databases.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form } from "../../components/form.tsx";
import { tell } from "../../messages.ts";
import { go, href } from "../../router.ts";

interface UndeleteDialogProps {
  database: Database;
  onClose: () => void;
}

export function UndeleteDialog({ database, onClose }: UndeleteDialogProps) {
  const [name, setName] = useState(database.name);
  const restore = async () => {
    const other = name.trim() === database.name ? undefined : name.trim();
    const restored = await undeleteDatabase(database.uuid, other);
    tell(`Restored ${restored.name}.`);
    return restored;
  };
  const show = ({ uuid }: Database) => {
    onClose();
    go(href(["databases", uuid]));
  };
  return (
    <Dialog title="Restore a database" onClose={onClose}>
      <Form
        onSubmit={restore}
        onDone={show}
        action="Restore"
        ready={name.trim() !== ""}
        onCancel={onClose}
      >
        <Field
          label="Name"
          value={name}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
          hint="Its own, unless that was given to another database meanwhile."
        />
      </Form>
    </Dialog>
  );
}
