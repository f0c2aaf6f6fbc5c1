/**
 * How long a reader waits, by where the answer comes from. Every figure was measured, and says where; of
 * what nobody has measured there is none.
 */

import { useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { messageOf } from "../../../api/failure.ts";
import { type Measured, measureReads } from "../../../api/replicas.ts";
import { tell } from "../../../messages.ts";
import * as format from "../../../format.ts";
import { regionName } from "../../../regions.ts";
import {
  keepMeasurement, keptMeasurements, type Measurement, type Measurements,
} from "./measurements.ts";
import { replicaIn, type Standing } from "./standing.ts";

/** A replica, or the isolate's memory, may first have to be filled. */
const TRIES = 6;
const PAUSE_MS = 700;

export function Latency({ database, standing }: { database: Database; standing: Standing }) {
  const [measured, setMeasured] = useState<Measurements>(() => keptMeasurements(database.uuid));
  const [waits, setWaits] = useState(false);
  const measure = async () => {
    if (waits) return;
    setWaits(true);
    try {
      setMeasured(keepMeasurement(database.uuid, await measuredOnceFilled(database.uuid)));
    } catch (error) {
      tell(messageOf(error), "failed");
    }
    setWaits(false);
  };
  const rows = rowsOf(standing, measured);
  const longest_ms = Math.max(...rows.flatMap(({ bars }) => bars.map(({ ms }) => ms ?? 0)), 1);
  return (
    <section class="card latency" aria-labelledby="latency">
      <div class="latency-head">
        <div>
          <h2 id="latency">What a reader waits for</h2>
          <p class="faint">The same read, by who answers it. Shorter is better.</p>
        </div>
        <button type="button" aria-disabled={waits} onClick={measure}>
          {waits && <span class="spinner" aria-hidden="true" />}
          Measure from here
        </button>
      </div>
      <ul role="status">
        {rows.map((row) => <Region key={row.region} row={row} longest_ms={longest_ms} />)}
      </ul>
      <p class="faint below">
        “Here” is where this page’s Worker runs. Measuring reads as any Worker there does, so it makes the
        replicas of the region and of the Worker’s memory.
      </p>
    </section>
  );
}

async function measuredOnceFilled(id: string): Promise<Measured> {
  let measured = await measureReads(id);
  for (let tries = 1; tries < TRIES && isFilling(measured); tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    measured = await measureReads(id);
  }
  return measured;
}

function isFilling({ memory, replica_ms, region, primary_region }: Measured): boolean {
  return memory === null || (replica_ms === null && region !== null && region !== primary_region);
}

interface Bar {
  kind: "memory" | "replica" | "primary";
  title: string;
  /** Undefined where nobody has measured it. */
  ms: number | undefined;
  text: string;
  source: string;
}

interface Row {
  region: string;
  bars: Bar[];
}

function rowsOf(standing: Standing, measurements: Measurements): Row[] {
  const measured = Object.keys(measurements);
  const others = standing.replicas.map(({ region }) => region);
  const regions = [...new Set([...measured, ...others])];
  return regions.map((region) => ({ region, bars: barsOf(region, standing, measurements[region]) }));
}

function barsOf(region: string, standing: Standing, measured: Measurement | undefined): Bar[] {
  const trip_ms = replicaIn(standing, region)?.trip_ms ?? null;
  const when = measured && `from here at ${clock(measured.at_ms)}`;
  const bars: Bar[] = [];
  if (measured !== undefined) bars.push(memoryBar(measured, when ?? ""));
  if (measured !== undefined && measured.replica_ms !== null) {
    bars.push(bar("replica", "at the region’s replica", measured.replica_ms, when ?? ""));
  }
  // Of a move since nothing is known yet.
  const isOfNow = measured?.primary_region?.toLowerCase() === standing.primaryRegion;
  if (measured !== undefined && measured.primary_ms !== null && isOfNow) {
    bars.push(bar("primary", "at the primary", measured.primary_ms, when ?? ""));
  } else if (trip_ms !== null) {
    bars.push(bar("primary", "at the primary", trip_ms, "the replica’s last question to it"));
  }
  return bars;
}

function memoryBar({ memory }: Measurement, when: string): Bar {
  const title = "in the Worker’s memory";
  if (memory === null) {
    return { kind: "memory", title, ms: undefined, text: "not kept there", source: when };
  }
  const { reads, us } = memory;
  const source = `${when}, ${format.whole(reads)} in a row`;
  if (us === null) {
    const text = "too short for the platform’s clock";
    return { kind: "memory", title, ms: undefined, text, source };
  }
  return { kind: "memory", title, ms: us / 1_000, text: format.us(us), source };
}

const bar = (kind: Bar["kind"], title: string, ms: number, source: string): Bar =>
  ({ kind, title, ms, text: format.milliseconds(ms), source });

const clock = (at_ms: number): string =>
  new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(at_ms);

function Region({ row: { region, bars }, longest_ms }: { row: Row; longest_ms: number }) {
  return (
    <li>
      <h3>{region === "" ? "Here" : regionName(region)}</h3>
      {bars.length === 0 && <p class="faint">The replica has asked nothing yet.</p>}
      <dl>
        {bars.map(({ kind, title, ms, text, source }) => (
          <div key={kind} class={`bar-line ${kind}`}>
            <dt>{title}</dt>
            <dd>
              <span class="bar-track" aria-hidden="true">
                {ms !== undefined && (
                  <span class="bar-fill" style={{ width: `${(ms / longest_ms) * 100}%` }} />
                )}
              </span>
              <strong>{text}</strong> <span class="faint">{source}</span>
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
