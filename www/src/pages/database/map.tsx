/** The map of a database: where it is, and how its commits go to the regions, as they go. */

import { useState } from "preact/hooks";
import { messageOf } from "../../api/failure.ts";
import { getReplicas } from "../../api/replicas.ts";
import { usePolled } from "../../components/polled.ts";
import { moves, movesDone } from "../../moves.ts";
import { Figures } from "./map/figures.tsx";
import { Latency } from "./map/latency.tsx";
import { RegionPanel } from "./map/region_panel.tsx";
import { RegionTable } from "./map/region_table.tsx";
import { useStanding } from "./map/standing.ts";
import { WorldMap } from "./map/world_map.tsx";
import { MoveProgress } from "./move/move_progress.tsx";
import { useMoving } from "./move/moving.tsx";
import type { TabProps } from "./tabs.ts";

export default function MapTab({ database }: TabProps) {
  const polled = usePolled(() => getReplicas(database.uuid), [database.uuid, movesDone.value]);
  const standing = useStanding(polled.value, database);
  const [chosen, setChosen] = useState<string>();
  const moving = useMoving(database);
  const move = moves.value.get(database.uuid);
  const region = chosen ?? standing.primaryRegion;
  return (
    <div class="map-tab">
      <section class="map-card" aria-label="Map">
        <Freshness
          failed={polled.error === undefined ? undefined : messageOf(polled.error)}
          late={polled.late}
          at_ms={polled.at_ms}
        />
        <WorldMap
          standing={standing}
          target={move?.region}
          chosen={region}
          onChoose={setChosen}
        />
        <div class="map-side">
          {polled.error !== undefined && (
            <div class="map-panel" role="alert">
              <h2>The primary does not answer</h2>
              <p>{messageOf(polled.error)}</p>
              <button type="button" onClick={() => moving.open({ dialog: "force" })}>
                See what is left
              </button>
            </div>
          )}
          {move !== undefined && <div class="map-panel"><MoveProgress move={move} /></div>}
          {move === undefined && polled.error === undefined && region !== undefined && (
            <RegionPanel
              region={region}
              standing={standing}
              onMove={() => moving.open({ dialog: "move", region })}
            />
          )}
        </div>
        <Legend />
      </section>
      <Figures standing={standing} />
      <RegionTable standing={standing} />
      <Latency database={database} standing={standing} />
      {moving.dialogs}
    </div>
  );
}

interface FreshnessProps {
  failed: string | undefined;
  late: boolean;
  at_ms: number;
}

/** Whether what is shown is of now. */
function Freshness({ failed, late, at_ms }: FreshnessProps) {
  const since = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" }).format(at_ms);
  const is = at_ms === 0 ? "No figures yet" : `As of ${since}`;
  if (failed !== undefined) return <p class="freshness stale">{is}</p>;
  if (late) return <p class="freshness stale">{is}: waiting for an answer</p>;
  if (at_ms === 0) return <p class="freshness">Loading…</p>;
  return <p class="freshness live">Live</p>;
}

function Legend() {
  return (
    <ul class="legend" aria-hidden="true">
      <li><i class="dot primary" /> primary</li>
      <li><i class="dot replica" /> replica</li>
      <li><i class="dot asleep" /> replica asleep</li>
      <li><i class="dot none" /> no replica</li>
      <li><i class="dot pulse" /> a commit on its way, or several</li>
    </ul>
  );
}
