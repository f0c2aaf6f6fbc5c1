/** Charts of hours: what REST's statistics have of the past. */

import type { Hour } from "../api/history.ts";
import * as format from "../format.ts";
import type { ChartData } from "./chart_data.ts";

const OF_THE_PRIMARY =
  "What the primary ran. Reads that replicas answered, in regions or in memory, are not counted.";

/** An hour in which nothing ran has no figures, and no bar. */
export function hourCharts(hours: Hour[]): ChartData[] {
  const times_s = hours.map(({ time_ms }) => time_ms / 1_000);
  const bars = { kind: "bars", times_s } as const;
  const line = (title: string, value: (hour: Hour) => number | null) =>
    ({ title, values: hours.map(value) });
  return [
    {
      ...bars,
      title: "Queries by the hour",
      tell: format.whole,
      lines: [line("Reads", (it) => it.reads), line("Writes", (it) => it.writes)],
      note: OF_THE_PRIMARY,
    },
    {
      ...bars,
      title: "Mean duration of a query",
      tell: format.milliseconds,
      lines: [line("Mean", meanOf)],
      note: "By the platform’s clock, which stands still while a database computes: often 0. Sums are " +
        "kept, and so no percentiles.",
    },
    {
      ...bars,
      title: "Rows read by the hour",
      tell: format.whole,
      lines: [line("Rows read", (it) => it.rows_read)],
    },
    {
      ...bars,
      title: "Rows written by the hour",
      tell: format.whole,
      lines: [line("Rows written", (it) => it.rows_written)],
    },
  ];
}

export function meanOf({ reads, writes, duration_ms }: Omit<Hour, "time_ms">): number | null {
  return reads + writes === 0 ? null : duration_ms / (reads + writes);
}
