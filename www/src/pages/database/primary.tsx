/** Where the primary is, which copies there may be, and what moves it. */

import type { Database } from "../../api/databases.ts";
import { moves } from "../../moves.ts";
import { jurisdictionName, regionName } from "../../regions.ts";
import { href } from "../../router.ts";
import { MoveProgress } from "./move/move_progress.tsx";
import { useMoving } from "./move/moving.tsx";

export function Primary({ database }: { database: Database }) {
  const { running_in_region: region, jurisdiction, read_replication } = database;
  const moving = useMoving(database);
  const move = moves.value.get(database.uuid);
  return (
    <section class="card" aria-labelledby="primary">
      <h2 id="primary">Primary and replicas</h2>
      <dl class="facts">
        <dt>Primary</dt>
        <dd>{region === undefined ? "where the platform placed it" : regionName(region)}</dd>
        <dt>Jurisdiction</dt>
        <dd>{jurisdiction === undefined ? "none" : jurisdictionName(jurisdiction)}</dd>
        <dt>Replicas</dt>
        <dd>{read_replication?.mode === "disabled"
          ? "none: every read goes to the primary"
          : "one in each region that reads"}</dd>
      </dl>
      {database.file_size === undefined && move === undefined && (
        <div class="failure" role="alert">
          <p>The primary does not answer.</p>
          <button type="button" onClick={() => moving.open({ dialog: "force" })}>
            See what is left
          </button>
        </div>
      )}
      {move !== undefined && <MoveProgress move={move} />}
      <div class="actions card-end">
        <a class="button" href={href(["databases", database.uuid, "map"])}>See it on the map</a>
        <button
          type="button"
          aria-disabled={move !== undefined}
          onClick={() => move === undefined && moving.open({ dialog: "move" })}
        >
          Move the primary
        </button>
      </div>
      {moving.dialogs}
    </section>
  );
}
