/** What a person typed, as a value of the type that was chosen. */

import type { Type, Value } from "./value.ts";

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;

/** Throws what is wrong with it. */
export function typed(type: Type, text: string): Value {
  switch (type) {
    case "null":
      return { type };
    case "text":
      return { type, text };
    case "integer": {
      const integer = integerOf(text);
      if (integer === undefined) throw new Error("An integer has digits alone, up to 64 bits.");
      return { type, text: integer };
    }
    case "real": {
      const real = realOf(text);
      if (real === undefined) throw new Error("A real is a number as 1.5 or 2e10, Inf or -Inf.");
      return { type, text: real };
    }
    case "blob": {
      const hex = text.replace(/^\s*x'(.*)'\s*$/is, "$1").replaceAll(/\s/g, "").toUpperCase();
      if (!/^([0-9A-F]{2})*$/.test(hex)) throw new Error("A BLOB is pairs of the digits 0-9 and a-f.");
      return { type, hex };
    }
  }
}

/** Its digits, if it is an integer of 64 bits. */
export function integerOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d{1,40}$/.test(trimmed)) return undefined;
  const integer = BigInt(trimmed.replace("+", ""));
  return integer < INTEGER_MIN || integer > INTEGER_MAX ? undefined : String(integer);
}

export function realOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^[+-]?inf(inity)?$/i.test(trimmed)) return trimmed.startsWith("-") ? "-Inf" : "Inf";
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const real = Number(trimmed);
  return Number.isFinite(real) ? String(real) : undefined;
}
