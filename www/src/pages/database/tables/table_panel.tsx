/** One table or view: its rows, or what it is made of. */

import type { Database } from "../../../api/databases.ts";
import { useAsked } from "../../../components/asked.ts";
import { Failure } from "../../../components/failure.tsx";
import { href, place } from "../../../router.ts";
import { ExportButton } from "./export_button.tsx";
import { RowsView } from "./rows_view.tsx";
import { type Item, readTable } from "./schema.ts";
import { SchemaView } from "./schema_view.tsx";

interface TablePanelProps {
  database: Database;
  item: Item;
  items: readonly Item[];
  onChange: () => void;
}

export function TablePanel({ database: { uuid, name }, item, items, onChange }: TablePanelProps) {
  const asked = useAsked(() => readTable(uuid, item), [uuid, item]);
  const view = place.value.query.get("view") === "schema" ? "schema" : "";
  const table = asked.value;
  const link = (to: string, title: string) => (
    <a
      href={href(place.value.segments, { table: item.name, view: to })}
      aria-current={view === to ? "page" : undefined}
    >
      {title}
    </a>
  );
  return (
    <section aria-labelledby="table-name">
      <div class="table-head">
        <h2 id="table-name">{item.name}</h2>
        <nav class="switch" aria-label="Of this table">
          {link("", "Rows")}
          {link("schema", "Schema")}
        </nav>
        {table !== undefined && <ExportButton database={uuid} databaseName={name} table={table} />}
      </div>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {table === undefined && asked.error === undefined && <p role="status">Loading…</p>}
      {table !== undefined && view === "schema" && <SchemaView table={table} items={items} />}
      {table !== undefined && view === "" && (
        <RowsView database={uuid} table={table} onSaved={onChange} />
      )}
    </section>
  );
}
