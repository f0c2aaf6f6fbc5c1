/** Which rows of a long table are to be seen, so that no others are made. */

export const ROW_PX = 32;
/** Rows made above and below those that are seen. */
const BEYOND = 6;
/** Browsers make no element of more than some 17 million pixels. */
const HEIGHT_PX_MAX = 8_000_000;

export interface View {
  /** The whole height that is scrolled through. */
  height: number;
  first: number;
  /** Behind the last. */
  end: number;
  /** Where the first row is, from the top of all. */
  top: number;
}

/** A table too high for the browser is scrolled through faster than the scroll bar goes. */
const speed = (rows: number, viewHeight: number): number => {
  const full = rows * ROW_PX;
  return full <= HEIGHT_PX_MAX ? 1 : (full - viewHeight) / (HEIGHT_PX_MAX - viewHeight);
};

export function viewOf(rows: number, viewHeight: number, scrollTop: number): View {
  const top = scrollTop * speed(rows, viewHeight);
  const first = Math.max(0, Math.min(Math.floor(top / ROW_PX) - BEYOND, rows - 1));
  const end = Math.min(rows, Math.ceil((top + viewHeight) / ROW_PX) + BEYOND);
  const height = Math.min(rows * ROW_PX, HEIGHT_PX_MAX);
  return { height, first, end, top: scrollTop + first * ROW_PX - top };
}

/** How far to scroll so that a row is seen whole: not at all if it is. */
export function scrollTo(row: number, rows: number, viewHeight: number, scrollTop: number): number {
  const faster = speed(rows, viewHeight);
  const top = scrollTop * faster;
  const from = row * ROW_PX;
  if (from < top) return from / faster;
  const beyond = from + ROW_PX - viewHeight;
  return beyond > top ? beyond / faster : scrollTop;
}

/** The columns that are seen: those between two places, and where each one begins. */
export function columnsSeen(
  widths: readonly number[],
  scrollLeft: number,
  viewWidth: number,
): { at: number; left: number; width: number }[] {
  let left = 0;
  return widths.flatMap((width, at) => {
    const from = left;
    left += width;
    return left >= scrollLeft && from <= scrollLeft + viewWidth ? [{ at, left: from, width }] : [];
  });
}
