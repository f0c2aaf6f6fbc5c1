/**
 * Conversion of bound values to what a JSON request can carry.
 *
 * The rules are D1's, including those one would not choose: booleans become integers, a typed
 * array gives its elements (not its bytes), and a DataView gives an empty BLOB. Errors are thrown
 * by `bind` itself, before anything is sent.
 */

import { d1Error } from "./errors.ts";

/** A value as it travels: BLOBs are arrays of byte values, and a BigInt is its digits. */
export type Param = null | number | string | number[] | { $integer: string };

/** `exact` lets a BigInt be bound, which D1 refuses. */
export function toParam(value: unknown, exact: boolean): Param {
  switch (typeof value) {
    case "bigint":
      if (!exact) break;
      if (BigInt.asIntN(64, value) === value) return { $integer: String(value) };
      throw d1Error("D1_TYPE_ERROR", `The integer ${value} has more than 64 bits`);
    case "number":
    case "string":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "object": {
      if (value === null) return null;
      const bytes = toBytes(value);
      if (bytes !== undefined) return bytes;
    }
  }
  throw d1Error("D1_TYPE_ERROR", `Type '${typeof value}' not supported for value '${value}'`);
}

function toBytes(value: object): number[] | undefined {
  if (Array.isArray(value)) return value.every(isByte) ? value : undefined;
  if (value instanceof ArrayBuffer) return Array.from(new Uint8Array(value));
  // A DataView is neither iterable nor has a length: Array.from makes it empty, as D1 does.
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  return undefined;
}

function isByte(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < 256;
}
