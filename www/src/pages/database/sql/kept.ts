/**
 * What this browser keeps of a database's SQL: the text that is being written, and what was run.
 *
 * The text is kept twice: for this tab of the browser, so that two of them do not overwrite each other,
 * and for the next one that opens.
 */

export interface Entry {
  sql: string;
  time_ms: number;
  outcome: "done" | "failed" | "cancelled";
}

const ENTRIES_MAX = 200;
const CHARACTERS_MAX = 200_000;

export const draftOf = (database: string): string =>
  read("sessionStorage", draftKey(database)) ?? read("localStorage", draftKey(database)) ?? "";

export function keepDraft(database: string, text: string): void {
  write("sessionStorage", draftKey(database), text);
  write("localStorage", draftKey(database), text);
}

export function historyOf(database: string): Entry[] {
  try {
    const kept: unknown = JSON.parse(read("localStorage", historyKey(database)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isEntry) : [];
  } catch {
    return []; // Another program wrote it.
  }
}

/** The newest first; the same text once. */
export function keepEntry(database: string, entry: Entry): Entry[] {
  const others = historyOf(database).filter(({ sql }) => sql !== entry.sql);
  let characters = 0;
  const kept = [entry, ...others].slice(0, ENTRIES_MAX).filter(({ sql }) => {
    characters += sql.length;
    return characters <= CHARACTERS_MAX;
  });
  write("localStorage", historyKey(database), JSON.stringify(kept));
  return kept;
}

export const clearHistory = (database: string): void => {
  write("localStorage", historyKey(database), "[]");
};

const draftKey = (database: string): string => `isolite-sql-draft:${database}`;
const historyKey = (database: string): string => `isolite-sql-history:${database}`;

function isEntry(value: unknown): value is Entry {
  const { sql, time_ms, outcome } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return typeof sql === "string" && typeof time_ms === "number" && typeof outcome === "string";
}

type Place = "localStorage" | "sessionStorage";

/** A browser may refuse even to name the place. */
function read(place: Place, key: string): string | null {
  try {
    return globalThis[place].getItem(key);
  } catch {
    return null;
  }
}

function write(place: Place, key: string, text: string): void {
  try {
    globalThis[place].setItem(key, text);
  } catch {
    // Then it lasts as long as the page.
  }
}
