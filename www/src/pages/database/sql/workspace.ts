/**
 * What one works on in a database's SQL: the text, what runs, and what came of it. It outlives the tab,
 * so that a look at another one loses nothing; of the database that was used last alone, as results may
 * be large.
 */

import { signal } from "@preact/signals";
import { type Query, type Result, runBatch } from "../../../api/queries.ts";
import { readSchema, type Schema } from "../../../api/schema.ts";
import { natureOf } from "../../../sql/nature.ts";
import { planOf, type Step } from "../../../sql/plan.ts";
import { parameterCount, type Statement } from "../../../sql/statements.ts";
import { draftOf, type Entry, historyOf, keepDraft, keepEntry } from "./kept.ts";

/** A time of the past that is read. */
export interface Past {
  bookmark: string;
  timestamp: string;
}

export interface Running {
  began_ms: number;
  writes: boolean;
  cancel: () => void;
}

export type Outcome =
  | { kind: "results"; statements: Statement[]; results: Result[]; took_ms: number; past?: Past }
  | { kind: "plan"; statements: Statement[]; plans: Step[][] }
  | { kind: "failed"; statements: Statement[]; error: unknown; writes: boolean }
  | { kind: "cancelled"; writes: boolean };

const DRAFT_PAUSE_MS = 300;

export class Workspace {
  readonly database: string;
  readonly draft: { text: string };
  readonly running = signal<Running | undefined>(undefined);
  /** The number tells two outcomes apart. */
  readonly outcome = signal<Outcome & { id: number } | undefined>(undefined);
  readonly schema = signal<Schema>([]);
  readonly past = signal<Past | undefined>(undefined);
  readonly history;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;

  constructor(database: string) {
    this.database = database;
    this.draft = { text: draftOf(database) };
    this.history = signal<Entry[]>(historyOf(database));
  }

  keepDraft(text: string): void {
    this.draft.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), DRAFT_PAUSE_MS);
  }

  /** At once, as before the page goes. */
  flush(): void {
    clearTimeout(this.#timer);
    keepDraft(this.database, this.draft.text);
  }

  /** Completion and hints do without what cannot be read. */
  async loadSchema(): Promise<void> {
    const at = this.past.value?.bookmark;
    const schema = await readSchema(this.database, at).catch(() => undefined);
    if (schema !== undefined && at === this.past.value?.bookmark) this.schema.value = schema;
  }

  setPast(past: Past | undefined): void {
    this.past.value = past;
    void this.loadSchema();
  }

  /** All in one transaction. Resolves with whether the schema may be another. */
  async run(statements: Statement[]): Promise<boolean> {
    if (this.running.value !== undefined) return false;
    const natures = statements.map(natureOf);
    const past = this.past.value;
    const began_ms = performance.now();
    const queries = statements.map(({ sql }) => ({ sql }));
    const results = await this.#ask(statements, queries, natures.some(({ writes }) => writes));
    const sql = statements.map((each) => each.sql).join(";\n");
    const failed = this.outcome.value?.kind === "cancelled" ? "cancelled" : "failed";
    const outcome = results === undefined ? failed : "done";
    this.history.value = keepEntry(this.database, { sql, time_ms: Date.now(), outcome });
    if (results === undefined) return false;
    const took_ms = performance.now() - began_ms;
    this.#show({ kind: "results", statements, results, took_ms, ...(past && { past }) });
    const isSchema = natures.some((nature) => nature.isSchema);
    if (isSchema) void this.loadSchema();
    return isSchema;
  }

  async explain(statements: Statement[]): Promise<void> {
    if (this.running.value !== undefined) return;
    const queries = statements.map((statement) => ({
      sql: `EXPLAIN QUERY PLAN ${statement.sql.replace(EXPLAIN, "")}`,
      params: Array.from({ length: parameterCount(statement) }, () => null),
    }));
    const results = await this.#ask(statements, queries, false);
    const plans = results?.map(({ rows }) => planOf(rows));
    if (plans !== undefined) this.#show({ kind: "plan", statements, plans });
  }

  /** Undefined after a failure, which is shown. */
  async #ask(
    statements: Statement[],
    queries: Query[],
    writes: boolean,
  ): Promise<Result[] | undefined> {
    const abort = new AbortController();
    this.running.value = { began_ms: Date.now(), writes, cancel: () => abort.abort() };
    try {
      const asOf = this.past.value?.bookmark;
      return await runBatch(this.database, queries, { asOf, signal: abort.signal });
    } catch (error) {
      if (abort.signal.aborted) this.#show({ kind: "cancelled", writes });
      else this.#show({ kind: "failed", statements, error, writes });
      return undefined;
    } finally {
      this.running.value = undefined;
    }
  }

  #show(outcome: Outcome): void {
    this.outcome.value = { ...outcome, id: (this.#count += 1) };
  }
}

const EXPLAIN = /^EXPLAIN\s+(QUERY\s+PLAN\s+)?/i;

let last: Workspace | undefined;

export function workspaceOf(database: string): Workspace {
  if (last?.database !== database) {
    last?.flush();
    last = new Workspace(database);
  }
  return last;
}

addEventListener("pagehide", () => last?.flush());
