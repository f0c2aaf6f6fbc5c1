/** A chart with what it shows as text besides: its lines, what the pointer is at, and all of it as a table. */

import { useState } from "preact/hooks";
import type { ChartData, Period } from "./chart_data.ts";
import { Plot } from "./plot.tsx";
import { pointTime } from "./times.ts";

interface ChartProps {
  data: ChartData;
  period: Period;
  onZoom: (period: Period) => void;
}

export function Chart({ data, period, onZoom }: ChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const [isOpen, setOpen] = useState(false);
  const { title, note, missing } = data;
  const places = within(data, period);
  const isEmpty = places.every((at) => data.lines.every(({ values }) => values[at] == null));
  const at = pointed !== null && pointed < data.times_s.length ? pointed : undefined;
  return (
    <section class="card chart" aria-label={title}>
      <h3>{title}</h3>
      <Legend data={data} at={at} />
      {missing !== undefined ? <p class="nothing">{missing}</p> : (
        <>
          <div class="plot-frame">
            <Plot
              data={data}
              label={summary(data, places)}
              period={period}
              onZoom={onZoom}
              onPoint={setPointed}
            />
            {isEmpty && <p class="nothing over">Nothing is known of this time.</p>}
          </div>
          {note !== undefined && <p class="hint">{note}</p>}
          <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>As a table</summary>
            {isOpen && <Table data={data} places={places} />}
          </details>
        </>
      )}
    </section>
  );
}

/** What the pointer is at, or what stands last. */
function Legend({ data: { lines, times_s, tell, kind }, at }: { data: ChartData; at: number | undefined }) {
  const time_s = at === undefined ? undefined : times_s[at];
  return (
    <p class="legend">
      {lines.map(({ title, values }, index) => {
        const value = at === undefined ? undefined : values[at];
        return (
          <span key={title} class="entry">
            <i class={`swatch n${index + 1}`} />
            {title}
            {at !== undefined && <strong>{value == null ? "–" : tell(value)}</strong>}
          </span>
        );
      })}
      {time_s !== undefined && <time class="faint">{pointTime(time_s, kind)}</time>}
    </p>
  );
}

function Table({ data: { title, lines, times_s, tell, kind }, places }: {
  data: ChartData;
  places: number[];
}) {
  const known = places.filter((at) => lines.some(({ values }) => values[at] != null)).reverse();
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">{kind === "bars" ? "Hour that began" : "Time"}</th>
            {lines.map((line) => <th key={line.title} scope="col" class="number">{line.title}</th>)}
          </tr>
        </thead>
        <tbody>
          {known.map((at) => (
            <tr key={at}>
              <th scope="row">{pointTime(times_s[at] ?? 0, kind)}</th>
              {lines.map(({ title: name, values }) => {
                const value = values[at];
                return <td key={name} class="number">{value == null ? "–" : tell(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The points of the period. */
function within({ times_s }: ChartData, { from_s, to_s }: Period): number[] {
  return [...times_s.keys()].filter((at) => {
    const time_s = times_s[at] ?? 0;
    return time_s >= from_s && time_s <= to_s;
  });
}

/** For whoever does not see the picture. */
function summary({ title, lines, tell }: ChartData, places: number[]): string {
  const told = lines.map(({ title: name, values }) => {
    const known = places.map((at) => values[at]).filter((value) => value != null);
    const last = known.at(-1);
    if (last === undefined) return `${name}: nothing known`;
    const highest = known.reduce((most, value) => Math.max(most, value), 0);
    return `${name}: ${known.length} values, highest ${tell(highest)}, last ${tell(last)}`;
  });
  return `${title}. ${told.join(". ")}.`;
}
