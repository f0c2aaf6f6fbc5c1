/**
 * Spans of queries in the platform's traces, with the names and attributes that those of D1 have.
 *
 * Whether a request is traced is asked only where an answer is waited for anyway, as asking takes half a
 * microsecond; a read in memory is asked for only with the option `spans: "all"`.
 */

import type { Failure, Reply } from "./reply.ts";
import type { Query } from "./transport.ts";

export interface SpanOptions {
  /**
   * Which queries are spans of a trace, where a request is traced: `calls`, those for which another object
   * or Worker is asked, which it is unless told; or `all`, reads in this isolate's memory too.
   */
  spans?: "calls" | "all" | undefined;
}

/** What a program called. */
export type Operation = "all" | "batch" | "exec" | "first" | "raw" | "run";

/** A query, as its span shows it. */
export interface Shown {
  /** Undefined where there are no traces. */
  tracing: Tracing | undefined;
  /** Undefined for what D1 has no span for. */
  operation: Operation | undefined;
  queries: Query[];
  /** Where the session then stands. */
  bookmark: () => string | null;
}

type Told = Reply | Reply[] | Failure;

/** What `work` tells, within a span if the request is traced. */
export function spanned<T extends Told>(shown: Shown, work: () => Promise<T>): Promise<T>;
export function spanned<T extends Told>(shown: Shown, work: () => T | Promise<T>): T | Promise<T>;
export function spanned<T extends Told>(shown: Shown, work: () => T | Promise<T>): T | Promise<T> {
  const { tracing, operation } = shown;
  if (operation === undefined || tracing?.getActiveSpan()?.isTraced !== true) return work();
  return tracing.enterSpan(`d1_${operation}`, (span) => {
    begin(span, operation, shown);
    try {
      const told = work();
      if (!(told instanceof Promise)) return end(span, shown, told);
      return told.then(
        (told) => end(span, shown, told),
        (error) => fail(span, error),
      );
    } catch (error) {
      return fail(span, error);
    }
  });
}

function begin(span: Span, operation: Operation, { queries, bookmark }: Shown): void {
  const text = queries.map(({ sql }) => sql).join("\n");
  span.setAttributes({
    "db.system.name": "cloudflare-d1",
    "db.operation.name": operation,
    "db.query.text": text,
    "db.operation.batch.size": operation === "batch" ? queries.length : undefined,
    "cloudflare.binding.type": "D1",
    "cloudflare.d1.query.bookmark": bookmark() ?? undefined,
  });
}

function end<T extends Told>(span: Span, { bookmark }: Shown, told: T): T {
  if ("error" in told) {
    span.setAttribute("error.type", told.error);
    return told;
  }
  const metas = (Array.isArray(told) ? told : [told]).map(({ meta }) => meta);
  const last = metas.at(-1);
  if (last === undefined) return told;
  const sum = (of: "changes" | "duration" | "rows_read" | "rows_written"): number =>
    metas.reduce((sum, meta) => sum + meta[of], 0);
  const of = "cloudflare.d1.response";
  span.setAttributes({
    [`${of}.bookmark`]: bookmark() ?? undefined,
    [`${of}.size_after`]: last.size_after,
    [`${of}.rows_read`]: sum("rows_read"),
    [`${of}.rows_written`]: sum("rows_written"),
    [`${of}.last_row_id`]: last.last_row_id,
    [`${of}.changed_db`]: metas.some(({ changed_db }) => changed_db),
    [`${of}.changes`]: sum("changes"),
    [`${of}.served_by_region`]: last.served_by_region as string | undefined,
    [`${of}.served_by_primary`]: last.served_by_primary as boolean | undefined,
    [`${of}.sql_duration_ms`]: sum("duration"),
    [`${of}.total_attempts`]: last.total_attempts as number | undefined,
  });
  return told;
}

function fail(span: Span, error: unknown): never {
  const { message, cause } = error as Error;
  span.setAttribute("error.type", cause instanceof Error ? cause.message : String(message));
  throw error;
}
