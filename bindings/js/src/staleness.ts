/**
 * How old the answer to a read may be.
 */

export interface Bounds {
  /**
   * How old the answer to a read may be, in milliseconds; unless told what is set of the database, or
   * 1,000. Reads are answered from
   * this isolate's memory once the database is there; what the same handle has written or read they
   * always see, and those of a session what the session has seen. 0 sends every read to the primary,
   * as D1 does without read replication.
   */
  max_staleness_ms?: number | undefined;
}

/** As good as no bound: some thirty years. */
const UNBOUNDED_MS = 1e12;

export const MAX_STALENESS_MS = 1_000;

/** Of a session that does not say: D1 bounds it by nothing, and its replicas lag by seconds. */
export const SESSION_AGE_MS_MAX = 10_000;

/** The bound; throws on what is none. */
export function checked(max_staleness_ms: number): number {
  if (typeof max_staleness_ms === "number" && max_staleness_ms >= 0) {
    return Math.min(max_staleness_ms, UNBOUNDED_MS);
  }
  throw new TypeError("isolite: max_staleness_ms must be a number of milliseconds, or 0");
}
