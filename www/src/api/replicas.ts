/** What a database does in each region, and how long a read takes where the Worker runs. */

import { ask } from "./rest.ts";

export interface PrimaryState {
  /** Null where the platform placed it. */
  region: string | null;
  bookmark: string;
  epoch: number;
  txid: number;
  size_bytes: number;
  log_commits: number;
  log_bytes: number;
  followers: number;
}

/** What is not known is null. */
export interface ReplicaState {
  region: string;
  object: string;
  state: "following" | "filling" | "asleep" | "silent";
  txid: number | null;
  lag_commits: number | null;
  lag_ms: number | null;
  age_ms: number | null;
  reads_per_second: number | null;
  /** How long its last question to the primary took. */
  trip_ms: number | null;
}

export interface Replicas {
  primary: PrimaryState;
  replicas: ReplicaState[];
}

export interface Measured {
  /** Where it was measured. */
  region: string | null;
  primary_region: string | null;
  /** Reads from the isolate's memory, and how many microseconds one took. */
  memory: { reads: number; us: number | null } | null;
  replica_ms: number | null;
  primary_ms: number | null;
}

const one = (id: string): string => `/${encodeURIComponent(id)}`;

export const getReplicas = async (id: string): Promise<Replicas> =>
  (await ask<Replicas>("GET", `${one(id)}/replicas`)).result;

/** Reads as a Worker there would, so it makes the replicas that such a read makes. */
export const measureReads = async (id: string): Promise<Measured> =>
  (await ask<Measured>("POST", `${one(id)}/measure`)).result;
