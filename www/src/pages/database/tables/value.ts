/**
 * A value of SQLite with its type, exactly as it is stored.
 *
 * JSON tells no integer from a real and rounds large ones, so the database is asked for text: a letter
 * for the type and the value behind it. Integers and reals stay text here for the same reason. A long
 * value comes as its length, its beginning and its end.
 */

import type { Param } from "../../../api/queries.ts";
import type { Cell } from "../../../sql/cells.ts";

export type Value =
  | { type: "null" }
  | { type: "integer" | "real" | "text"; text: string }
  | { type: "blob"; hex: string }
  | Cut;

/** A long one, of which only a part is here; `told` is what the database tells of it. */
export interface Cut {
  type: "cut";
  of: "text" | "blob";
  bytes: number;
  start: string;
  told: string;
}

/** The types that a person can choose. */
export type Type = Exclude<Value["type"], "cut">;

export const NULL: Value = { type: "null" };

const TEXT_BYTES_MAX = 2_000;
const BLOB_BYTES_MAX = 1_000;
const TEXT_START = 200;
const BLOB_START = 64;

/** Any name as SQL, quoted. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const cases = (sql: string, text: string, blob: string): string =>
  `CASE typeof(${sql}) WHEN 'integer' THEN 'i' || ${sql} WHEN 'real' THEN 'r' || quote(${sql}) ` +
  `WHEN 'text' THEN ${text} WHEN 'blob' THEN ${blob} END`;

/** The expression that tells all of a value. */
export const wholeSql = (sql: string): string => cases(sql, `'t' || ${sql}`, `'b' || hex(${sql})`);

/** The expression that tells a value, and of a long one a part. */
export const shownSql = (sql: string): string =>
  cases(
    sql,
    `CASE WHEN octet_length(${sql}) <= ${TEXT_BYTES_MAX} THEN 't' || ${sql} ELSE 'T' || ` +
      `octet_length(${sql}) || ':' || substr(${sql}, 1, ${TEXT_START}) || ` +
      `substr(${sql}, -${TEXT_START}) END`,
    `CASE WHEN length(${sql}) <= ${BLOB_BYTES_MAX} THEN 'b' || hex(${sql}) ELSE 'B' || ` +
      `length(${sql}) || ':' || hex(substr(${sql}, 1, ${BLOB_START})) || ` +
      `hex(substr(${sql}, -${BLOB_START})) END`,
  );

/** What one of these expressions gave. */
export function valueOf(told: Cell | undefined): Value {
  if (typeof told !== "string") return NULL;
  const rest = told.slice(1);
  switch (told[0]) {
    case "i":
      return { type: "integer", text: rest };
    case "r":
      return { type: "real", text: realText(rest) };
    case "t":
      return { type: "text", text: rest };
    case "b":
      return { type: "blob", hex: rest };
    default: {
      const [bytes = ""] = rest.split(":", 1);
      const parts = rest.slice(bytes.length + 1);
      const text = told[0] === "T";
      const start = parts.slice(0, text ? TEXT_START : 2 * BLOB_START);
      return { type: "cut", of: text ? "text" : "blob", bytes: Number(bytes), start, told };
    }
  }
}

/** SQLite has no word for the infinities, and writes them as too large numbers. */
const realText = (text: string): string =>
  text === "9.0e+999" ? "Inf" : text === "-9.0e+999" ? "-Inf" : text;

const realSql = (text: string): string =>
  text === "Inf" ? "9.0e+999" : text === "-Inf" ? "-9.0e+999" : text;

export interface Sql {
  sql: string;
  params: Param[];
}

/** A value as part of a statement: always a parameter. */
export function bound(value: Value): Sql {
  switch (value.type) {
    case "null":
      return { sql: "?", params: [null] };
    case "integer":
      return { sql: "?", params: [{ $integer: value.text }] };
    case "real":
      // JSON has no infinity. The plus takes the affinity away, which would make numbers of other texts.
      if (value.text.endsWith("Inf")) return { sql: "+CAST(? AS REAL)", params: [realSql(value.text)] };
      return { sql: "?", params: [Number(value.text)] };
    case "text":
      return { sql: "?", params: [value.text] };
    case "blob":
      return { sql: "?", params: [[...bytesOf(value.hex)]] };
    case "cut":
      throw new Error("A value of which only a part is here cannot be written.");
  }
}

/** The condition that `name` still has this value: type, bytes and all, whatever its collation. */
export function isStill(name: string, value: Value): Sql {
  const sql = quoted(name);
  switch (value.type) {
    case "null":
      return { sql: `${sql} IS NULL`, params: [] };
    case "text":
      return {
        sql: `(typeof(${sql}) = 'text' AND CAST(${sql} AS BLOB) = CAST(? AS BLOB))`,
        params: [value.text],
      };
    case "blob":
      return { sql: `(typeof(${sql}) = 'blob' AND ${sql} = ?)`, params: bound(value).params };
    case "cut":
      return { sql: `${shownSql(sql)} IS ?`, params: [value.told] };
    case "real":
      return { sql: `${wholeSql(sql)} IS ?`, params: [`r${realSql(value.text)}`] };
    case "integer":
      return { sql: `${wholeSql(sql)} IS ?`, params: [`i${value.text}`] };
  }
}

export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const byteAt = (at: number) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => byteAt(at));
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());

export function hexOf(bytes: Iterable<number>): string {
  let hex = "";
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}

/** As one line of text. */
export function textOf(value: Value): string {
  switch (value.type) {
    case "null":
      return "NULL";
    case "blob":
      return `x'${value.hex}'`;
    case "cut":
      return value.of === "text" ? `${value.start}…` : `x'${value.start}…'`;
    default:
      return value.text;
  }
}

export const isSame = (one: Value, other: Value): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
