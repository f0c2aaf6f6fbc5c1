/** A number that goes from one value to the next in as long as it takes until another one comes. */

import { useEffect, useRef } from "preact/hooks";

export const wantsMotion = (): boolean => !matchMedia("(prefers-reduced-motion: reduce)").matches;

const TAKES_MS = 900;

interface SmoothProps {
  value: number;
  text: (value: number) => string;
}

/** It changes its text by itself: rendering sixty times a second would cost more. */
export function Smooth({ value, text }: SmoothProps) {
  const span = useRef<HTMLSpanElement>(null);
  const shown = useRef(value);
  useEffect(() => {
    const show = (now: number) => {
      shown.current = now;
      if (span.current !== null) span.current.textContent = text(now);
    };
    const from = shown.current;
    if (from === value || !wantsMotion()) return show(value);
    const begin_ms = performance.now();
    let frame = requestAnimationFrame(function step(now_ms) {
      const part = Math.min(1, Math.max(0, now_ms - begin_ms) / TAKES_MS);
      show(from + (value - from) * part);
      if (part < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [value, text]);
  return <span ref={span} />;
}
