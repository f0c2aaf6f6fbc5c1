/** A new database with what another one has, or had. */

import { useState } from "preact/hooks";
import { type Database, forkDatabase } from "../../api/databases.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Choice, Field } from "../../components/field.tsx";
import { Form } from "../../components/form.tsx";
import { TimeField, timestampOf } from "../../components/time_field.tsx";
import { tell } from "../../messages.ts";
import { REGIONS } from "../../regions.ts";
import { go, href } from "../../router.ts";
import { follow } from "../../works.ts";

interface ForkDialogProps {
  database: Database;
  onClose: () => void;
}

export function ForkDialog({ database, onClose }: ForkDialogProps) {
  const [name, setName] = useState(`${database.name}-fork`);
  const [time, setTime] = useState("");
  const [region, setRegion] = useState("");
  const fork = async () => {
    const to = name.trim();
    const timestamp = timestampOf(time);
    const answered = forkDatabase(database.uuid, {
      name: to,
      ...(timestamp !== undefined && { timestamp }),
      ...(region !== "" && { primary_location_hint: region }),
    });
    const { database: made, goesOn } = await follow(`Fork of ${database.name}`, to, answered);
    if (!goesOn) tell(`Forked ${database.name} into ${to}.`);
    return made;
  };
  const show = ({ uuid }: Database) => {
    onClose();
    go(href(["databases", uuid]));
  };
  return (
    <Dialog title={`Fork ${database.name}`} onClose={onClose}>
      <Form
        onSubmit={fork}
        onDone={show}
        action="Fork"
        ready={name.trim() !== ""}
        onCancel={onClose}
      >
        <Field
          label="Name of the new database"
          value={name}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <TimeField
          label="As it was at"
          value={time}
          onInput={setTime}
          hint="In your time zone. Left empty it is as it is now."
        />
        <Choice
          label="Region of the primary"
          value={region}
          onChoose={setRegion}
          none="Near to its source"
          choices={REGIONS}
        />
      </Form>
    </Dialog>
  );
}
