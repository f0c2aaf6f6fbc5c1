/** What a database is, where it is and how much it is used; and what can be done with all of it. */

import { useState } from "preact/hooks";
import { trafficOf } from "../../api/statistics.ts";
import { useAsked } from "../../components/asked.ts";
import { Failure } from "../../components/failure.tsx";
import * as format from "../../format.ts";
import { Actions } from "./actions.tsx";
import { CopyButton } from "../../components/copy_button.tsx";
import { Primary } from "./primary.tsx";
import type { TabProps } from "./tabs.ts";

export default function Overview({ database, onChange }: TabProps) {
  return (
    <div class="overview">
      <Usage id={database.uuid} size={database.file_size} tables={database.num_tables} />
      <section class="card" aria-labelledby="facts">
        <h2 id="facts">Facts</h2>
        <dl class="facts">
          <dt>Id</dt>
          <dd><code>{database.uuid}</code> <CopyButton text={database.uuid} what="the id" /></dd>
          <dt>Created</dt>
          <dd><time dateTime={database.created_at}>{format.time(database.created_at)}</time></dd>
          <dt>Past kept</dt>
          <dd>{database.retention_days === undefined
            ? "as the Worker is set"
            : `${format.whole(database.retention_days)} days`}</dd>
        </dl>
      </section>
      <Primary database={database} />
      <Actions database={database} onChange={onChange} />
    </div>
  );
}

interface UsageProps {
  id: string;
  size: number | undefined;
  tables: number | undefined;
}

function Usage({ id, size, tables }: UsageProps) {
  const [ids] = useState([id]);
  const asked = useAsked(() => trafficOf(ids), [id]);
  const traffic = asked.value && (asked.value.get(id) ?? NOTHING);
  const figures: [string, string | undefined][] = [
    ["Size", size === undefined ? undefined : format.bytes(size)],
    ["Tables", tables === undefined ? undefined : format.whole(tables)],
    ["Reads, 24 h", traffic && format.short(traffic.reads)],
    ["Writes, 24 h", traffic && format.short(traffic.writes)],
    ["Rows read, 24 h", traffic && format.short(traffic.rowsRead)],
    ["Rows written, 24 h", traffic && format.short(traffic.rowsWritten)],
  ];
  return (
    <section class="usage" aria-label="Size and use">
      <dl class="figures">
        {figures.map(([title, text]) => (
          <div key={title} class="figure"><dt>{title}</dt><dd>{text ?? "–"}</dd></div>
        ))}
      </dl>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
    </section>
  );
}

const NOTHING = { reads: 0, writes: 0, rowsRead: 0, rowsWritten: 0 };
