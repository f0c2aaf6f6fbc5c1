/** What a database has: tables and views with their columns, and indexes. */

import { Refused } from "./failure.ts";
import { type Result, runBatch } from "./queries.ts";

export interface Column {
  name: string;
  type: string;
  isKey: boolean;
}

export interface Index {
  name: string;
  /** Null for what is no column, as an expression. */
  columns: (string | null)[];
  isPartial: boolean;
}

export interface Relation {
  name: string;
  kind: "table" | "view";
  columns: Column[];
  indexes: Index[];
}

export type Schema = readonly Relation[];

const RELATIONS =
  "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name";
const columnsOf = (types: string) =>
  `SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema m, pragma_table_xinfo(m.name) c
   WHERE m.type IN (${types}) AND c.hidden <> 1 ORDER BY m.name, c.cid`;
const INDEXES =
  `SELECT m.name, i.name, i.partial, c.name FROM sqlite_schema m, pragma_index_list(m.name) i,
     pragma_index_xinfo(i.name) c WHERE m.type = 'table' AND c.key ORDER BY i.name, c.seqno`;

export async function readSchema(database: string, asOf?: string): Promise<Schema> {
  const ask = (types: string) =>
    runBatch(database, [RELATIONS, columnsOf(types), INDEXES].map((sql) => ({ sql })), { asOf });
  try {
    return schemaOf(await ask("'table', 'view'"));
  } catch (error) {
    // A view of something that there is no more has no columns.
    if (!(error instanceof Refused) || error.status !== 400) throw error;
    return schemaOf(await ask("'table'"));
  }
}

function schemaOf([relations, columns, indexes]: Result[]): Schema {
  const all = new Map<string, Relation>();
  for (const [name, kind] of relations?.rows ?? []) {
    const relation = { name: String(name), kind: kind as "table" | "view", columns: [], indexes: [] };
    all.set(relation.name, relation);
  }
  for (const [of, name, type, key] of columns?.rows ?? []) {
    const column = { name: String(name), type: String(type), isKey: key !== 0 };
    all.get(String(of))?.columns.push(column);
  }
  for (const [of, name, partial, column] of indexes?.rows ?? []) {
    const relation = all.get(String(of));
    let index = relation?.indexes.find((each) => each.name === name);
    if (index === undefined) {
      index = { name: String(name), columns: [], isPartial: partial !== 0 };
      relation?.indexes.push(index);
    }
    index.columns.push(column === null ? null : String(column));
  }
  return [...all.values()];
}
