/**
 * The world with the regions on it. The shapes are a picture; the regions are buttons over it, whose
 * texts keep their size on a small screen.
 */

import { useMemo } from "preact/hooks";
import * as format from "../../../format.ts";
import { regionName } from "../../../regions.ts";
import { Flow } from "./flow.tsx";
import { type Spot, SPOTS, spotOf } from "./places.ts";
import { kindOf, replicaIn, type Standing, stateText } from "./standing.ts";
import { HEIGHT, landPath, WIDTH } from "./world.ts";

interface WorldMapProps {
  standing: Standing;
  /** Where the primary moves to, if it does. */
  target: string | undefined;
  chosen: string | undefined;
  onChoose: (region: string) => void;
}

export function WorldMap({ standing, target, chosen, onChoose }: WorldMapProps) {
  const land = useMemo(landPath, []);
  const home = spotOf(standing.primaryRegion ?? null);
  const goal = spotOf(target ?? null);
  return (
    <div class="world">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
        <path class="land" d={land} />
        {home && standing.replicas.map((replica) => {
          const spot = spotOf(replica.region);
          if (spot === undefined) return null;
          const key = `${home.region}-${replica.region}`;
          return <Flow key={key} from={home} to={spot} replica={replica} />;
        })}
        {home && goal && goal !== home && <Flow key="move" from={home} to={goal} />}
      </svg>
      {SPOTS.map((spot) => (
        <Place
          key={spot.region}
          spot={spot}
          standing={standing}
          isTarget={spot.region === target}
          isChosen={spot.region === chosen}
          onChoose={onChoose}
        />
      ))}
    </div>
  );
}

interface PlaceProps {
  spot: Spot;
  standing: Standing;
  isTarget: boolean;
  isChosen: boolean;
  onChoose: (region: string) => void;
}

function Place({ spot: { region, x, y, side }, standing, isTarget, isChosen, onChoose }: PlaceProps) {
  const kind = kindOf(standing, region);
  const at = { left: `${(x / WIDTH) * 100}%`, top: `${(y / HEIGHT) * 100}%` };
  return (
    <button
      type="button"
      class={`place ${kind} ${side}${isTarget ? " target" : ""}`}
      style={at}
      aria-pressed={isChosen}
      aria-label={`${regionName(region)}: ${told(standing, region)}`}
      onClick={() => onChoose(region)}
    >
      <span class="place-dot" />
      <span class="place-label" aria-hidden="true">
        <span class="place-name">{regionName(region)}</span>
        <span class="place-code">{region}</span>
        <span class="place-figures">{figures(standing, region)}</span>
      </span>
    </button>
  );
}

/** The two that matter. */
function figures(standing: Standing, region: string): string {
  if (region === standing.primaryRegion) {
    return standing.primary === undefined ? "" : `commit ${format.whole(standing.primary.txid)}`;
  }
  const replica = replicaIn(standing, region);
  if (replica === undefined) return "";
  const { state, lag_ms, lag_commits } = replica;
  if (state === "asleep" || state === "filling") return state;
  if (lag_commits !== null && lag_commits > 0) return behind(lag_ms, lag_commits);
  return state === "silent" ? "no answer" : "up to date";
}

function behind(lag_ms: number | null, commits: number): string {
  const count = `${format.whole(commits)} ${commits === 1 ? "commit" : "commits"} behind`;
  return lag_ms === null ? count : `${format.milliseconds(lag_ms)}, ${count}`;
}

function told(standing: Standing, region: string): string {
  const kind = kindOf(standing, region);
  if (standing.primary === undefined) return kind === "primary" ? "primary" : "not known yet";
  if (kind === "primary") return `primary, ${figures(standing, region)}`;
  const replica = replicaIn(standing, region);
  if (replica === undefined) return "no replica";
  const { txid } = replica;
  const position = txid === null ? "" : `, at commit ${format.whole(txid)}`;
  return `replica, ${stateText(replica)}${position}, ${figures(standing, region)}`;
}
