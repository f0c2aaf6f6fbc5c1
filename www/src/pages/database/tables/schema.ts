/** What is in a database, and what a table is made of. */

import { rowsOf, runBatch } from "../../../api/queries.ts";
import type { Cell, Row } from "../../../sql/cells.ts";
import { quoted } from "./value.ts";

export type Kind = "table" | "view" | "virtual" | "internal" | "index" | "trigger";

/** One that has rows or belongs to one that has. */
export interface Item {
  kind: Kind;
  name: string;
  /** The table of an index or a trigger. */
  of: string;
  sql: string | undefined;
  withoutRowid: boolean;
  strict: boolean;
}

export interface Column {
  name: string;
  type: string;
  notNull: boolean;
  default: string | undefined;
  /** Its place in the primary key, from 1; 0 of one that is not in it. */
  key: number;
  generated: boolean;
}

export interface Index {
  name: string;
  unique: boolean;
  /** Made by CREATE INDEX, by UNIQUE, or by the primary key. */
  origin: "c" | "u" | "pk";
  partial: boolean;
  columns: { name: string | undefined; descending: boolean }[];
}

export interface ForeignKey {
  id: number;
  table: string;
  from: string[];
  to: string[];
  onUpdate: string;
  onDelete: string;
}

/** A column by which rows are told apart and put in order. */
export interface KeyColumn {
  sql: string;
  descending: boolean;
  /** The column's name, if it is more than the rowid. */
  column: string | undefined;
}

export interface Table extends Item {
  columns: Column[];
  indexes: Index[];
  foreignKeys: ForeignKey[];
  /** Undefined where rows have nothing by which they can be told apart. */
  key: KeyColumn[] | undefined;
  /** Why its rows cannot be changed here. */
  fixed: string | undefined;
}

const text = (cell: Cell | undefined): string => String(cell ?? "");

export async function listItems(database: string): Promise<Item[]> {
  const [tables, schema] = await runBatch(database, [
    { sql: "PRAGMA table_list" },
    { sql: "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name" },
  ]);
  const about = new Map((tables?.rows ?? [])
    .filter(([place]) => place === "main")
    .map(([, name, kind, , wr, strict]) => [text(name), { kind: text(kind), wr, strict }]));
  return (schema?.rows ?? []).map(([kind, name, of, sql]) => {
    const own = kind === "table" || kind === "view" ? about.get(text(name)) : undefined;
    return {
      kind: kindOf(text(kind), text(name), own?.kind),
      name: text(name),
      of: text(of),
      sql: sql === null ? undefined : text(sql),
      withoutRowid: own?.wr === 1,
      strict: own?.strict === 1,
    };
  });
}

function kindOf(kind: string, name: string, own: string | undefined): Kind {
  if (kind === "index" || kind === "trigger") return kind;
  if (own === "shadow" || name.toLowerCase().startsWith("sqlite_")) return "internal";
  return own === "view" || own === "virtual" ? own : "table";
}

export async function readTable(database: string, item: Item): Promise<Table> {
  const name = quoted(item.name);
  const [info, keys, list] = await runBatch(database, [
    { sql: `PRAGMA table_xinfo(${name})` },
    { sql: `PRAGMA foreign_key_list(${name})` },
    { sql: `PRAGMA index_list(${name})` },
  ]);
  const columns = (info?.rows ?? [])
    .filter(([, , , , , , hidden]) => hidden !== 1)
    .map(([, column, type, notNull, value, key, hidden]) => ({
      name: text(column),
      type: text(type),
      notNull: notNull === 1,
      default: value === null ? undefined : text(value),
      key: Number(key),
      generated: hidden === 2 || hidden === 3,
    }));
  const indexes = await readIndexes(database, list?.rows ?? []);
  const key = keyOf(item, columns, indexes);
  return {
    ...item,
    columns,
    indexes,
    foreignKeys: foreignKeys(keys?.rows ?? []),
    key,
    fixed: fixedBecause(item, key),
  };
}

async function readIndexes(database: string, list: readonly Row[]): Promise<Index[]> {
  if (list.length === 0) return [];
  const columns = await runBatch(
    database,
    list.map(([, name]) => ({ sql: `PRAGMA index_xinfo(${quoted(text(name))})` })),
  );
  return list.map(([, name, unique, origin, partial], at) => ({
    name: text(name),
    unique: unique === 1,
    origin: text(origin) as Index["origin"],
    partial: partial === 1,
    columns: (columns[at]?.rows ?? [])
      .filter(([, , , , , isKey]) => isKey === 1)
      .map(([, , column, descending]) => ({
        name: column === null ? undefined : text(column),
        descending: descending === 1,
      })),
  }));
}

function foreignKeys(rows: readonly Row[]): ForeignKey[] {
  const found = new Map<number, ForeignKey>();
  for (const [id, , table, from, to, onUpdate, onDelete] of rows) {
    const key = found.get(Number(id)) ?? {
      id: Number(id),
      table: text(table),
      from: [],
      to: [],
      onUpdate: text(onUpdate),
      onDelete: text(onDelete),
    };
    key.from.push(text(from));
    if (to !== null) key.to.push(text(to));
    found.set(key.id, key);
  }
  return [...found.values()].sort((one, other) => one.id - other.id);
}

/** The column that is the rowid by another name. */
export function rowidColumn(columns: readonly Column[], indexes: readonly Index[]): string | undefined {
  const keys = columns.filter(({ key }) => key > 0);
  const [only] = keys;
  if (keys.length !== 1 || only?.type.toUpperCase() !== "INTEGER") return undefined;
  return indexes.some(({ origin }) => origin === "pk") ? undefined : only.name;
}

function keyOf(item: Item, columns: Column[], indexes: Index[]): KeyColumn[] | undefined {
  if (item.kind === "view") return undefined;
  if (item.withoutRowid) {
    const primary = indexes.find(({ origin }) => origin === "pk");
    return columns
      .filter(({ key }) => key > 0)
      .sort((one, other) => one.key - other.key)
      .map(({ name, key }) => ({
        sql: quoted(name),
        descending: primary?.columns[key - 1]?.descending ?? false,
        column: name,
      }));
  }
  const alias = rowidColumn(columns, indexes);
  if (alias !== undefined) return [{ sql: quoted(alias), descending: false, column: alias }];
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const free = ["rowid", "_rowid_", "oid"].find((name) => !taken.has(name));
  return free === undefined ? undefined : [{ sql: free, descending: false, column: undefined }];
}

function fixedBecause({ kind }: Item, key: KeyColumn[] | undefined): string | undefined {
  if (kind === "view") return "A view has no rows of its own: change those of its tables.";
  if (kind === "virtual") return "A virtual table keeps its rows in its own way: change them by SQL.";
  if (kind === "internal") return "SQLite, or a virtual table, keeps this table for itself.";
  if (key === undefined) {
    return "Columns of this table hide every name of the rowid, so its rows cannot be told apart.";
  }
  return undefined;
}

/** By a scan of all of it, so only when somebody asks. */
export async function countRows(database: string, name: string): Promise<number> {
  const rows = await rowsOf(database, { sql: `SELECT count(*) FROM ${quoted(name)}` });
  return Number(rows[0]?.[0] ?? 0);
}

/** The affinity of a column, by SQLite's rules for its declared type. */
export function affinityOf(type: string): "INTEGER" | "TEXT" | "BLOB" | "REAL" | "NUMERIC" {
  const upper = type.toUpperCase();
  if (upper.includes("INT")) return "INTEGER";
  if (/CHAR|CLOB|TEXT/.test(upper)) return "TEXT";
  if (upper === "" || upper.includes("BLOB")) return "BLOB";
  return /REAL|FLOA|DOUB/.test(upper) ? "REAL" : "NUMERIC";
}
