/**
 * JSON whose integers are exact. REST writes all digits of an integer, and JavaScript's numbers hold 53
 * bits: longer ones become `{"$integer": "<digits>"}`, which is also how REST takes them.
 */

import type { LongInteger } from "../sql/cells.ts";

/** Most answers have none, and are left as they are. */
const SOME = /[[,:]-?\d{16}/;
const INTEGER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function withExactIntegers(json: string): string {
  if (!SOME.test(json)) return json;
  const parts: string[] = [];
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at);
    const end = quote < 0 ? json.length : quote;
    parts.push(json.slice(at, end).replaceAll(INTEGER, exact));
    at = quote < 0 ? end : endOfString(json, quote);
    parts.push(json.slice(end, at));
  }
  return parts.join("");
}

function exact(digits: string): string {
  const isLong = /^-?\d{16,}$/.test(digits) && !Number.isSafeInteger(Number(digits));
  return isLong ? JSON.stringify({ $integer: digits } satisfies LongInteger) : digits;
}

/** The place behind the string that begins at a quote. */
function endOfString(json: string, quote: number): number {
  for (let at = quote + 1;;) {
    const close = json.indexOf('"', at);
    if (close < 0) return json.length;
    let backslashes = 0;
    while (json[close - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
    at = close + 1;
  }
}
