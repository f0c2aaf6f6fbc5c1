/** The rows of a table, page by page; what is changed in them waits at the foot until it is saved. */

import { useState } from "preact/hooks";
import { useAsked } from "../../../components/asked.ts";
import { Failure } from "../../../components/failure.tsx";
import { Icon } from "../../../components/icon.tsx";
import { tell } from "../../../messages.ts";
import { CellDialog } from "./cell_dialog.tsx";
import {
  type Cells,
  type Change,
  pendingIn,
  replaced,
  setPending,
  withCell,
  withDelete,
  withInsert,
  withNewCell,
} from "./changes.ts";
import type { Filter } from "./filter.ts";
import { FilterBar } from "./filter_bar.tsx";
import { PendingBar } from "./pending_bar.tsx";
import { type Line, linesOf, RowGrid, shownOf } from "./row_grid.tsx";
import { readPage, type Row, type Sort } from "./row_page.ts";
import type { Table } from "./schema.ts";
import { NULL, type Value } from "./value.ts";

const PAGE_CELLS = 3_000;
const PAGE_ROWS = 100;
const PAGE_ROWS_MIN = 10;

/** Wide tables have shorter pages, so that each page is drawn at once. */
const pageRows = ({ columns }: Table): number =>
  Math.max(PAGE_ROWS_MIN, Math.min(PAGE_ROWS, Math.floor(PAGE_CELLS / Math.max(columns.length, 1))));

interface RowsViewProps {
  database: string;
  table: Table;
  onSaved: () => void;
}

export function RowsView({ database, table, onSaved }: RowsViewProps) {
  const [sort, setSort] = useState<Sort>();
  const [filters, setFilters] = useState<Filter[]>([]);
  /** Where the pages up to this one begin. */
  const [starts, setStarts] = useState<(Value[] | undefined)[]>([undefined]);
  const [opened, setOpened] = useState<{ line: Line; column: number }>();
  const limit = pageRows(table);
  const after = starts.at(-1);
  const read = async () => ({
    ...(await readPage(database, table, { sort, filters, after, limit })),
    of: { sort, filters, starts },
  });
  const asked = useAsked(read, [table, sort, filters, starts]);
  const pending = pendingIn(database, table.name);
  const page = asked.value;
  // What is shown is of before, until what was asked for is there.
  const isOld = page?.of.starts !== starts || page.of.sort !== sort || page.of.filters !== filters;
  const isUnsure = pending.unsure !== undefined;
  const isFixed = table.fixed !== undefined || isUnsure;
  const begin = () => setStarts([undefined]);
  const change = (changes: Change[]) => {
    if (!setPending(database, table.name, { changes })) tell(NO_ROOM, "failed");
  };
  const sortBy = (column: string) => {
    begin();
    setSort(sort?.column !== column
      ? { column, descending: false }
      : sort.descending ? undefined : { column, descending: true });
  };
  const remove = ({ id, row, change: old }: Line) => {
    if (old !== undefined) change(replaced(pending.changes, id, undefined));
    else if (row !== undefined) change(withDelete(pending.changes, row.key, seen(table, row)));
  };
  const set = ({ id, row }: Line, column: string, before: Value, value: Value | undefined) => {
    if (row === undefined) change(withNewCell(pending.changes, id, column, value));
    else change(withCell(pending.changes, row.key, column, before, value ?? NULL));
  };
  return (
    <>
      <FilterBar
        columns={table.columns}
        filters={filters}
        onFilter={(next) => {
          begin();
          setFilters(next);
        }}
      />
      {table.fixed !== undefined && <p class="note">{table.fixed}</p>}
      {page?.cost !== undefined && <p class="note" role="status">{page.cost}</p>}
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {page === undefined && asked.error === undefined && <p role="status">Loading…</p>}
      {page !== undefined && (
        <>
          <RowGrid
            table={table}
            lines={linesOf(page.rows, pending.changes)}
            sort={sort}
            isFixed={isFixed}
            isOld={isOld}
            onSort={sortBy}
            onOpen={(line, column) => setOpened({ line, column })}
            onRemove={remove}
          />
          {page.rows.length === 0 && <p class="no-rows">{noRows(page.of.filters, page.of.starts)}</p>}
          <Foot
            page={page.of.starts.length}
            rows={page.rows}
            limit={limit}
            isWhole={table.key === undefined}
            onBack={!isOld && starts.length > 1 ? () => setStarts(starts.slice(0, -1)) : undefined}
            onNext={isOld || page.next === undefined ? undefined : () => setStarts([...starts, page.next])}
            onReload={asked.reload}
            onAdd={isFixed ? undefined : () => change(withInsert(pending.changes))}
          />
        </>
      )}
      <PendingBar
        database={database}
        table={table}
        pending={pending}
        onSaved={() => {
          asked.reload();
          onSaved();
        }}
      />
      {opened !== undefined && (
        <CellDialog
          database={database}
          table={table}
          rowKey={opened.line.row?.key ?? []}
          column={opened.column}
          value={shownOf(opened.line, table.columns[opened.column]?.name ?? "", opened.column)}
          isNew={opened.line.row === undefined}
          fixed={fixedCell(table, opened.line, opened.column, isUnsure)}
          onSet={(before, value) =>
            set(opened.line, table.columns[opened.column]?.name ?? "", before, value)}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  );
}

const NO_ROOM =
  "The browser has no room to keep this change: save it soon, as loading the page anew would lose it.";

function noRows(filters: readonly Filter[], starts: readonly unknown[]): string {
  if (starts.length > 1) return "There are no more rows.";
  return filters.length > 0 ? "No row fits the filter." : "There is no row.";
}

/** All of a row that was seen, but what SQLite computes. */
const seen = (table: Table, row: Row): Cells =>
  table.columns.flatMap(({ name, generated }, at) => generated ? [] : [[name, row.values[at] ?? NULL]]);

function fixedCell(table: Table, line: Line, at: number, isUnsure: boolean): string | undefined {
  if (table.fixed !== undefined) return table.fixed;
  if (table.columns[at]?.generated === true) return "SQLite computes this column: it cannot be written.";
  if (line.change?.kind === "delete") return "This row is to be deleted.";
  if (isUnsure) return "First it has to be found out whether your changes were saved.";
  return undefined;
}

interface FootProps {
  page: number;
  rows: readonly Row[];
  limit: number;
  isWhole: boolean;
  onBack: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onReload: () => void;
  onAdd: (() => void) | undefined;
}

function Foot({ page, rows, limit, isWhole, onBack, onNext, onReload, onAdd }: FootProps) {
  const isCut = isWhole && rows.length === limit;
  return (
    <div class="turn">
      {onAdd && <button type="button" onClick={onAdd}><Icon name="plus" /> Add a row</button>}
      <button type="button" onClick={onReload}>Reload</button>
      <span class="foot-text" role="status">
        {isCut
          ? `Only the first ${limit} rows: without a key there are no pages. A filter finds others.`
          : `Page ${page}`}
      </span>
      <button type="button" disabled={onBack === undefined} onClick={onBack}>Previous</button>
      <button type="button" disabled={onNext === undefined} onClick={onNext}>Next</button>
    </div>
  );
}
