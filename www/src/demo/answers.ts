/** What the demo's Worker answers, scripts/demo/worker.mjs. */

export interface City {
  /** The matches stand between U+0001 and U+0002. */
  name: string;
  country: string;
  code: string;
  population: number;
  latitude: number;
  longitude: number;
}

export interface Found {
  cities: City[];
  /** The mean of some runs of the query; null where the clock does not tell. */
  sql: { ms: number | null; runs: number };
  answered: { memory: boolean; region: string | null };
  statement: string;
  /** What its parameter was, empty if it has none. */
  match: string;
}

export interface World {
  count: number;
  /** Squares of 1.5 degrees from the upper left, and how many cities are in each. */
  squares: [x: number, y: number, count: number][];
}

/** One that never comes would hold up all that follow. */
const ANSWER_MS_MAX = 10_000;

export async function get<T>(path: string): Promise<T> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(path, { cache: "no-store", signal });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
  return answer;
}
