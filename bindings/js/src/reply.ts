/**
 * Replies of the server: what its text says, before it becomes results.
 *
 * The format is Isolite's own, `COMPACT` in docs/protocol.md: who answered stands once, the rows of
 * a statement are arrays under one list of columns, and its `meta` is seven numbers. A batch of a
 * thousand inserts is so an eighth of D1's own form, and parsed in a quarter of the time.
 */

import { d1Error, type FailureCode } from "./errors.ts";
import type { D1Meta } from "./result.ts";
import type { TransportReply } from "./transport.ts";

export interface Grid {
  columns: string[];
  rows: unknown[][];
}

/** One statement's reply. Without columns there are no rows either. */
export class Reply {
  readonly grid: Grid | null;
  readonly #served: Record<string, unknown>;
  readonly #numbers: Numbers;

  constructor(grid: Grid | null, served: Record<string, unknown>, numbers: Numbers) {
    this.grid = grid;
    this.#served = served;
    this.#numbers = numbers;
  }

  /** Made when it is asked for: who wants the first row alone does without. */
  get meta(): D1Meta & Record<string, unknown> {
    return toMeta(this.#served, this.#numbers);
  }
}

/** What answers a request that failed, however many statements were in it. */
export interface Failure {
  error: string;
  code?: FailureCode | undefined;
}

/** How values come that JSON has no form for. */
export interface ValueOptions {
  /**
   * Integers beyond 2^53 come as BigInt instead of rounded, and a BigInt can be bound: it is an
   * INTEGER, where a number is a REAL. False unless told, as in D1.
   */
  bigint?: boolean;
  /** BLOBs come as arrays of numbers, as in D1 and unless told, or as Uint8Array. */
  blobs?: "array" | "bytes";
}

/** The parts of a reply in the order in which they travel. */
export type Numbers = [
  duration: number,
  changes: number,
  last_row_id: number,
  changed_db: boolean,
  size_after: number,
  rows_read: number,
  rows_written: number,
];

interface Body {
  error?: string;
  code?: FailureCode;
  served?: Record<string, unknown>;
  results: [Grid | null, Numbers][];
}

/** The replies in a body, one for each statement, or the failure that it is instead. */
export function parseReplies(
  { text, served = {} }: TransportReply,
  options: ValueOptions,
): Reply[] | Failure {
  const body = parse(text, options.bigint === true) as Body | undefined;
  if (body?.error) return { error: body.error, code: body.code };
  if (!Array.isArray(body?.results)) throw noReply(text);
  return body.results.map(([grid, numbers]) => {
    if (grid !== null && options.blobs === "bytes") bytesInPlace(grid);
    return new Reply(grid, body.served ?? served, numbers);
  });
}

/** A body that is text of the form that is expected, or the failure that it is instead. */
export function told(text: string, expected: RegExp): string | Failure {
  if (expected.test(text)) return text;
  const body = parse(text, false) as Body | undefined;
  if (body?.error) return { error: body.error, code: body.code };
  throw noReply(text);
}

function noReply(text: string): Error {
  return d1Error("D1_ERROR", `Failed to parse body as JSON, got: ${text}`);
}

/** A list of values, as they stand in any answer. */
export function parseValues(text: string, options: ValueOptions): unknown[] {
  const values = parse(text, options.bigint === true) as unknown[];
  if (options.blobs === "bytes") bytesInPlace({ columns: [], rows: [values] });
  return values;
}

function parse(text: string, bigint: boolean): unknown {
  try {
    return bigint ? JSON.parse(text, exactly as Reviver) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Reviver = (key: string, value: unknown) => unknown;

// The third argument is part of the language, but not yet of its types. Beyond 2^53 a REAL has a
// point or an exponent in the text, so it is never taken for an integer.
function exactly(_key: string, value: unknown, context: { source: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

function toMeta(
  served: Record<string, unknown>,
  numbers: Numbers,
): D1Meta & Record<string, unknown> {
  const [duration, changes, last_row_id, changed_db, size_after, rows_read, rows_written] = numbers;
  return {
    ...served,
    timings: { sql_duration_ms: duration },
    duration,
    changes,
    // The one that may be beyond 2^53. Its type is D1's, whatever the options say of values.
    last_row_id: Number(last_row_id),
    changed_db,
    size_after,
    rows_read,
    rows_written,
  };
}

// Only a BLOB is an array: a row has nothing else of that kind.
function bytesInPlace({ rows }: Grid): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (Array.isArray(value)) row[i] = Uint8Array.from(value);
    }
  }
}
