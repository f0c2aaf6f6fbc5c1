/**
 * What was typed and is not saved yet, by database and table. It is kept by the browser's tab, so that
 * neither a page that is loaded anew nor a login that ended loses it.
 */

import { type Signal, signal } from "@preact/signals";
import { isSame, type Value } from "./value.ts";

/** Names of columns with their values. */
export type Cells = [column: string, value: Value][];

interface OfRow {
  id: string;
  key: Value[];
  /** What was seen, and has to be there still. */
  before: Cells;
}

export type Update = OfRow & { kind: "update"; after: Cells };
export type Delete = OfRow & { kind: "delete" };
export interface Insert {
  kind: "insert";
  id: string;
  /** Columns that are not here get their defaults. */
  after: Cells;
}
export type Change = Update | Delete | Insert;

export interface Pending {
  changes: Change[];
  /** Set while it is not known whether a saving of them has happened; with the largest rowid before it. */
  unsure?: { floor: string | undefined };
}

type Tables = ReadonlyMap<string, Pending>;

const NONE: Pending = { changes: [] };
const stores = new Map<string, Signal<Tables>>();

/** Those of a database. */
export function pendingOf(database: string): Signal<Tables> {
  let store = stores.get(database);
  if (store === undefined) {
    store = signal(kept(database));
    stores.set(database, store);
  }
  return store;
}

export const pendingIn = (database: string, table: string): Pending =>
  pendingOf(database).value.get(table) ?? NONE;

/** False if the browser has no room to keep it beyond this page. */
export function setPending(database: string, table: string, pending: Pending): boolean {
  const store = pendingOf(database);
  const next = new Map(store.value);
  if (pending.changes.length === 0) next.delete(table);
  else next.set(table, pending);
  store.value = next;
  try {
    if (next.size === 0) sessionStorage.removeItem(storageKey(database));
    else sessionStorage.setItem(storageKey(database), JSON.stringify([...next]));
    return true;
  } catch {
    return false;
  }
}

const storageKey = (database: string): string => `isolite-changes/${database}`;

function kept(database: string): Tables {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(storageKey(database)) ?? "[]"));
  } catch {
    return new Map();
  }
}

export const rowId = (key: readonly Value[]): string => JSON.stringify(key);

export const cellOf = (cells: Cells, column: string): Value | undefined =>
  cells.find(([name]) => name === column)?.[1];

const without = (cells: Cells, column: string): Cells => cells.filter(([name]) => name !== column);

/** A cell of a row gets `after`; it is as it was if that is `before`. */
export function withCell(
  changes: Change[],
  key: Value[],
  column: string,
  before: Value,
  after: Value,
): Change[] {
  const id = rowId(key);
  const old = changes.find((change) => change.id === id);
  const update: Update = old?.kind === "update" ? old : { kind: "update", id, key, before: [], after: [] };
  const first = cellOf(update.before, column) ?? before;
  const changed: Update = isSame(first, after)
    ? { ...update, before: without(update.before, column), after: without(update.after, column) }
    : {
      ...update,
      before: [...without(update.before, column), [column, first]],
      after: [...without(update.after, column), [column, after]],
    };
  return replaced(changes, id, changed.after.length === 0 ? undefined : changed);
}

/** A cell of a row that is not there yet; undefined for the column's default. */
export function withNewCell(
  changes: Change[],
  id: string,
  column: string,
  after: Value | undefined,
): Change[] {
  return changes.map((change) => {
    if (change.id !== id || change.kind !== "insert") return change;
    const rest = without(change.after, column);
    return { ...change, after: after === undefined ? rest : [...rest, [column, after]] };
  });
}

export const withDelete = (changes: Change[], key: Value[], before: Cells): Change[] =>
  replaced(changes, rowId(key), { kind: "delete", id: rowId(key), key, before });

export const withInsert = (changes: Change[]): Change[] =>
  [...changes, { kind: "insert", id: `new-${crypto.randomUUID()}`, after: [] }];

/** Where it was; gone if `by` is undefined. */
export function replaced(changes: Change[], id: string, by: Change | undefined): Change[] {
  if (by === undefined) return changes.filter((change) => change.id !== id);
  const at = changes.findIndex((change) => change.id === id);
  return at < 0 ? [...changes, by] : changes.with(at, by);
}

export function countText(changes: readonly Change[]): string {
  const count = (kind: Change["kind"]) => changes.filter((change) => change.kind === kind).length;
  const parts = [
    [count("insert"), "added"],
    [count("update"), "changed"],
    [count("delete"), "deleted"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `${changes.length === 1 ? "1 row" : `${changes.length} rows`} not saved: ${told.join(", ")}`;
}
