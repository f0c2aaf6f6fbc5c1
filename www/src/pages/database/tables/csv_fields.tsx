/** The beginning of a CSV file, and where each of its columns goes. */

import type { CsvRow } from "./csv.ts";
import type { CsvColumn, CsvType } from "./csv_columns.ts";
import type { Column } from "./schema.ts";

const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 60;

export function Preview({ rows, header }: { rows: readonly CsvRow[]; header: boolean }) {
  const shown = rows.slice(0, SHOWN_ROWS + (header ? 1 : 0));
  return (
    <div class="table-frame preview" tabIndex={0} role="region" aria-label="Beginning of the file">
      <table class="list">
        <tbody>
          {shown.map(({ line, fields }, at) => (
            <tr key={line}>
              {fields.map((field, of) => {
                const text = field === null ? <span class="faint">NULL</span> : cut(field);
                const isHead = header && at === 0;
                return isHead ? <th key={of} scope="col">{text}</th> : <td key={of}>{text}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const cut = (text: string): string =>
  text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;

const TYPES: Record<CsvType, string> = { text: "Text", integer: "Integer", real: "Real" };

interface ColumnFieldsProps {
  columns: readonly CsvColumn[];
  /** Those of the table that it goes to; undefined of a new one. */
  there: readonly Column[] | undefined;
  onChange: (columns: CsvColumn[]) => void;
}

export function ColumnFields({ columns, there, onChange }: ColumnFieldsProps) {
  const set = (at: number, part: Partial<CsvColumn>) =>
    onChange(columns.map((column, of) => (of === at ? { ...column, ...part } : column)));
  return (
    <div class="table-frame">
      <table class="list columns">
        <thead>
          <tr><th scope="col">In the file</th><th scope="col">Column</th><th scope="col">Type</th></tr>
        </thead>
        <tbody>
          {columns.map(({ title, to, type }, at) => (
            <tr key={at}>
              <th scope="row">{title}</th>
              <td>
                {there === undefined
                  ? (
                    <input
                      aria-label={`Column for ${title}`}
                      value={to}
                      placeholder="left out"
                      onInput={(event) => set(at, { to: event.currentTarget.value })}
                    />
                  )
                  : (
                    <select
                      aria-label={`Column for ${title}`}
                      value={to}
                      onChange={(event) => set(at, { to: event.currentTarget.value })}
                    >
                      <option value="">Left out</option>
                      {there.filter(({ generated }) => !generated).map(({ name }) => (
                        <option key={name} value={name}>{name}</option>
                      ))}
                    </select>
                  )}
              </td>
              <td>
                <select
                  aria-label={`Type of ${title}`}
                  value={type}
                  onChange={(event) => set(at, { type: event.currentTarget.value as CsvType })}
                >
                  {Object.entries(TYPES).map(([key, name]) => (
                    <option key={key} value={key}>{name}</option>
                  ))}
                </select>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
