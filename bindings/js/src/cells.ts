/**
 * Parameters and rows in the WebAssembly's own memory, written and read in place.
 *
 * crates/sqlite/src/cells.rs is the other side and tells the form: a number is itself, and anything
 * else a NaN with a code in its lower half. Parameters that have no such form go as JSON.
 */

import type { KnownStatements } from "../wasm/index.js";
import { type Grid, type Numbers, parseValues, type ValueOptions } from "./reply.ts";

const HEADER = 11;
const NULL = -1;
/** The upper half of a NaN. */
const NAN = 0x7ff80000;
const PARAMS_MAX = 100;
const PARAM_TEXT_BYTES_MAX = 4_096;
/** ASCII texts up to here are faster made of their characters than decoded. */
const TEXT_BYTES_MAX = 64;

/** Reused for the characters of a text, by its length. */
const characters = Array.from({ length: TEXT_BYTES_MAX + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export class Cells {
  readonly #memory: WebAssembly.Memory;
  readonly #params_at: number;
  readonly #param_texts_at: number;
  #bytes = new Uint8Array();
  #ints = new Int32Array();
  #numbers = new Float64Array();

  constructor(known: KnownStatements) {
    this.#memory = known.memory();
    this.#params_at = known.params_at();
    this.#param_texts_at = known.param_texts_at();
  }

  /** Writes parameters. False if they have to go as JSON. */
  write(params: unknown[]): boolean {
    if (params.length > PARAMS_MAX) return false;
    this.#look();
    let at = this.#params_at >>> 3;
    let text_at = this.#param_texts_at;
    const end = text_at + PARAM_TEXT_BYTES_MAX;
    for (const value of params) {
      if (typeof value === "number") {
        // As JSON has it: no -0, and NULL for what is not finite.
        if (Number.isFinite(value)) this.#numbers[at] = value + 0;
        else this.#code(at, NULL);
      } else if (value === null) {
        this.#code(at, NULL);
      } else if (typeof value === "string" && text_at + value.length <= end) {
        for (let i = 0; i < value.length; i++) {
          const character = value.charCodeAt(i);
          if (character > 127) return false;
          this.#bytes[text_at++] = character;
        }
        this.#code(at, value.length);
      } else {
        return false;
      }
      at++;
    }
    return true;
  }

  /** Reads the answer at an address. */
  read(address: number, columns: string[], options: ValueOptions): [Grid, Numbers] {
    this.#look();
    const numbers = this.#numbers;
    const ints = this.#ints;
    let at = address >>> 3;
    const meta: Numbers = [
      numbers[at] as number,
      numbers[at + 1] as number,
      numbers[at + 2] as number,
      numbers[at + 3] !== 0,
      numbers[at + 4] as number,
      numbers[at + 5] as number,
      numbers[at + 6] as number,
    ];
    const count = numbers[at + 7] as number;
    let text_at = numbers[at + 8] as number;
    const others = this.#others(numbers[at + 9] as number, numbers[at + 10] as number, options);
    let other = 0;
    at += HEADER;
    const rows: unknown[][] = [];
    for (let i = 0; i < count; i++) {
      const row: unknown[] = [];
      for (let k = 0; k < columns.length; k++, at++) {
        const number = numbers[at] as number;
        if (number === number) {
          row.push(number);
          continue;
        }
        const code = ints[2 * at] as number;
        if (code >= 0) {
          row.push(this.#text(text_at, code));
          text_at += code;
        } else {
          row.push(code === NULL ? null : others[other++]);
        }
      }
      rows.push(row);
    }
    return [{ columns, rows }, meta];
  }

  #text(at: number, length: number): string {
    const bytes = this.#bytes;
    const units = characters[length] as number[];
    for (let i = 0; i < length; i++) units[i] = bytes[at + i] as number;
    return String.fromCharCode.apply(null, units);
  }

  #others(at: number, length: number, options: ValueOptions): unknown[] {
    if (length === 0) return [];
    return parseValues(decoder.decode(this.#bytes.subarray(at, at + length)), options);
  }

  #code(at: number, code: number): void {
    this.#ints[2 * at] = code;
    this.#ints[2 * at + 1] = NAN;
  }

  /** The memory's bytes move when it grows. */
  #look(): void {
    if (this.#bytes.length > 0) return;
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#ints = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
  }
}
