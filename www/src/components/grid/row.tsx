/** One row of a grid, of which the columns are made that are seen. */

import { type Cell, kindOf, type Row, shownText } from "../../sql/cells.ts";
import type { SeenColumn } from "./head.tsx";
import type { Place } from "./keys.ts";

interface GridRowProps {
  row: Row;
  at: number;
  top: number;
  seen: readonly SeenColumn[];
  numberWidth: number;
  active: number | undefined;
  id: string;
  onChoose: (place: Place) => void;
}

export function GridRow({ row, at, top, seen, numberWidth, active, id, onChoose }: GridRowProps) {
  return (
    <div
      class={`grid-row${at % 2 === 1 ? " odd" : ""}`}
      role="row"
      aria-rowindex={at + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div class="grid-number" role="presentation" style={{ width: `${numberWidth}px` }}>
        {at + 1}
      </div>
      {seen.map(({ at: column, left, width }) => {
        const cell = row[column];
        const kind = kindOf(cell);
        return (
          <div
            key={column}
            id={`${id}-${at}-${column}`}
            class={`grid-cell ${kind}${active === column ? " active" : ""}`}
            role="gridcell"
            aria-colindex={column + 1}
            aria-selected={active === column}
            style={{ left: `${numberWidth + left}px`, width: `${width}px` }}
            onClick={() => onChoose({ row: at, column })}
          >
            <span class="grid-text">{shownText(cell)}</span>
            {kind === "blob" && <span class="grid-note">{bytes(cell)}</span>}
          </div>
        );
      })}
    </div>
  );
}

const bytes = (cell: Cell | undefined): string =>
  `${Array.isArray(cell) ? cell.length : 0} B`;
