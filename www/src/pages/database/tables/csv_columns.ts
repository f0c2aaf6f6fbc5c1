/** Where the columns of a CSV file go, and as what. */

import type { CsvRow } from "./csv.ts";
import { affinityOf, type Column } from "./schema.ts";
import { integerOf, realOf } from "./typed.ts";
import { quoted } from "./value.ts";

export type CsvType = "text" | "integer" | "real";

export interface CsvColumn {
  /** What the file calls it. */
  title: string;
  /** The column that it goes to; empty if it goes nowhere. */
  to: string;
  type: CsvType;
}

/** Names of a new table's columns, each another one. */
export function newColumns(rows: readonly CsvRow[], header: boolean): CsvColumn[] {
  const titles = titlesOf(rows, header);
  const taken = new Set<string>();
  return titles.map((title, at) => {
    let to = title.trim() || `column_${at + 1}`;
    while (taken.has(to.toLowerCase())) to += "_";
    taken.add(to.toLowerCase());
    return { title, to, type: guessed(rows.slice(header ? 1 : 0), at) };
  });
}

/** To a table that is there: by name if the file has names, else one after the other. */
export function matchedColumns(
  rows: readonly CsvRow[],
  header: boolean,
  columns: readonly Column[],
): CsvColumn[] {
  const free = columns.filter(({ generated }) => !generated);
  return titlesOf(rows, header).map((title, at) => {
    const named = free.find(({ name }) => name.toLowerCase() === title.trim().toLowerCase());
    const found = header ? named : free[at];
    if (found === undefined) return { title, to: "", type: "text" };
    return { title, to: found.name, type: typeFor(found, rows, header, at) };
  });
}

function typeFor({ type }: Column, rows: readonly CsvRow[], header: boolean, at: number): CsvType {
  const affinity = affinityOf(type);
  if (affinity === "INTEGER") return "integer";
  if (affinity === "REAL") return "real";
  return affinity === "TEXT" ? "text" : guessed(rows.slice(header ? 1 : 0), at);
}

const titlesOf = ([first]: readonly CsvRow[], header: boolean): string[] =>
  (first?.fields ?? []).map((title, at) => (header ? title ?? "" : `Column ${at + 1}`));

/** Numbers that text would not survive, as 007, are text. */
function guessed(rows: readonly CsvRow[], at: number): CsvType {
  const fields = rows.map(({ fields }) => fields[at]).filter((field) => typeof field === "string");
  if (fields.length === 0) return "text";
  if (fields.every((field) => integerOf(field) === field)) return "integer";
  const isReal = (field: string) => realOf(field) !== undefined && !/^[+-]?0\d|inf/i.test(field.trim());
  return fields.every(isReal) ? "real" : "text";
}

/** A row as JSON text, since JavaScript's numbers are not exact; throws what is wrong with it. */
export function rowJson({ fields }: CsvRow, columns: readonly CsvColumn[]): string {
  if (fields.length !== columns.length) {
    throw new Error(`Its fields are ${fields.length}, and not ${columns.length}.`);
  }
  const parts = columns.flatMap((column, at) =>
    column.to === "" ? [] : [fieldJson(fields[at] ?? null, column)]);
  return `[${parts.join(",")}]`;
}

function fieldJson(field: string | null, { title, type }: CsvColumn): string {
  if (field === null || (field === "" && type !== "text")) return "null";
  if (type === "text") return JSON.stringify(field);
  const number = type === "integer" ? integerOf(field) : realOf(field);
  if (number === undefined) {
    const what = type === "integer" ? "integer" : "number";
    throw new Error(`“${field.slice(0, 100)}” in ${title} is no ${what}.`);
  }
  if (number.endsWith("Inf")) return number.startsWith("-") ? "-9e999" : "9e999";
  return number;
}

export function insertSql(table: string, columns: readonly CsvColumn[]): string {
  const used = columns.filter(({ to }) => to !== "");
  const names = used.map(({ to }) => quoted(to)).join(", ");
  const values = used.map((_, at) => `value ->> ${at}`).join(", ");
  return `INSERT INTO ${quoted(table)} (${names}) SELECT ${values} FROM json_each(?)`;
}

export function createSql(table: string, columns: readonly CsvColumn[]): string {
  const used = columns.filter(({ to }) => to !== "");
  const declared = used.map(({ to, type }) => `${quoted(to)} ${type.toUpperCase()}`);
  return `CREATE TABLE ${quoted(table)} (${declared.join(", ")})`;
}
