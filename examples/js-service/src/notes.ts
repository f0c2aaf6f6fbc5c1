/** Notes in a database with D1's interface: nothing in here knows which database that is. */

export interface Note {
  id: number;
  text: string;
  created: string;
}

/** Each line is one statement. */
export function setUp(db: D1Database): Promise<D1ExecResult> {
  return db.exec(`
    CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, created TEXT)
    CREATE INDEX IF NOT EXISTS notes_created ON notes (created)
  `);
}

export async function list(db: D1Database): Promise<{ total: number; notes: Note[] }> {
  const total = await db.prepare("SELECT count(*) AS total FROM notes").first<number>("total");
  const { results } = await db.prepare("SELECT * FROM notes ORDER BY id DESC LIMIT 20").all<Note>();
  return { total: total ?? 0, notes: results };
}

/** Creates all of them or, if one fails, none: a batch is one transaction. */
export async function create(db: D1Database, texts: string[]): Promise<Note[]> {
  const created = new Date().toISOString();
  const insert = db.prepare("INSERT INTO notes (text, created) VALUES (?1, ?2) RETURNING *");
  const replies = await db.batch<Note>(texts.map((text) => insert.bind(text, created)));
  return replies.flatMap(({ results }) => results);
}

export function read(db: D1Database, id: number): Promise<Note | null> {
  return db.prepare("SELECT * FROM notes WHERE id = ?").bind(id).first<Note>();
}

export async function remove(db: D1Database, id: number): Promise<{ removed: number } | null> {
  const { meta } = await db.prepare("DELETE FROM notes WHERE id = ?").bind(id).run();
  return meta.changes === 0 ? null : { removed: id };
}

export async function table(db: D1Database): Promise<string> {
  const rows = await db.prepare("SELECT * FROM notes ORDER BY id").raw({ columnNames: true });
  return rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: unknown): string {
  return `"${String(cell ?? "").replaceAll('"', '""')}"`;
}
