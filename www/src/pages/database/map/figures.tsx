/** The map in six figures. */

import { Smooth } from "../../../components/smooth.tsx";
import * as format from "../../../format.ts";
import { regionName } from "../../../regions.ts";
import type { Standing } from "./standing.ts";

const whole = (value: number): string => format.whole(Math.round(value));
const tenth = (value: number): string => value.toFixed(1);

export function Figures({ standing }: { standing: Standing }) {
  const { primary, primaryRegion, replicas, commitsPerSecond } = standing;
  const awake = replicas.filter(({ state }) => state === "following" || state === "filling");
  const known = primary !== undefined;
  const pushedTo = replicas.filter(({ state }) => state !== "asleep");
  const lags = pushedTo.flatMap(({ lag_ms }) => (lag_ms === null ? [] : [lag_ms]));
  const reads = awake.reduce((sum, { reads_per_second }) => sum + (reads_per_second ?? 0), 0);
  return (
    <dl class="figures map-figures">
      <Figure title="Primary">
        {primaryRegion === undefined ? (known ? "somewhere" : undefined) : regionName(primaryRegion)}
      </Figure>
      <Figure title="Commits in all">
        {known && <Smooth value={primary.txid} text={whole} />}
      </Figure>
      <Figure title="Commits per second">
        {commitsPerSecond !== undefined && <Smooth value={commitsPerSecond} text={tenth} />}
      </Figure>
      <Figure title="Replicas awake">
        {known && `${awake.length} of ${replicas.length}`}
      </Figure>
      <Figure title="Furthest behind">
        {lags.length > 0 && <Smooth value={Math.max(...lags)} text={format.milliseconds} />}
      </Figure>
      <Figure title="Reads/s at replicas">
        {known && <Smooth value={reads} text={tenth} />}
      </Figure>
    </dl>
  );
}

function Figure({ title, children }: { title: string; children: preact.ComponentChildren }) {
  const empty = children === undefined || children === false;
  return <div class="figure"><dt>{title}</dt><dd>{empty ? "–" : children}</dd></div>;
}
