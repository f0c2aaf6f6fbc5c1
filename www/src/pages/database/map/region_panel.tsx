/** The region that was chosen on the map, and what can be done with it. */

import * as format from "../../../format.ts";
import { regionName } from "../../../regions.ts";
import { replicaIn, type Standing, stateText } from "./standing.ts";

interface RegionPanelProps {
  region: string;
  standing: Standing;
  onMove: () => void;
}

export function RegionPanel({ region, standing, onMove }: RegionPanelProps) {
  const isPrimary = region === standing.primaryRegion;
  return (
    <div class="map-panel" aria-live="off">
      <h2>{regionName(region)}</h2>
      <dl class="panel-facts">
        {factsOf(region, standing).map(([name, text]) => (
          <div key={name}><dt>{name}</dt><dd>{text}</dd></div>
        ))}
      </dl>
      {!isPrimary && (
        <button type="button" class="small" onClick={onMove}>Move the primary here</button>
      )}
    </div>
  );
}

function factsOf(region: string, standing: Standing): [string, string][] {
  const { primary } = standing;
  if (region === standing.primaryRegion) {
    if (primary === undefined) return [];
    return [
      ["Here is", "the primary: all writes come here"],
      ["Position", `commit ${format.whole(primary.txid)} of epoch ${primary.epoch}`],
      ["Size", format.bytes(primary.size_bytes)],
      ["Log", `${format.whole(primary.log_commits)} commits, ${format.bytes(primary.log_bytes)}`],
    ];
  }
  const replica = replicaIn(standing, region);
  if (primary === undefined) return [["Here is", "not known yet"]];
  if (replica === undefined) {
    return [["Here is", "no replica: the first read of a Worker here makes one"]];
  }
  const { txid, lag_commits, lag_ms, reads_per_second, trip_ms } = replica;
  const known = (value: number | null, text: (value: number) => string) =>
    value === null ? "not known" : text(value);
  return [
    ["The replica", stateText(replica)],
    ["Position", known(txid, (it) => `commit ${format.whole(it)}`)],
    ["Behind", `${known(lag_ms, format.milliseconds)}, ${known(lag_commits, commits)}`],
    ["Reads", known(reads_per_second, (it) => `${it.toFixed(1)} per second`)],
    ["To the primary", known(trip_ms, format.milliseconds)],
  ];
}

const commits = (count: number): string =>
  `${format.whole(count)} ${count === 1 ? "commit" : "commits"}`;
