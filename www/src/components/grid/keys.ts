/** Where the keys of a grid lead to. */

export interface Place {
  /** -1 is the row of the names. */
  row: number;
  column: number;
}

interface Extent {
  rows: number;
  columns: number;
  /** Rows of a page. */
  page: number;
}

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** Undefined if the key is none of the grid's. */
export function moved(
  { row, column }: Place,
  { key, ctrlKey, metaKey }: Pressed,
  { rows, columns, page }: Extent,
): Place | undefined {
  const far = ctrlKey || metaKey;
  const at = (toRow: number, toColumn: number): Place => ({
    row: Math.max(-1, Math.min(toRow, rows - 1)),
    column: Math.max(0, Math.min(toColumn, columns - 1)),
  });
  switch (key) {
    case "ArrowUp":
      return far ? at(0, column) : at(row - 1, column);
    case "ArrowDown":
      return far ? at(rows - 1, column) : at(row + 1, column);
    case "ArrowLeft":
      return at(row, far ? 0 : column - 1);
    case "ArrowRight":
      return at(row, far ? columns - 1 : column + 1);
    case "PageUp":
      return at(Math.max(0, row - page), column);
    case "PageDown":
      return at(row + page, column);
    case "Home":
      return at(far ? 0 : row, 0);
    case "End":
      return at(far ? rows - 1 : row, columns - 1);
    default:
      return undefined;
  }
}
