/** One value of a result: what it is, and how it is shown and copied. */

/** An integer that a number does not hold is its digits. */
export interface LongInteger {
  $integer: string;
}

export type Cell = null | number | string | number[] | LongInteger;
export type Row = readonly Cell[];
export type CellKind = "null" | "number" | "text" | "blob";

export function kindOf(cell: Cell | undefined): CellKind {
  if (cell === null || cell === undefined) return "null";
  if (typeof cell === "string") return "text";
  return Array.isArray(cell) ? "blob" : "number";
}

export const hex = (bytes: readonly number[]): string =>
  bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** All of it, as it is copied and exported. */
export function textOf(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "object") return Array.isArray(cell) ? hex(cell) : cell.$integer;
  return String(cell);
}

const SHOWN_MAX = 200;
const BYTES_SHOWN_MAX = 24;
const LINE_BREAKS: Readonly<Record<string, string>> = { "\n": "⏎", "\r": "␍", "\t": "⇥" };

/** As it stands in a line of a table, cut where it is long. */
export function shownText(cell: Cell | undefined): string {
  switch (kindOf(cell)) {
    case "null":
      return "NULL";
    case "blob": {
      const bytes = cell as number[];
      const cut = bytes.length > BYTES_SHOWN_MAX ? "…" : "";
      return `x'${hex(bytes.slice(0, BYTES_SHOWN_MAX))}${cut}'`;
    }
    case "number":
      return textOf(cell);
    default: {
      const text = cell as string;
      const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
      return cut.replaceAll(/[\n\r\t]/g, (mark) => LINE_BREAKS[mark] ?? mark);
    }
  }
}
