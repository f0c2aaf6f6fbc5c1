/** What the regions of a database are doing, of what was polled last and the times before. */

import { useRef } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import type { PrimaryState, ReplicaState, Replicas } from "../../../api/replicas.ts";

export type Kind = "primary" | "replica" | "asleep" | "silent" | "none";

export interface Standing {
  primary: PrimaryState | undefined;
  /** As in the table of regions, where it is known. */
  primaryRegion: string | undefined;
  replicas: readonly ReplicaState[];
  /** Over the last seconds; undefined before there were two answers. */
  commitsPerSecond: number | undefined;
}

interface Sample {
  at_ms: number;
  txid: number;
  epoch: number;
}

const SECONDS_OF_RATE = 5;

export function useStanding(polled: Replicas | undefined, database: Database): Standing {
  const samples = useRef<Sample[]>([]);
  const last = useRef<Replicas | undefined>(undefined);
  if (polled !== undefined && last.current !== polled) {
    last.current = polled;
    const { txid, epoch } = polled.primary;
    const now = { at_ms: performance.now(), txid, epoch };
    const since = now.at_ms - SECONDS_OF_RATE * 1_000;
    samples.current = [...samples.current.filter((it) => it.at_ms >= since && it.epoch === epoch), now];
  }
  const primaryRegion = polled?.primary.region ?? database.running_in_region;
  return {
    primary: polled?.primary,
    primaryRegion: primaryRegion?.toLowerCase(),
    // The new primary's own region may have had one.
    replicas: (polled?.replicas ?? []).filter(({ region }) => region !== primaryRegion?.toLowerCase()),
    commitsPerSecond: rate(samples.current),
  };
}

function rate(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  return (last.txid - first.txid) / ((last.at_ms - first.at_ms) / 1_000);
}

export const replicaIn = ({ replicas }: Standing, region: string): ReplicaState | undefined =>
  replicas.find((replica) => replica.region === region);

export function kindOf(standing: Standing, region: string): Kind {
  if (region === standing.primaryRegion) return "primary";
  const replica = replicaIn(standing, region);
  if (replica === undefined) return "none";
  const { state } = replica;
  return state === "asleep" || state === "silent" ? state : "replica";
}

const STATES: Readonly<Record<ReplicaState["state"], string>> = {
  following: "follows",
  filling: "is being filled",
  asleep: "sleeps: nobody has read there for a minute",
  silent: "does not answer",
};

export const stateText = ({ state }: ReplicaState): string => STATES[state];

