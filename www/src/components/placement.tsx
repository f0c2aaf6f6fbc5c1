/** Where a new database is to be: a region for its primary, and a border that its data never cross. */

import { JURISDICTIONS, REGIONS } from "../regions.ts";
import { Choice } from "./field.tsx";

export interface Placement {
  region: string;
  jurisdiction: string;
}

interface PlacementFieldsProps {
  placement: Placement;
  onChange: (placement: Placement) => void;
  nowhere: string;
  hint: string;
}

export function PlacementFields({ placement, onChange, nowhere, hint }: PlacementFieldsProps) {
  return (
    <>
      <Choice
        label="Region of the primary"
        value={placement.region}
        onChoose={(region) => onChange({ ...placement, region })}
        none={nowhere}
        choices={REGIONS}
        hint={hint}
      />
      <Choice
        label="Jurisdiction"
        value={placement.jurisdiction}
        onChoose={(jurisdiction) => onChange({ ...placement, jurisdiction })}
        none="None"
        choices={JURISDICTIONS}
        hint="A border that the data never cross. It cannot be changed later."
      />
    </>
  );
}

/** As REST takes it. */
export const placed = ({ region, jurisdiction }: Placement) => ({
  ...(region !== "" && { primary_location_hint: region }),
  ...(jurisdiction !== "" && { jurisdiction }),
});
