/** The primary goes to another region, while everybody goes on. */

import { useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Choice } from "../../../components/field.tsx";
import { Form } from "../../../components/form.tsx";
import { beginMove } from "../../../moves.ts";
import { REGIONS, regionName } from "../../../regions.ts";

interface MoveDialogProps {
  database: Database;
  /** Where to, if that was chosen already. */
  region?: string | undefined;
  onClose: () => void;
  /** The primary's own region is lost. */
  onLost: () => void;
}

export function MoveDialog({ database, region: given, onClose, onLost }: MoveDialogProps) {
  const [region, setRegion] = useState(given ?? "");
  const here = database.running_in_region?.toLowerCase();
  const choices = Object.entries(REGIONS).filter(([key]) => key !== here);
  const title = given === undefined ? "Move the primary" : `Move the primary to ${regionName(given)}`;
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        onSubmit={() => beginMove(database, { region })}
        onDone={onClose}
        action="Move the primary"
        ready={region !== ""}
        onCancel={onClose}
      >
        {given === undefined && (
          <Choice
            label="To"
            value={region}
            onChoose={setRegion}
            none="Choose a region"
            choices={Object.fromEntries(choices)}
          />
        )}
        <ol class="steps">
          <li>A copy is made there. Reads and writes go on meanwhile.</li>
          <li>Writes pause for about two round trips between the two regions. None is lost: those that come
            meanwhile wait. Transactions that are open are rolled back, and told so.</li>
          <li>From then on writes go to {region === "" ? "the new region" : regionName(region)}.
            Workers and replicas find it by themselves.</li>
        </ol>
        <p class="faint">Until the pause it can be given up.</p>
      </Form>
      <p class="aside">
        Is the region{here === undefined ? "" : ` ${regionName(here)}`} out of reach?{" "}
        <button type="button" class="link" onClick={onLost}>Replace a lost primary</button>
      </p>
    </Dialog>
  );
}
