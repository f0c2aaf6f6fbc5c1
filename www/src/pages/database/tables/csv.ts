/**
 * CSV as RFC 4180 has it, read as it comes in, and written.
 *
 * NULL is a field without anything, an empty text is a pair of quotes: so what was written here is read
 * again as it was.
 */

export interface CsvRow {
  /** Of the file, from 1, where the row begins. */
  line: number;
  fields: (string | null)[];
}

/** Rows of text that comes in parts of any size. */
export class CsvReader {
  #delimiter: string;
  #line = 1;
  #rowLine = 1;
  #field = "";
  #fields: (string | null)[] = [];
  #isQuoted = false;
  #state: "plain" | "quoted" | "quote" = "plain";
  #afterReturn = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  push(text: string): CsvRow[] {
    const rows: CsvRow[] = [];
    for (const character of text) this.#take(character, rows);
    return rows;
  }

  /** What is left at the end; throws if a quote was never closed. */
  end(): CsvRow[] {
    if (this.#state === "quoted") {
      throw new Error(`The quotation mark in the row of line ${this.#rowLine} is never closed.`);
    }
    const rows: CsvRow[] = [];
    this.#endRow(rows);
    return rows;
  }

  #take(character: string, rows: CsvRow[]): void {
    const wasReturn = this.#afterReturn;
    this.#afterReturn = character === "\r";
    const isNewline = character === "\n" || character === "\r";
    const isSecond = character === "\n" && wasReturn;
    if (isNewline && !isSecond) this.#line += 1;
    if (this.#state === "quoted") {
      if (character === '"') this.#state = "quote";
      else this.#field += character;
    } else if (this.#state === "quote" && character === '"') {
      this.#field += '"';
      this.#state = "quoted";
    } else if (character === '"' && this.#field === "" && !this.#isQuoted) {
      this.#isQuoted = true;
      this.#state = "quoted";
    } else if (character === this.#delimiter) {
      this.#endField();
    } else if (isNewline) {
      if (isSecond) this.#rowLine = this.#line;
      else this.#endRow(rows);
    } else {
      this.#field += character;
    }
  }

  #endField(): void {
    this.#fields.push(this.#field === "" && !this.#isQuoted ? null : this.#field);
    this.#field = "";
    this.#isQuoted = false;
    this.#state = "plain";
  }

  #endRow(rows: CsvRow[]): void {
    this.#endField();
    const fields = this.#fields;
    // A line without anything is no row.
    if (fields.length > 1 || fields[0] !== null) rows.push({ line: this.#rowLine, fields });
    this.#fields = [];
    this.#rowLine = this.#line;
  }
}

export const DELIMITERS: Readonly<Record<string, string>> = {
  ",": "Comma",
  ";": "Semicolon",
  "\t": "Tab",
  "|": "Vertical bar",
};

/** The whole rows at the beginning of a file. */
export function beginning(text: string, delimiter: string, isWhole: boolean): CsvRow[] {
  const reader = new CsvReader(delimiter);
  const rows = reader.push(text);
  try {
    return isWhole ? [...rows, ...reader.end()] : rows;
  } catch {
    return rows; // The import tells of it, and of its line.
  }
}

/** The one that gives the most columns, as many in each row. */
export function delimiterOf(text: string, isWhole: boolean): string {
  let best = { delimiter: ",", columns: 1 };
  for (const delimiter of Object.keys(DELIMITERS)) {
    const rows = beginning(text, delimiter, isWhole).slice(0, 50);
    const columns = rows[0]?.fields.length ?? 0;
    const isEven = rows.every(({ fields }) => fields.length === columns);
    if (isEven && columns > best.columns) best = { delimiter, columns };
  }
  return best.delimiter;
}

/** Whether the first row has names: texts, each another one, none of which reads as a number. */
export function hasHeader([first]: readonly CsvRow[]): boolean {
  const names = first?.fields ?? [];
  return names.every((name) => name !== null && name.trim() !== "" && Number.isNaN(Number(name))) &&
    new Set(names).size === names.length;
}

/** A field of a file; NULL is nothing at all. */
export function written(field: string | null): string {
  if (field === null) return "";
  return field === "" || /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A text that a spreadsheet would run as a formula gets a `'` in front; a number is none. */
export function guarded(field: string | null): string | null {
  const isFormula = field !== null && /^[=+\-@\t\r\n]/.test(field) && !/^[+-][\d.]+(e[+-]?\d+)?$/i.test(field);
  return isFormula ? `'${field}` : field;
}

export const writtenRow = (fields: readonly (string | null)[]): string =>
  // A row of one NULL would be a line without anything, which is no row.
  `${fields.length === 1 && fields[0] === null ? '""' : fields.map(written).join(",")}\r\n`;
