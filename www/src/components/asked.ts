/** What a page asked the server for: not there yet, there, or failed and to be asked again. */

import { useCallback, useEffect, useState } from "preact/hooks";

export interface Asked<T> {
  /** The last value that came, also while another is asked for. */
  value: T | undefined;
  error: unknown;
  reload: () => void;
}

/** Asks anew whenever one of `inputs` is another. */
export function useAsked<T>(ask: () => Promise<T>, inputs: readonly unknown[]): Asked<T> {
  const [state, setState] = useState<{ value?: T; error?: unknown }>({});
  const [count, setCount] = useState(0);
  useEffect(() => {
    let current = true;
    const settle = (next: { value?: T; error?: unknown }) => {
      if (current) setState((before) => ({ ...before, error: undefined, ...next }));
    };
    ask().then((value) => settle({ value }), (error: unknown) => settle({ error }));
    return () => {
      current = false;
    };
  }, [...inputs, count]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  return { value: state.value, error: state.error, reload };
}

const SETTLED_MS = 250;

/** A value once it is no longer being changed, as by typing. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
