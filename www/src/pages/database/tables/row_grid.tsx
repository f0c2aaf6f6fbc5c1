/**
 * A page of rows, as a grid: the arrow keys lead from cell to cell, Enter opens one, Delete marks its row.
 *
 * Which cell the tab key comes to is told to the browser alone, so that to walk draws nothing anew.
 */

import type { TargetedKeyboardEvent, TargetedMouseEvent } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../../../components/icon.tsx";
import { type Cells, cellOf, type Change, rowId } from "./changes.ts";
import type { Row, Sort } from "./row_page.ts";
import type { Column, Table } from "./schema.ts";
import { textOf, type Value } from "./value.ts";

/** A line of the grid: a row that is there, one that is to be, or both. */
export interface Line {
  id: string;
  row: Row | undefined;
  change: Change | undefined;
}

/** New rows first, then those of the page with what is to become of them. */
export function linesOf(rows: readonly Row[], changes: readonly Change[]): Line[] {
  const byId = new Map(changes.map((change) => [change.id, change]));
  return [
    ...changes
      .filter(({ kind }) => kind === "insert")
      .map((change) => ({ id: change.id, row: undefined, change })),
    ...rows.map((row, at) => {
      const id = row.key.length > 0 ? rowId(row.key) : String(at);
      return { id, row, change: byId.get(id) };
    }),
  ];
}

/** What a cell is to be; undefined of a default. */
export function shownOf({ row, change }: Line, column: string, at: number): Value | undefined {
  const after: Cells = change === undefined || change.kind === "delete" ? [] : change.after;
  return cellOf(after, column) ?? row?.values[at];
}

interface RowGridProps {
  table: Table;
  lines: readonly Line[];
  sort: Sort | undefined;
  isFixed: boolean;
  /** Whether other rows are on their way. */
  isOld: boolean;
  onSort: (column: string) => void;
  onOpen: (line: Line, column: number) => void;
  onRemove: (line: Line) => void;
}

const STEPS: Record<string, readonly [row: number, column: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

export function RowGrid(
  { table, lines, sort, isFixed, isOld, onSort, onOpen, onRemove }: RowGridProps,
) {
  const body = useRef<HTMLTableSectionElement>(null);
  const placeOf = (target: EventTarget | null) => {
    const cell = target instanceof Element ? target.closest<HTMLTableCellElement>("td[data-column]") : null;
    const row = cell?.parentElement as HTMLTableRowElement | null | undefined;
    if (cell === null || !row) return undefined;
    return { cell, row: row.sectionRowIndex, column: Number(cell.dataset["column"]) };
  };
  const walk = (row: number, column: number) => {
    const rows = body.current?.rows;
    if (rows === undefined) return;
    const to = rows[clamped(row, rows.length)];
    const cells = to?.querySelectorAll<HTMLTableCellElement>("td[data-column]");
    const cell = cells?.[clamped(column, cells.length)];
    if (cell === undefined) return;
    const before = body.current?.querySelectorAll<HTMLElement>('td[tabindex="0"]') ?? [];
    for (const old of before) old.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  const press = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const at = placeOf(event.target);
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[at.row];
    const step = STEPS[event.key];
    if (step !== undefined) walk(at.row + step[0], at.column + step[1]);
    else if ((event.key === "Enter" || event.key === "F2") && line) onOpen(line, at.column);
    else if (event.key === "Delete" && line && !isFixed) onRemove(line);
    else return;
    event.preventDefault();
  };
  const open = (event: TargetedMouseEvent<HTMLElement>) => {
    const at = placeOf(event.target);
    const line = at && lines[at.row];
    if (at !== undefined && line !== undefined) onOpen(line, at.column);
  };
  const focused = (event: TargetedMouseEvent<HTMLElement>) => {
    const at = placeOf(event.target);
    if (at === undefined) return;
    walk(at.row, at.column);
    // A finger has no double click.
    const line = lines[at.row];
    if ((event as Partial<PointerEvent>).pointerType === "touch" && line) onOpen(line, at.column);
  };
  return (
    <div class="table-frame row-grid-frame">
      <table
        class="row-grid"
        role="grid"
        aria-busy={isOld}
        aria-label={`Rows of ${table.name}`}
        aria-colcount={table.columns.length + 1}
        onKeyDown={press}
        onDblClick={open}
        onClick={focused}
      >
        <thead>
          <tr>
            <th scope="col" class="act"><span class="unseen">Actions</span></th>
            {table.columns.map((column) => (
              <Head key={column.name} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {lines.map((line, at) => (
            <tr key={line.id} class={line.change?.kind ?? ""}>
              <td class="act">
                <RowAct line={line} at={at} isFixed={isFixed} onRemove={onRemove} />
              </td>
              {table.columns.map((column, of) => (
                <GridCell
                  key={column.name}
                  line={line}
                  column={column}
                  of={of}
                  isFirst={at === 0 && of === 0}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const clamped = (at: number, count: number): number => Math.max(0, Math.min(at, count - 1));

interface HeadProps {
  column: Column;
  sort: Sort | undefined;
  onSort: (column: string) => void;
}

function Head({ column: { name, type, key }, sort, onSort }: HeadProps) {
  const way = sort?.column !== name ? undefined : sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={way}>
      <button type="button" class="quiet" title={`Sort by ${name}`} onClick={() => onSort(name)}>
        <span class="head-name">{name}</span>
        {way !== undefined && <span aria-hidden="true">{way === "descending" ? "↓" : "↑"}</span>}
        <span class="head-type">{key > 0 && "key "}{type.toLowerCase()}</span>
      </button>
    </th>
  );
}

interface RowActProps {
  line: Line;
  at: number;
  isFixed: boolean;
  onRemove: (line: Line) => void;
}

function RowAct({ line, at, isFixed, onRemove }: RowActProps) {
  if (isFixed) return null;
  const undoes = line.change !== undefined;
  const title = undoes ? `Undo the change of row ${at + 1}` : `Delete row ${at + 1}`;
  return (
    <button type="button" class="quiet" aria-label={title} title={title} onClick={() => onRemove(line)}>
      <Icon name={undoes ? "close" : "trash"} />
    </button>
  );
}

interface GridCellProps {
  line: Line;
  column: Column;
  of: number;
  isFirst: boolean;
}

const SHOWN_CHARACTERS = 200;

function GridCell({ line, column, of, isFirst }: GridCellProps) {
  const value = shownOf(line, column.name, of);
  const isChanged = line.change?.kind === "update" && cellOf(line.change.after, column.name) !== undefined;
  const kind = value?.type ?? "default";
  const text = value === undefined ? "default" : textOf(value);
  return (
    <td
      class={`${kind}${isChanged ? " changed" : ""}`}
      data-column={of}
      tabIndex={isFirst ? 0 : -1}
      title={value?.type === "cut" ? `${value.bytes} bytes` : undefined}
    >
      {text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}
    </td>
  );
}
