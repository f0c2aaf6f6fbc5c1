/** Where the primary is, and which copies there may be. What moves it belongs here, below the facts. */

import type { Database } from "../../api/databases.ts";
import { jurisdictionName, regionName } from "../../regions.ts";

export function Primary({ database }: { database: Database }) {
  const { running_in_region: region, jurisdiction, read_replication } = database;
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
    </section>
  );
}
