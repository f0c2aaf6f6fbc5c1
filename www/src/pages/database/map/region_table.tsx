/** The figures of the map as a table: for a screen reader, for a phone, and to compare. */

import * as format from "../../../format.ts";
import { REGIONS, regionName } from "../../../regions.ts";
import { kindOf, type Standing, stateText } from "./standing.ts";

const HEADS = ["Region", "State", "Commit", "Behind", "Commits behind", "Reads/s", "To the primary"];

export function RegionTable({ standing }: { standing: Standing }) {
  const { primary, primaryRegion, replicas } = standing;
  const rows: string[][] = [];
  if (primary !== undefined) {
    const isPlaced = primaryRegion !== undefined;
    const name = isPlaced ? regionName(primaryRegion) : "Where the platform placed it";
    rows.push([name, "primary", format.whole(primary.txid), "–", "–", "–", "–"]);
  }
  for (const replica of replicas) {
    const { region, txid, lag_ms, lag_commits, reads_per_second, trip_ms } = replica;
    rows.push([
      regionName(region),
      stateText(replica),
      known(txid, format.whole),
      known(lag_ms, format.milliseconds),
      known(lag_commits, format.whole),
      known(reads_per_second, (it) => it.toFixed(1)),
      known(trip_ms, format.milliseconds),
    ]);
  }
  const without = Object.keys(REGIONS).filter((region) => kindOf(standing, region) === "none");
  return (
    <section aria-labelledby="regions">
      <h2 id="regions" class="section-title">Regions</h2>
      {primary === undefined && <p class="faint">Nothing is known of them yet.</p>}
      <div class="table-frame" hidden={primary === undefined}>
        <table class="list regions" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {HEADS.map((head, at) => (
                <th key={head} scope="col" role="columnheader" class={at > 1 ? "number" : ""}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map(([name, ...cells]) => (
              <tr key={name} role="row">
                <th scope="row" role="rowheader">{name}</th>
                {cells.map((cell, at) => (
                  <td key={at} role="cell" data-head={HEADS[at + 1]} class={at > 0 ? "number" : ""}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {primary !== undefined && without.length > 0 && (
        <p class="faint below">
          No replica yet: {without.map(regionName).join("; ")}. The first read of a Worker there makes
          one.
        </p>
      )}
    </section>
  );
}

const known = (value: number | null, text: (value: number) => string): string =>
  value === null ? "not known" : text(value);
