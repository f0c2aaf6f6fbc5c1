/**
 * Statements that this isolate's memory has answered before, asked again by a number.
 *
 * They belong to one instance of the WebAssembly, and so does its memory. After a crash there is
 * another one, in which the same numbers would mean other statements: the object made of the first
 * refuses to be called from then on, and everything is forgotten.
 */

import { KnownStatements } from "../wasm/index.js";
import { Cells } from "./cells.ts";
import { Reply, type ValueOptions } from "./reply.ts";

/** What a read has to be: see `Router.read_query`. */
export type Reader = [
  session: string | undefined,
  seen: string | undefined,
  age_ms_max: number,
  now_ms: number,
  local: number,
];

interface Statement {
  number: number;
  columns: string[];
}

interface Instance {
  known: KnownStatements;
  cells: Cells;
  number: KnownStatements["number"];
  read: KnownStatements["read"];
  /** By database and text. */
  statements: Map<string, Map<string, Statement>>;
  count: number;
}

/** Statements remembered, and characters of a text that is. */
const STATEMENTS_MAX = 1_000;
const TEXT_MAX = 4_096;

let shared: Instance | undefined;

/** The reply to a query, if its statement is known and all is as it was then. */
export function readKnown(
  id: string,
  sql: string,
  params: unknown[],
  reader: Reader,
  served: Record<string, unknown>,
  options: ValueOptions,
): Reply | undefined {
  const statement = shared?.statements.get(id)?.get(sql);
  if (shared === undefined || statement === undefined) return undefined;
  const { cells, known, read } = shared;
  const { number, columns } = statement;
  if (!cells.write(params)) return undefined;
  let address: number;
  try {
    address = read.call(known, id, number, params.length, ...reader);
  } catch (error) {
    return lost(error);
  }
  if (address === 0) return undefined;
  const [grid, numbers] = cells.read(address, columns, options);
  return new Reply(grid, served, numbers);
}

/** Remembers a statement that was just answered with these columns. */
export function remember(id: string, sql: string, columns: string[]): void {
  if (sql.length > TEXT_MAX) return;
  const instance = shared?.count === STATEMENTS_MAX ? undefined : shared;
  shared = instance ?? begin();
  let number: number;
  try {
    number = shared.number.call(shared.known, id, sql);
  } catch (error) {
    return lost(error);
  }
  if (number === 0) return;
  let statements = shared.statements.get(id);
  if (statements === undefined) shared.statements.set(id, (statements = new Map()));
  if (!statements.has(sql)) shared.count++;
  statements.set(sql, { number, columns });
}

/** Forgets everything: this instance is of no use any more. */
function lost(error: unknown): undefined {
  shared = undefined;
  // A crash is for the caller to know of. Anything else tells that there was one before.
  if (error instanceof WebAssembly.RuntimeError) throw error;
  return undefined;
}

function begin(): Instance {
  const wrapped = new KnownStatements();
  // Each property of an exported class' object is read through a proxy, which costs as much as the
  // call. The methods keep theirs, which begin anew after a crash; the object does without.
  const Class = KnownStatements.prototype.constructor as typeof KnownStatements;
  return {
    known: new Class(),
    cells: new Cells(wrapped),
    number: wrapped.number,
    read: wrapped.read,
    statements: new Map(),
    count: 0,
  };
}
