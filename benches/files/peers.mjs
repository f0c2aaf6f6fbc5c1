// The same work by others: SQLite in this process, and D1 as wrangler has it locally.

import { closeSync, copyFileSync, createReadStream, createWriteStream, fsyncSync, openSync, rmSync, writeFileSync }
  from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { Failure } from "../../scripts/toolchain.mjs";
import { wrangler } from "../../tests/support/wrangler.mjs";

/** A copy of a file, on the disk. */
export function copied(from, to) {
  copyFileSync(from, to);
  const file = openSync(to, "r+");
  fsyncSync(file);
  closeSync(file);
}

/** A file of SQLite as of now, while others may go on. */
export function vacuumed(from, to) {
  const database = new DatabaseSync(from, { readOnly: true });
  database.prepare("VACUUM INTO ?").run(to);
  database.close();
}

/** SQL as the shell's `.dump` writes it, of tables that are no virtual ones: a statement for each row. */
export async function dumped(from, to) {
  const database = new DatabaseSync(from, { readOnly: true });
  await pipeline(Readable.from(dump(database)), createWriteStream(to));
  database.close();
}

function* dump(database) {
  const objects = database.prepare(`SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL
    AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY type DESC`).all();
  yield "PRAGMA foreign_keys=OFF;\nBEGIN;\n";
  for (const { sql } of objects.filter(({ type }) => type === "table")) {
    yield `${sql.replace("'articles_", "'copied_")};\n`;
  }
  for (const { name } of objects.filter(({ type }) => type === "table")) {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(name);
    const values = columns.map((column) => `quote("${column.name}")`).join(" || ',' || ");
    const rows = database.prepare(`SELECT ${values} AS v FROM "${name}"`).iterate();
    let text = "";
    for (const { v } of rows) {
      text += `INSERT INTO "${name}" VALUES(${v});\n`;
      if (text.length > 1 << 16) {
        yield text;
        text = "";
      }
    }
    yield text;
  }
  for (const { sql } of objects.filter(({ type }) => type !== "table")) yield `${sql};\n`;
  yield "COMMIT;\n";
}

/**
 * Runs a file of SQL, as one transaction, durable at its end. Texts in it have no line that begins like
 * a statement, so it is cut at the ends of statements.
 */
export async function executed(sql, to) {
  rmSync(to, { force: true });
  const database = new DatabaseSync(to, { enableForeignKeyConstraints: true });
  // `.dump` and our exports of FTS5 tables refer to tables of their own.
  database.enableDefensive?.(false);
  database.exec("PRAGMA synchronous = FULL; BEGIN");
  let rest = "";
  for await (const piece of createReadStream(sql, { encoding: "utf8", highWaterMark: 4 << 20 })) {
    rest += piece;
    const end = rest.lastIndexOf(";\nINSERT INTO") + 2;
    if (end < 2) continue;
    database.exec(rest.slice(0, end));
    rest = rest.slice(end);
  }
  database.exec(rest);
  if (database.isTransaction) database.exec("COMMIT");
  database.close();
}

/** Seconds that `wrangler d1 execute --local` takes for a file, less those of a command that does nothing. */
export async function d1Executed(sql, directory) {
  const configuration = join(directory, "d1.json");
  const d1_databases = [{ binding: "DB", database_name: "bench", database_id: "bench" }];
  writeFileSync(configuration, JSON.stringify({ name: "bench", d1_databases }));
  const run = async (...args) => {
    const began_ms = performance.now();
    const all = ["d1", "execute", "bench", "--local", "-y", "-c", configuration, "--persist-to", directory];
    const { status, output } = await wrangler([...all, ...args], { cwd: directory });
    if (status !== 0) throw new Failure(output.slice(-2_000));
    return (performance.now() - began_ms) / 1_000;
  };
  await run("--command", "SELECT 1");
  const nothing = await run("--command", "SELECT 1");
  return (await run("--file", sql)) - nothing;
}
