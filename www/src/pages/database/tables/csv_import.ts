/**
 * Takes a CSV file into a table, some hundred rows at a time, each such batch in one transaction.
 *
 * A batch that is refused is tried again by halves, so that the line at fault is known and all before it
 * are in.
 */

import { runBatch } from "../../../api/queries.ts";
import { messageOf, Refused, ServerGone } from "../../../api/failure.ts";
import { CsvReader, type CsvRow } from "./csv.ts";
import { createSql, type CsvColumn, insertSql, rowJson } from "./csv_columns.ts";

export interface CsvSource {
  file: File;
  encoding: string;
  delimiter: string;
  header: boolean;
}

export interface CsvTarget {
  database: string;
  table: string;
  isNew: boolean;
  columns: CsvColumn[];
  /** Whether lines that are refused are left out, or end the import. */
  skips: boolean;
}

export interface Progress {
  bytes: number;
  rows: number;
  /** The last line up to which all is decided. */
  line: number;
}

export interface Problem {
  line: number;
  message: string;
}

export interface CsvOutcome extends Progress {
  problems: Problem[];
  /** How many there are; the first of them are told. */
  refused: number;
  end: "complete" | "stopped" | "failed" | "unknown";
  message?: string;
}

interface Watch {
  onProgress: (progress: Progress) => void;
  isStopped: () => boolean;
}

interface Line {
  line: number;
  json: string;
}

const BATCH_ROWS = 500;
const BATCH_CHARACTERS = 250_000;
const PROBLEMS_TOLD = 100;

/** Ends the import; the outcome says with what. */
class End extends Error {
  readonly end: CsvOutcome["end"];

  constructor(end: CsvOutcome["end"], message = "") {
    super(message);
    this.end = end;
  }
}

export async function importCsv(source: CsvSource, target: CsvTarget, watch: Watch): Promise<CsvOutcome> {
  const work = new Work(source, target, watch);
  try {
    if (target.isNew) await runBatch(target.database, [{ sql: createSql(target.table, target.columns) }]);
    await work.readAll();
    return { ...work.outcome, end: "complete" };
  } catch (error) {
    if (error instanceof End) {
      return { ...work.outcome, end: error.end, ...(error.message && { message: error.message }) };
    }
    return { ...work.outcome, end: "failed", message: messageOf(error) };
  }
}

class Work {
  outcome: CsvOutcome = { bytes: 0, rows: 0, line: 0, problems: [], refused: 0, end: "complete" };
  #source: CsvSource;
  #target: CsvTarget;
  #watch: Watch;
  #lines: Line[] = [];
  #characters = 0;
  #isFirst = true;

  constructor(source: CsvSource, target: CsvTarget, watch: Watch) {
    this.#source = source;
    this.#target = target;
    this.#watch = watch;
  }

  async readAll(): Promise<void> {
    const { file, encoding, delimiter } = this.#source;
    const decoder = new TextDecoder(encoding, { fatal: true });
    const csv = new CsvReader(delimiter);
    const bytes = file.stream().getReader();
    for (;;) {
      const { done, value } = await bytes.read();
      const text = await this.#guarded(() => decoder.decode(value, { stream: !done }), NOT_TEXT);
      await this.#takeAll(csv.push(text));
      if (done) break;
      this.outcome.bytes += value.length;
    }
    await this.#takeAll(await this.#guarded(() => csv.end()));
    await this.#flush();
  }

  /** What comes before something that cannot be read is taken in first, and told of. */
  async #guarded<T>(read: () => T, message?: string): Promise<T> {
    try {
      return read();
    } catch (error) {
      await this.#flush();
      throw new End("failed", message ?? messageOf(error));
    }
  }

  async #takeAll(rows: readonly CsvRow[]): Promise<void> {
    for (const row of rows) {
      const isHeader = this.#isFirst && this.#source.header;
      this.#isFirst = false;
      if (!isHeader) await this.#take(row);
    }
  }

  async #take(row: CsvRow): Promise<void> {
    try {
      const json = rowJson(row, this.#target.columns);
      this.#lines.push({ line: row.line, json });
      this.#characters += json.length;
    } catch (error) {
      await this.#flush();
      this.#refuse(row.line, messageOf(error));
    }
    if (this.#lines.length >= BATCH_ROWS || this.#characters >= BATCH_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    this.#characters = 0;
    await this.#send(lines);
  }

  async #send(lines: readonly Line[]): Promise<void> {
    const first = lines[0];
    const last = lines.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#watch.isStopped()) throw new End("stopped");
    const { database, table, columns } = this.#target;
    const json = `[${lines.map((line) => line.json).join(",")}]`;
    try {
      await runBatch(database, [{ sql: insertSql(table, columns), params: [json] }]);
    } catch (error) {
      if (error instanceof ServerGone || (error instanceof Refused && error.status >= 500)) {
        throw new End("unknown", `${messageOf(error)} That is of lines ${first.line} to ${last.line}.`);
      }
      if (lines.length === 1) return this.#refuse(first.line, messageOf(error));
      const half = Math.ceil(lines.length / 2);
      await this.#send(lines.slice(0, half));
      return this.#send(lines.slice(half));
    }
    this.outcome.rows += lines.length;
    this.outcome.line = last.line;
    const { bytes, rows, line } = this.outcome;
    this.#watch.onProgress({ bytes, rows, line });
  }

  #refuse(line: number, message: string): void {
    this.outcome.refused += 1;
    if (this.outcome.problems.length < PROBLEMS_TOLD) this.outcome.problems.push({ line, message });
    if (!this.#target.skips) throw new End("failed");
    this.outcome.line = line;
  }
}

const NOT_TEXT = "Behind that the file is not text in this encoding.";
