/**
 * Results as files, made in the browser. CSV is that of RFC 4180. Rows are taken a part at a time, so
 * that the page goes on answering.
 */

import { type Cell, kindOf, type Row, textOf } from "./cells.ts";

export interface Table {
  columns: readonly string[];
  rows: readonly Row[];
}

const PART_ROWS = 2_000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

export interface CsvOptions {
  /** Whether a text that a spreadsheet would run as a formula gets a `'` in front. */
  guard: boolean;
}

export function csvOf({ columns, rows }: Table, { guard }: CsvOptions): Promise<Blob> {
  const line = (cells: Row) => `${cells.map((cell) => csvField(cell, guard)).join(",")}\r\n`;
  return inParts("text/csv;charset=utf-8", line(columns), rows, line, "");
}

/** NULL is an empty field, and an empty text a pair of quotes. */
function csvField(cell: Cell, guard: boolean): string {
  const text = textOf(cell);
  if (kindOf(cell) !== "text") return text;
  const guarded = guard && /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  const needsQuotes = guarded === "" || /[",\r\n]|^\s|\s$/.test(guarded);
  return needsQuotes ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** An array of objects; integers have all their digits, and BLOBs are arrays, as in REST. */
export function jsonOf({ columns, rows }: Table): Promise<Blob> {
  const keys = distinct(columns).map((name) => JSON.stringify(name));
  const json = (cell: Cell) =>
    typeof cell === "object" && cell !== null && !Array.isArray(cell)
      ? cell.$integer
      : JSON.stringify(cell);
  const object = (row: Row) => `{${keys.map((key, at) => `${key}:${json(row[at] ?? null)}`).join()}}`;
  const line = (row: Row, at: number) => `${at === 0 ? "" : ","}\n${object(row)}`;
  return inParts("application/json", "[", rows, line, "\n]\n");
}

/** Of columns with one name the later ones get a number. */
export function distinct(columns: readonly string[]): string[] {
  const taken = new Set(columns);
  const given = new Set<string>();
  return columns.map((name) => {
    let other = name;
    for (let count = 2; given.has(other) || (other !== name && taken.has(other)); count += 1) {
      other = `${name}_${count}`;
    }
    given.add(other);
    return other;
  });
}

async function inParts(
  type: string,
  first: string,
  rows: readonly Row[],
  line: (row: Row, at: number) => string,
  last: string,
): Promise<Blob> {
  const parts = [first];
  for (let from = 0; from < rows.length; from += PART_ROWS) {
    const part = rows.slice(from, from + PART_ROWS);
    parts.push(part.map((row, at) => line(row, from + at)).join(""));
    await pause();
  }
  parts.push(last);
  return new Blob(parts, { type });
}
