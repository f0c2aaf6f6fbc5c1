/**
 * Figures that the page itself takes, as REST tells them of the moment only. They are kept for an hour,
 * and are gone with the page. While the charts are not looked at nothing is taken: that is a gap.
 */

import { signal } from "@preact/signals";
import { type Backup, backupOf } from "../api/backup.ts";
import { getDatabase } from "../api/databases.ts";
import { messageOf, Refused } from "../api/failure.ts";
import { type Hour, totalsOf } from "../api/history.ts";
import { getReplicas, type Replicas } from "../api/replicas.ts";

export type Totals = Omit<Hour, "time_ms">;

/** What did not come is undefined. */
export interface Sample {
  time_ms: number;
  totals: Totals | undefined;
  size_bytes: number | undefined;
  replicas: Replicas | undefined;
  backup: Backup | undefined;
}

export const SAMPLE_MS = 4_000;
const KEPT_MS = 3_600_000;

export class Sampler {
  readonly samples = signal<readonly Sample[]>([]);
  /** Why the newest ones lack something. */
  readonly failure = signal<string | undefined>(undefined);
  /** Whether the Worker is one that tells of its replicas; undefined until it is asked. */
  readonly tellsReplicas = signal<boolean | undefined>(undefined);
  readonly #id: string;
  /** Since when totals are summed, so that they only grow. */
  readonly #since_ms = Date.now();
  #users = 0;
  #runs = false;

  constructor(id: string) {
    this.#id = id;
  }

  /** Takes samples until what it returns is called. */
  use(): () => void {
    this.#users += 1;
    if (!this.#runs) void this.#run();
    return () => {
      this.#users -= 1;
    };
  }

  async #run(): Promise<void> {
    this.#runs = true;
    while (this.#users > 0) {
      if (document.visibilityState === "visible") await this.#take();
      await new Promise((done) => setTimeout(done, SAMPLE_MS));
    }
    this.#runs = false;
  }

  async #take(): Promise<void> {
    const id = this.#id;
    const failures: unknown[] = [];
    const tried = <T>(asked: Promise<T>): Promise<T | undefined> =>
      asked.catch((error: unknown) => {
        failures.push(error);
        return undefined;
      });
    const [totals, database, replicas, backup] = await Promise.all([
      tried(totalsOf(id, this.#since_ms)),
      tried(getDatabase(id)),
      tried(this.#replicas()),
      tried(backupOf(id)),
    ]);
    const time_ms = Date.now();
    const size_bytes = database?.file_size;
    const kept = this.samples.value.filter((sample) => sample.time_ms > time_ms - KEPT_MS);
    this.samples.value = [...kept, { time_ms, totals, size_bytes, replicas, backup }];
    this.failure.value = failures.length === 0 ? undefined : messageOf(failures[0]);
  }

  async #replicas(): Promise<Replicas | undefined> {
    if (this.tellsReplicas.value === false) return undefined;
    try {
      const replicas = await getReplicas(this.#id);
      this.tellsReplicas.value = true;
      return replicas;
    } catch (error) {
      if (!(error instanceof Refused) || ![404, 405].includes(error.status)) throw error;
      this.tellsReplicas.value = false;
      return undefined;
    }
  }
}

const samplers = new Map<string, Sampler>();

/** The one of this database, which outlives its tab. */
export function samplerOf(id: string): Sampler {
  const known = samplers.get(id);
  if (known !== undefined) return known;
  const made = new Sampler(id);
  samplers.set(id, made);
  return made;
}
