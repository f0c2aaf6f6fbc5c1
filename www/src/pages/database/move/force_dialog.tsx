/** Another primary is made of what is left, where its own is out of reach: what only that had is lost. */

import { useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { getSources, type PromotionSource, type PromotionSources } from "../../../api/promotions.ts";
import { useAsked } from "../../../components/asked.ts";
import { ConfirmDialog } from "../../../components/confirm_dialog.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Failure } from "../../../components/failure.tsx";
import { Choice } from "../../../components/field.tsx";
import * as format from "../../../format.ts";
import { beginMove } from "../../../moves.ts";
import { REGIONS, regionName } from "../../../regions.ts";

interface ForceDialogProps {
  database: Database;
  region?: string | undefined;
  onClose: () => void;
}

const TITLE = "Replace a lost primary";

export function ForceDialog(props: ForceDialogProps) {
  const { database, onClose } = props;
  const asked = useAsked(() => getSources(database.uuid), [database.uuid]);
  const { value } = asked;
  if (value !== undefined && !value.primary.answers && value.sources.length > 0) {
    return <Confirmation {...props} found={value} />;
  }
  return (
    <Dialog title={TITLE} onClose={onClose}>
      <p role="status">{value === undefined && asked.error === undefined && ASKING}</p>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {value !== undefined && <p>{value.primary.answers ? ANSWERS : NOTHING_LEFT}</p>}
      <div class="actions">
        <button type="button" onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}

const ASKING = "Asking every region what it has. That takes up to five seconds…";
const ANSWERS =
  "The primary answers, so nothing need be lost: it can be moved as usual, and everything goes along.";
const NOTHING_LEFT =
  "The primary does not answer, and there is nothing that another one could be made of: no replica that "
  + "is whole, and no backup.";

function Confirmation(
  { database, region: given, found, onClose }: ForceDialogProps & { found: PromotionSources },
) {
  const [best] = found.sources;
  const [chosen, setChosen] = useState(best?.confirm ?? "");
  const lost = found.primary.region;
  const places = Object.keys(REGIONS).filter((region) => region !== lost?.toLowerCase());
  const suggested = given ?? best?.region ?? "";
  const [region, setRegion] = useState(places.includes(suggested) ? suggested : "");
  const source = found.sources.find(({ confirm }) => confirm === chosen);
  return (
    <ConfirmDialog
      title={TITLE}
      name={database.name}
      action="Replace the primary"
      ready={region !== "" && source !== undefined}
      onConfirm={() => beginMove(database, { region, force: true, confirm: chosen })}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        The primary{lost === null ? "" : ` in ${regionName(lost)}`} does not answer. Another one can be
        made of what is left.{" "}
        <strong>Whatever the lost one has committed besides is lost for good</strong>, also if it comes
        back: then it makes way. A region that comes back has everything: wait for it if you can.
      </p>
      <fieldset class="sources">
        <legend>Made of</legend>
        {found.sources.map((each) => (
          <label key={each.confirm}>
            <input
              type="radio"
              name="source"
              checked={each.confirm === chosen}
              onChange={() => setChosen(each.confirm)}
            />
            <span><strong>{titleOf(each)}</strong><br />{standing(each)}</span>
          </label>
        ))}
      </fieldset>
      <Choice
        label="Region of the new primary"
        value={region}
        onChoose={setRegion}
        none="Choose a region"
        choices={Object.fromEntries(places.map((place) => [place, regionName(place)]))}
      />
    </ConfirmDialog>
  );
}

const titleOf = ({ region, path }: PromotionSource): string =>
  region === undefined ? `The backup at ${path ?? "its path"}` : `The replica in ${regionName(region)}`;

function standing({ txid, age_ms, lost_commits }: PromotionSource): string {
  const age = age_ms === null ? "" : `, as of ${format.ago(age_ms)}`;
  const lacks = lost_commits === 0
    ? "no commit is known that it lacks"
    : `lacks ${format.whole(lost_commits)} known ${lost_commits === 1 ? "commit" : "commits"}`;
  return `At commit ${format.whole(txid)}${age}; ${lacks}.`;
}
