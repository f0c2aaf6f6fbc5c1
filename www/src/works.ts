/** Forks and restores: how far they are, also when they go on behind the page. */

import { signal } from "@preact/signals";
import type { LongWork } from "./api/databases.ts";
import { type Job, newestJob } from "./api/jobs.ts";
import { tell } from "./messages.ts";

export interface Work {
  id: number;
  title: string;
  job: Job | undefined;
}

export const works = signal<Work[]>([]);

const PAUSE_MS = 1_000;
let last = 0;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Shows a work of `database`, by id or name, until it is over; gives `answered` back. */
export function follow<T extends LongWork>(
  title: string,
  database: string,
  answered: Promise<T>,
): Promise<T> {
  const id = ++last;
  works.value = [...works.value, { id, title, job: undefined }];
  void watch(id, title, database, answered).finally(() => {
    works.value = works.value.filter((work) => work.id !== id);
  });
  return answered;
}

async function watch(
  id: number,
  title: string,
  database: string,
  answered: Promise<LongWork>,
): Promise<void> {
  let outcome: LongWork | undefined;
  const settled = answered.then(({ goesOn }) => ({ goesOn }), () => ({ goesOn: false }));
  void settled.then((it) => (outcome = it));
  while (outcome === undefined) {
    await Promise.race([settled, pause()]);
    if (outcome === undefined) show(id, await job(database));
  }
  if (!outcome.goesOn) return;
  for (;;) {
    await pause();
    const now = await job(database);
    show(id, now);
    if (now?.state === "complete") return tell(`${title}: done.`);
    if (now?.state === "error") return tell(`${title}: ${now.error ?? "it failed."}`, "failed");
  }
}

/** None while there is none yet, or its primary is too busy to tell. */
const job = (database: string): Promise<Job | undefined> =>
  newestJob(database).catch(() => undefined);

/** One that is over is an older one, or is told of in a moment. */
function show(id: number, job: Job | undefined): void {
  if (job?.state !== "running") return;
  works.value = works.value.map((work) => (work.id === id ? { ...work, job } : work));
}
