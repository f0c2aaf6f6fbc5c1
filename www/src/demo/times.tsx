/** How long it took, told apart: SQLite inside the isolate, and the way of the browser there and back. */

import type { Shown } from "./main.tsx";

export function Times({ shown }: { shown: Shown | undefined }) {
  const figures = shown === undefined ? [] : [
    { title: "SQL in the isolate", text: sqlTime(shown), note: runs(shown), strong: true },
    { title: "Round trip of the browser", text: ms(shown.round_trip_ms), note: roundTrip(shown) },
    { title: "Answered by", ...answerer(shown) },
  ];
  return (
    <dl class="times">
      {figures.map(({ title, text, note, strong }: Figure) => (
        <div key={title} class={strong ? "strong" : undefined}>
          <dt>{title}</dt>
          <dd>{text}</dd>
          <dd class="note">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Figure {
  title: string;
  text: string;
  note: string;
  strong?: boolean;
}

const ms = (value: number): string =>
  `${new Intl.NumberFormat(undefined, { maximumSignificantDigits: value < 100 ? 2 : 3 }).format(value)} ms`;

const sqlTime = ({ sql, answered }: Shown): string =>
  sql.ms === null || !answered.memory ? "–" : ms(sql.ms);

function runs({ sql, answered }: Shown): string {
  if (!answered.memory) return "once the memory is filled";
  if (sql.ms === null) return "the clock of this Worker stands still";
  return sql.runs === 1 ? "one run" : `mean of ${sql.runs} runs`;
}

/** The runs that only the clock needed are in it. */
const roundTrip = ({ sql }: Shown): string =>
  sql.runs > 1 ? "with the runs for the clock" : "request and answer";

function answerer({ answered: { memory, region } }: Shown): { text: string; note: string } {
  const where = region === null ? "on this machine" : `in ${region}`;
  return memory
    ? { text: "Isolate’s memory", note: where }
    : { text: "Primary", note: `${where}, while the memory fills` };
}
