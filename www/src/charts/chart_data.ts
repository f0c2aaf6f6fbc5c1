/** What a chart shows, before it is drawn. Where nothing is known a value is null, and stays a gap. */

export interface Line {
  title: string;
  values: (number | null)[];
}

export interface ChartData {
  title: string;
  /** How a value is told, with its unit. */
  tell: (value: number) => string;
  /** Sums of a whole hour are bars; what was seen at a moment is a line. */
  kind: "bars" | "line";
  /** In seconds since 1970, ascending. */
  times_s: number[];
  lines: Line[];
  /** What is to be known of the figures. */
  note?: string;
  /** Why there is nothing to show. */
  missing?: string | undefined;
}

/** The part of the time that charts show, in seconds. */
export interface Period {
  from_s: number;
  to_s: number;
}
