/** A new database. */

import { useState } from "preact/hooks";
import { createDatabase, type Database } from "../../api/databases.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form } from "../../components/form.tsx";
import { type Placement, PlacementFields, placed } from "../../components/placement.tsx";
import { tell } from "../../messages.ts";
import { go, href } from "../../router.ts";

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [placement, setPlacement] = useState<Placement>({ region: "", jurisdiction: "" });
  const create = async () => {
    const created = await createDatabase({ name: name.trim(), ...placed(placement) });
    tell(`Created ${created.name}.`);
    return created;
  };
  const show = ({ uuid }: Database) => {
    onClose();
    go(href(["databases", uuid]));
  };
  return (
    <Dialog title="Create a database" onClose={onClose}>
      <Form
        onSubmit={create}
        onDone={show}
        action="Create"
        ready={name.trim() !== ""}
        onCancel={onClose}
      >
        <Field
          label="Name"
          value={name}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <PlacementFields
          placement={placement}
          onChange={setPlacement}
          nowhere="Near to here"
          hint="Where all writes go. Every region that reads gets a replica."
        />
      </Form>
    </Dialog>
  );
}
