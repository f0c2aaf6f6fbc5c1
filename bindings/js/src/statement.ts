/**
 * A prepared statement: its text and its bound values, and five ways to run it.
 *
 * Nothing is prepared anywhere before it runs. `statement` and `params` are public because
 * `batch` reads them, from statements of any origin.
 */

import { toParam } from "./bind.ts";
import { d1Error } from "./errors.ts";
import type { Reply } from "./reply.ts";
import { type D1Result, toFirstRow, toResult } from "./result.ts";
import type { Sender } from "./sender.ts";
import type { Operation } from "./spans.ts";

/** What `batch` takes, typed so that statements of Cloudflare's own type pass as well. */
export interface Batchable {
  bind(...values: unknown[]): object;
}

export class D1PreparedStatement {
  readonly statement: string;
  readonly params: unknown[];
  readonly #sender: Sender;

  constructor(sender: Sender, statement: string, params: unknown[] = []) {
    this.#sender = sender;
    this.statement = statement;
    this.params = params;
  }

  /** A new statement with these values, all of them: earlier ones are replaced. */
  bind(...values: unknown[]): D1PreparedStatement {
    const exact = this.#sender.options.bigint === true;
    const params = values.map((value) => toParam(value, exact));
    return new D1PreparedStatement(this.#sender, this.statement, params);
  }

  /** The first row, or one column of it; null when there is no row. */
  async first<T = unknown>(column: string): Promise<T | null>;
  async first<T = Record<string, unknown>>(): Promise<T | null>;
  async first<T>(column?: string): Promise<T | null> {
    const row = toFirstRow((await this.#send("first")).grid);
    if (row === undefined) return null;
    if (column === undefined) return row as T;
    const value = row[column];
    if (value !== undefined) return value as T;
    throw d1Error("D1_COLUMN_NOTFOUND", `Column not found (${column})`, "Column not found");
  }

  async run<T = Record<string, unknown>>(): Promise<D1Result<T>> {
    return toResult(await this.#send("run"));
  }

  async all<T = Record<string, unknown>>(): Promise<D1Result<T>> {
    return toResult(await this.#send("all"));
  }

  /** Rows as arrays, which keeps columns of the same name; the names come first if asked for. */
  async raw<T = unknown[]>(options: { columnNames: true }): Promise<[string[], ...T[]]>;
  async raw<T = unknown[]>(options?: { columnNames?: false }): Promise<T[]>;
  async raw(options?: { columnNames?: boolean }): Promise<unknown[]> {
    const { columns, rows } = (await this.#send("raw")).grid ?? { columns: [], rows: [] };
    // A copy, for the caller may change what is the statement's.
    return options?.columnNames ? [[...columns], ...rows] : rows;
  }

  #send(operation: Operation): Reply | Promise<Reply> {
    return this.#sender.one({ sql: this.statement, params: this.params }, operation);
  }
}
