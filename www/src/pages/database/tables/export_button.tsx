/** Makes a file of a table. */

import { useRef, useState } from "preact/hooks";
import { messageOf } from "../../../api/failure.ts";
import { Icon } from "../../../components/icon.tsx";
import { whole } from "../../../format.ts";
import { tell } from "../../../messages.ts";
import { csvOf } from "./csv_export.ts";
import { offer } from "./download.ts";
import type { Table } from "./schema.ts";

interface ExportButtonProps {
  database: string;
  databaseName: string;
  table: Table;
}

export function ExportButton({ database, databaseName, table }: ExportButtonProps) {
  const [guard, setGuard] = useState(true);
  const [count, setCount] = useState<number>();
  const stopped = useRef(false);
  const begin = async () => {
    stopped.current = false;
    setCount(0);
    try {
      const file = await csvOf(database, table, {
        guard,
        onRows: setCount,
        isStopped: () => stopped.current,
      });
      if (file !== undefined) offer(file, `${databaseName}-${table.name}.csv`);
    } catch (error) {
      tell(`The export of ${table.name} failed: ${messageOf(error)}`, "failed");
    } finally {
      setCount(undefined);
    }
  };
  const stop = () => {
    stopped.current = true;
  };
  if (count !== undefined) {
    return <button type="button" class="small" onClick={stop}>Stop at {whole(count)} rows</button>;
  }
  return (
    <div class="export">
      <label class="check" title="A text that begins with = + - or @ gets a ' in front">
        <input
          type="checkbox"
          checked={guard}
          onChange={(event) => setGuard(event.currentTarget.checked)}
        />
        Guard formulas
      </label>
      <button type="button" class="small" onClick={begin}>
        <Icon name="download" /> Export CSV
      </button>
    </div>
  );
}
