/** How wide columns are before anybody changes that. */

import { kindOf, type Row, shownText } from "../../sql/cells.ts";

export const WIDTH_MIN = 56;
const WIDTH_MAX = 380;
const CHARACTER_PX = 8;
const PADDING_PX = 28;
/** Of what stands behind a BLOB. */
const NOTE_CHARACTERS = 9;
/** Rows that are looked at. */
const SAMPLE = 100;

export function fitting(columns: readonly string[], rows: readonly Row[]): number[] {
  const sample = rows.slice(0, SAMPLE);
  return columns.map((name, at) => {
    const lengths = sample.map(({ [at]: cell }) =>
      shownText(cell).length + (kindOf(cell) === "blob" ? NOTE_CHARACTERS : 0)
    );
    const longest = Math.max(name.length, ...lengths);
    return Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, PADDING_PX + longest * CHARACTER_PX));
  });
}
