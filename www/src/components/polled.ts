/** What a page asks again and again, as long as somebody can see it. */

import { useEffect, useState } from "preact/hooks";

export interface Polled<T> {
  /** The last value that came. */
  value: T | undefined;
  /** What went wrong since. */
  error: unknown;
  /** When the value came. */
  at_ms: number;
  /** The question is open for longer than it should be. */
  late: boolean;
}

const EVERY_MS = 1_000;
/** After a failure, and twice as much after each other. */
const PAUSE_MS_MAX = 8_000;
const LATE_MS = 3_000;

export function usePolled<T>(ask: () => Promise<T>, inputs: readonly unknown[]): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({
    value: undefined, error: undefined, at_ms: 0, late: false,
  });
  useEffect(
    () => poll(ask, (next) => setPolled((before) => ({ ...before, late: false, ...next }))),
    inputs,
  );
  return polled;
}

/** Asks until it is told to stop, one question at a time. */
function poll<T>(ask: () => Promise<T>, tell: (next: Partial<Polled<T>>) => void): () => void {
  let stopped = false;
  let asking = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const once = async () => {
    clearTimeout(timer);
    if (stopped || asking || document.hidden) return;
    asking = true;
    const begin_ms = performance.now();
    const late = setTimeout(() => stopped || tell({ late: true }), LATE_MS);
    const next = await ask().then(
      (value): Partial<Polled<T>> => ({ value, error: undefined, at_ms: Date.now() }),
      (error: unknown) => ({ error }),
    );
    clearTimeout(late);
    asking = false;
    if (stopped) return;
    failures = next.error === undefined ? 0 : failures + 1;
    tell(next);
    const every_ms = Math.min(EVERY_MS * 2 ** failures, PAUSE_MS_MAX);
    timer = setTimeout(once, Math.max(0, every_ms - (performance.now() - begin_ms)));
  };
  document.addEventListener("visibilitychange", once);
  void once();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", once);
  };
}
