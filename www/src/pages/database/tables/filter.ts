/** Conditions on columns, by which rows are found. */

import type { Param } from "../../../api/queries.ts";
import { affinityOf, type Column } from "./schema.ts";
import { integerOf, realOf, typed } from "./typed.ts";
import { bound, quoted, type Sql } from "./value.ts";

export const OPERATORS = {
  equal: "=",
  unequal: "≠",
  contains: "contains",
  less: "<",
  greater: ">",
  null: "is NULL",
  given: "is not NULL",
} as const;

export type Operator = keyof typeof OPERATORS;

export interface Filter {
  column: string;
  operator: Operator;
  text: string;
}

export const needsText = (operator: Operator): boolean =>
  operator !== "null" && operator !== "given";

/** All of them together; empty if there is none. */
export function filterSql(filters: readonly Filter[], columns: readonly Column[]): Sql {
  const parts = filters.flatMap((filter) => {
    const column = columns.find(({ name }) => name === filter.column);
    return column === undefined ? [] : [conditionOf(filter, column)];
  });
  return {
    sql: parts.map(({ sql }) => sql).join(" AND "),
    params: parts.flatMap(({ params }) => params),
  };
}

function conditionOf({ operator, text }: Filter, column: Column): Sql {
  const name = quoted(column.name);
  switch (operator) {
    case "null":
      return { sql: `${name} IS NULL`, params: [] };
    case "given":
      return { sql: `${name} IS NOT NULL`, params: [] };
    case "contains": {
      const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
      return { sql: `${name} LIKE ? ESCAPE '\\'`, params: [pattern] };
    }
    case "equal":
    case "unequal": {
      const meanings = meaningsOf(text, column);
      const holes = meanings.map(() => "?").join(", ");
      return { sql: `${name} ${operator === "equal" ? "IN" : "NOT IN"} (${holes})`, params: meanings };
    }
    case "less":
      return { sql: `${name} < ?`, params: meaningsOf(text, column).slice(-1) };
    case "greater":
      return { sql: `${name} > ?`, params: meaningsOf(text, column).slice(-1) };
  }
}

/** What typed text may stand for: text itself, and the number that it reads as; or a BLOB, as x'00ff'. */
function meaningsOf(text: string, { type }: Column): Param[] {
  if (/^\s*x'([0-9a-f]{2})*'\s*$/i.test(text)) return bound(typed("blob", text)).params;
  const integer = integerOf(text);
  const real = integer === undefined ? realOf(text) : undefined;
  const isNumber = (integer ?? real) !== undefined && !real?.endsWith("Inf");
  if (affinityOf(type) === "TEXT" || !isNumber) return [text];
  return [text, integer === undefined ? Number(real) : { $integer: integer }];
}
