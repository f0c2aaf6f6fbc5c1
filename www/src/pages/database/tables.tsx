/** What is in a database: its tables and views, their rows, and files that come in and go out. */

import { useState } from "preact/hooks";
import { useAsked } from "../../components/asked.ts";
import { Failure } from "../../components/failure.tsx";
import { Icon } from "../../components/icon.tsx";
import { place } from "../../router.ts";
import { CsvImportDialog } from "./tables/csv_import_dialog.tsx";
import { FileImportDialog } from "./tables/file_import_dialog.tsx";
import { ItemList } from "./tables/item_list.tsx";
import { listItems } from "./tables/schema.ts";
import { TablePanel } from "./tables/table_panel.tsx";
import type { TabProps } from "./tabs.ts";

export default function Tables({ database, onChange }: TabProps) {
  const { uuid } = database;
  const asked = useAsked(() => listItems(uuid), [uuid]);
  const [imports, setImports] = useState<"csv" | "file">();
  const name = place.value.query.get("table");
  const items = asked.value ?? [];
  const chosen = items.find((item) => item.name === name && !isPart(item.kind));
  const close = () => setImports(undefined);
  const changed = () => {
    asked.reload();
    onChange();
  };
  return (
    <div class="tables">
      <aside class="items" aria-label="Tables and views">
        <div class="items-acts">
          <button type="button" class="small" onClick={() => setImports("csv")}>
            <Icon name="plus" /> Import CSV
          </button>
          <button type="button" class="small" onClick={() => setImports("file")}>
            <Icon name="plus" /> Import SQL or SQLite
          </button>
        </div>
        {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
        <p class="count" role="status">{asked.value === undefined ? "Loading…" : ""}</p>
        <ItemList database={uuid} items={items} chosen={name} />
      </aside>
      <div class="table-panel">
        {chosen !== undefined && (
          <TablePanel
            key={chosen.name}
            database={database}
            item={chosen}
            items={items}
            onChange={changed}
          />
        )}
        {chosen === undefined && asked.value !== undefined && (
          <Nothing isEmpty={items.length === 0} missing={name} />
        )}
      </div>
      {imports === "csv" && (
        <CsvImportDialog
          database={uuid}
          items={items}
          table={chosen?.kind === "table" ? chosen.name : undefined}
          onImported={changed}
          onClose={close}
        />
      )}
      {imports === "file" && (
        <FileImportDialog database={database} onImported={changed} onClose={close} />
      )}
    </div>
  );
}

const isPart = (kind: string): boolean => kind === "index" || kind === "trigger";

function Nothing({ isEmpty, missing }: { isEmpty: boolean; missing: string | null }) {
  return (
    <div class="empty">
      {missing !== null && <p>There is no table “{missing}”.</p>}
      {missing === null && isEmpty && <p>There is no table yet.</p>}
      {missing === null && !isEmpty && <p>Choose a table to see its rows.</p>}
      {isEmpty && <p class="faint">Make one by SQL, or import a file.</p>}
    </div>
  );
}
