/**
 * A table of any length, of which only what is seen is made. One cell is the active one: arrow keys
 * move it, and the grid itself keeps the focus, so that scrolling never loses it.
 */

import type { TargetedEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Row } from "../../sql/cells.ts";
import { GridHead } from "./head.tsx";
import { moved, type Place } from "./keys.ts";
import { GridRow } from "./row.tsx";
import { fitting, WIDTH_MIN } from "./widths.ts";
import { columnsSeen, ROW_PX, scrollTo, viewOf } from "./window.ts";

const HEAD_PX = 36;
/** Room for one at the bottom, where columns do not fit. */
const SCROLL_BAR_PX = 18;

interface GridProps {
  label: string;
  columns: readonly string[];
  rows: readonly Row[];
  /** Row -1 is that of the names. */
  onActive: (place: Place) => void;
  onCopy: (place: Place) => void;
}

export function Grid({ label, columns, rows, onActive, onCopy }: GridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const id = useId();
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  const [size, setSize] = useState({ width: 800, height: 400 });
  const [widths, setWidths] = useState(() => fitting(columns, rows));
  const [active, setActive] = useState<Place>({ row: rows.length === 0 ? -1 : 0, column: 0 });
  useSize(grid, setSize);

  const numberWidth = 24 + 8 * String(rows.length).length;
  const viewHeight = Math.max(size.height - HEAD_PX, ROW_PX);
  const viewWidth = Math.max(size.width - numberWidth, WIDTH_MIN);
  const view = viewOf(rows.length, viewHeight, scroll.top);
  const seen = columnsSeen(widths, scroll.left, viewWidth);
  const width = numberWidth + widths.reduce((sum, each) => sum + each, 0);

  const choose = (place: Place) => {
    setActive(place);
    onActive(place);
    const { current } = grid;
    if (current === null) return;
    if (place.row >= 0) {
      current.scrollTop = scrollTo(place.row, rows.length, viewHeight, current.scrollTop);
    }
    const left = widths.slice(0, place.column).reduce((sum, each) => sum + each, 0);
    const right = left + (widths[place.column] ?? 0) - viewWidth;
    current.scrollLeft = Math.min(left, Math.max(right, current.scrollLeft));
  };
  const resize = (column: number, to: number) =>
    setWidths((all) => all.map((each, at) => (at === column ? Math.max(WIDTH_MIN, to) : each)));
  const press = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const { key, shiftKey, ctrlKey, metaKey } = event;
    if (key.toLowerCase() === "c" && (ctrlKey || metaKey)) onCopy(active);
    else if (shiftKey && (key === "ArrowLeft" || key === "ArrowRight")) {
      resize(active.column, (widths[active.column] ?? 0) + (key === "ArrowLeft" ? -16 : 16));
    } else {
      const page = Math.max(1, Math.floor(viewHeight / ROW_PX) - 1);
      const to = moved(active, event, { rows: rows.length, columns: columns.length, page });
      if (to === undefined) return;
      choose(to);
    }
    event.preventDefault();
  };
  const scrolled = (event: TargetedEvent<HTMLDivElement>) => {
    const { scrollTop: top, scrollLeft: left } = event.currentTarget;
    setScroll({ top, left });
  };
  const cellId = ({ row, column }: Place) => `${id}-${row}-${column}`;
  const isMade = active.row < 0 || (active.row >= view.first && active.row < view.end);
  const isSeen = isMade && seen.some(({ at }) => at === active.column);
  return (
    <div
      ref={grid}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={isSeen ? cellId(active) : undefined}
      aria-readonly="true"
      style={{ "--grid-height": `${HEAD_PX + SCROLL_BAR_PX + rows.length * ROW_PX}px` }}
      onScroll={scrolled}
      onKeyDown={press}
    >
      <div class="grid-all" role="presentation" style={{ width: `${width}px` }}>
        <GridHead
          columns={columns}
          seen={seen}
          numberWidth={numberWidth}
          active={active.row < 0 ? active.column : undefined}
          cellId={(column) => cellId({ row: -1, column })}
          onChoose={(column) => choose({ row: -1, column })}
          onResize={resize}
        />
        <div class="grid-rows" role="rowgroup" style={{ height: `${view.height}px` }}>
          {rows.slice(view.first, view.end).map((row, offset) => (
            <GridRow
              key={view.first + offset}
              row={row}
              at={view.first + offset}
              top={view.top + offset * ROW_PX}
              seen={seen}
              numberWidth={numberWidth}
              active={active.row === view.first + offset ? active.column : undefined}
              id={id}
              onChoose={choose}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function useSize(
  of: { readonly current: HTMLElement | null },
  set: (size: { width: number; height: number }) => void,
): void {
  useLayoutEffect(() => {
    const { current } = of;
    if (current !== null) set({ width: current.clientWidth, height: current.clientHeight });
  }, []);
  useEffect(() => {
    const { current } = of;
    if (current === null) return;
    const observer = new ResizeObserver(() =>
      set({ width: current.clientWidth, height: current.clientHeight })
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
}
