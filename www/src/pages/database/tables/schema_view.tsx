/** What a table is made of. */

import type { ComponentChildren } from "preact";
import { CopyButton } from "../../../components/copy_button.tsx";
import { href, place } from "../../../router.ts";
import { type ForeignKey, type Index, type Item, rowidColumn, type Table } from "./schema.ts";

export function SchemaView({ table, items }: { table: Table; items: readonly Item[] }) {
  const made = items.filter(({ of, sql, kind }) =>
    of === table.name && sql !== undefined && (kind === "index" || kind === "trigger"));
  const tags = [table.withoutRowid && "WITHOUT ROWID", table.strict && "STRICT"].filter(Boolean);
  return (
    <div class="schema">
      {tags.length > 0 && <p>{tags.map((tag) => <span key={tag} class="tag">{tag}</span>)}</p>}
      <Columns table={table} />
      {table.foreignKeys.length > 0 && <ForeignKeys keys={table.foreignKeys} />}
      {table.indexes.length > 0 && <Indexes indexes={table.indexes} />}
      {table.sql !== undefined && <Code title="Statement" sql={table.sql} />}
      {made.map(({ name, sql = "", kind }) => (
        <Code key={name} title={kind === "index" ? `Index ${name}` : `Trigger ${name}`} sql={sql} />
      ))}
    </div>
  );
}

function Columns({ table: { columns, indexes } }: { table: Table }) {
  const isAlone = columns.filter(({ key }) => key > 0).length === 1;
  // The rowid is never NULL, whatever its declaration says.
  const rowid = rowidColumn(columns, indexes);
  return (
    <Part title="Columns" heads={["Name", "Type", "Key", "NULL", "Default"]}>
      {columns.map((column) => (
        <tr key={column.name}>
          <th scope="row">{column.name}</th>
          <td>
            <code>{column.type || "any"}</code>
            {column.generated && <span class="tag">generated</span>}
          </td>
          <td>{column.key === 0 ? "–" : isAlone ? "primary" : `primary, ${column.key}`}</td>
          <td>{column.notNull || column.name === rowid ? "never" : "may be"}</td>
          <td>{column.default === undefined ? "–" : <code>{column.default}</code>}</td>
        </tr>
      ))}
    </Part>
  );
}

function ForeignKeys({ keys }: { keys: readonly ForeignKey[] }) {
  return (
    <Part title="Foreign keys" heads={["Columns", "Refer to", "On update", "On delete"]}>
      {keys.map(({ id, table, from, to, onUpdate, onDelete }) => (
        <tr key={id}>
          <th scope="row">{from.join(", ")}</th>
          <td>
            <a href={href(place.value.segments, { table, view: "schema" })}>{table}</a>
            {to.length > 0 && ` (${to.join(", ")})`}
          </td>
          <td>{onUpdate.toLowerCase()}</td>
          <td>{onDelete.toLowerCase()}</td>
        </tr>
      ))}
    </Part>
  );
}

const ORIGINS = { c: "CREATE INDEX", u: "UNIQUE", pk: "PRIMARY KEY" };

function Indexes({ indexes }: { indexes: readonly Index[] }) {
  return (
    <Part title="Indexes" heads={["Name", "Columns", "Unique", "Made by"]}>
      {indexes.map(({ name, columns, unique, origin, partial }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            {columns.map(({ name: column, descending }) =>
              `${column ?? "(an expression)"}${descending ? " descending" : ""}`).join(", ")}
          </td>
          <td>{unique ? "yes" : "no"}</td>
          <td>{ORIGINS[origin]}{partial && <span class="tag">partial</span>}</td>
        </tr>
      ))}
    </Part>
  );
}

interface PartProps {
  title: string;
  heads: string[];
  children: ComponentChildren;
}

function Part({ title, heads, children }: PartProps) {
  return (
    <section>
      <h3>{title}</h3>
      <div class="table-frame">
        <table class="list">
          <thead><tr>{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </section>
  );
}

function Code({ title, sql }: { title: string; sql: string }) {
  return (
    <section>
      <div class="code-head"><h3>{title}</h3><CopyButton text={sql} what="the statement" /></div>
      <pre tabIndex={0}><code>{sql}</code></pre>
    </section>
  );
}
