/** A result's rows, and all of the cell that one is at. */

import { useState } from "preact/hooks";
import { Grid } from "../../../components/grid/grid.tsx";
import type { Place } from "../../../components/grid/keys.ts";
import { Icon } from "../../../components/icon.tsx";
import * as format from "../../../format.ts";
import { tell } from "../../../messages.ts";
import { type Cell, kindOf, textOf } from "../../../sql/cells.ts";
import type { Table } from "../../../sql/export.ts";

const SHOWN_MAX = 20_000;

export function ResultTable({ table, label }: { table: Table; label: string }) {
  const { columns, rows } = table;
  const [place, setPlace] = useState<Place>({ row: rows.length === 0 ? -1 : 0, column: 0 });
  const cellAt = ({ row, column }: Place): Cell =>
    (row < 0 ? columns[column] : rows[row]?.[column]) ?? null;
  const copy = (at: Place) => {
    const cell = cellAt(at);
    navigator.clipboard.writeText(textOf(cell)).then(
      () => tell(cell === null ? "Copied NULL, as an empty text." : "Copied the cell."),
      () => tell("The browser does not let the page copy.", "failed"),
    );
  };
  const cell = cellAt(place);
  const text = textOf(cell);
  return (
    <div class="result">
      <Grid label={label} columns={columns} rows={rows} onActive={setPlace} onCopy={copy} />
      {rows.length === 0 && <p class="result-none faint">There are no rows.</p>}
      <div class="cell" role="group" aria-label="The chosen cell">
        <p class="cell-facts">
          <strong>{columns[place.column]}</strong>
          <span class="faint">
            {place.row >= 0 && `row ${format.whole(place.row + 1)}, `}{what(cell)}
          </span>
          <button type="button" class="quiet small" onClick={() => copy(place)}>
            <Icon name="copy" /> Copy
          </button>
        </p>
        <pre tabIndex={0} aria-label="Its value">{text.slice(0, SHOWN_MAX)}</pre>
        {text.length > SHOWN_MAX && (
          <p class="faint">Its beginning; “Copy” takes all of it.</p>
        )}
      </div>
    </div>
  );
}

function what(cell: Cell): string {
  switch (kindOf(cell)) {
    case "null":
      return "NULL";
    case "blob":
      return `BLOB of ${format.whole((cell as number[]).length)} bytes, in hex`;
    case "number":
      return "number";
    default:
      return `text of ${format.whole([...(cell as string)].length)} characters`;
  }
}
