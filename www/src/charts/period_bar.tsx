/** Chooses the time that all charts show; what dragging over a chart does, its buttons do too. */

import type { Period } from "./chart_data.ts";
import { RANGES, type RangeName } from "./ranges.ts";

interface PeriodBarProps {
  range: RangeName;
  /** All that the range has. */
  all: Period;
  zoom: Period | undefined;
  onRange: (name: RangeName) => void;
  onZoom: (period: Period | undefined) => void;
}

export function PeriodBar({ range, all, zoom, onRange, onZoom }: PeriodBarProps) {
  const { from_s, to_s } = zoom ?? all;
  const length_s = to_s - from_s;
  const middle_s = (from_s + to_s) / 2;
  /** Not beyond what there is; all of it is no zoom. */
  const show = (begin_s: number, new_length_s: number) => {
    const from = Math.max(all.from_s, Math.min(begin_s, all.to_s - new_length_s));
    const isAll = new_length_s >= all.to_s - all.from_s;
    onZoom(isAll ? undefined : { from_s: from, to_s: from + new_length_s });
  };
  const zoomed = (factor: number) => show(middle_s - (length_s * factor) / 2, length_s * factor);
  const moved = (part: number) => show(from_s + length_s * part, length_s);
  return (
    <div class="period-bar">
      <fieldset class="choices">
        <legend class="unseen">Time that the charts show</legend>
        {Object.entries(RANGES).map(([name, { title }]) => (
          <label key={name}>
            <input
              type="radio"
              name="range"
              checked={name === range}
              onChange={() => onRange(name as RangeName)}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <div class="zoom" role="group" aria-label="Zoom">
        <Step name="Earlier" sign="←" off={zoom === undefined} act={() => moved(-0.5)} />
        <Step name="Zoom in" sign="+" off={length_s < 60} act={() => zoomed(0.5)} />
        <Step name="Zoom out" sign="−" off={zoom === undefined} act={() => zoomed(2)} />
        <Step name="Later" sign="→" off={zoom === undefined} act={() => moved(0.5)} />
        <button
          type="button"
          class="quiet small"
          aria-disabled={zoom === undefined}
          onClick={() => onZoom(undefined)}
        >
          Show all
        </button>
      </div>
    </div>
  );
}

/** Stays where the focus can be when there is nothing to do. */
function Step({ name, sign, off, act }: { name: string; sign: string; off: boolean; act: () => void }) {
  const click = () => {
    if (!off) act();
  };
  return (
    <button type="button" class="quiet small" aria-label={name} title={name} aria-disabled={off} onClick={click}>
      {sign}
    </button>
  );
}
