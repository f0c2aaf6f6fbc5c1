/** Charts of the samples that the page takes. */

import * as format from "../format.ts";
import { regionName } from "../regions.ts";
import type { ChartData, Line } from "./chart_data.ts";
import { meanOf } from "./hours.ts";
import { type Sample, SAMPLE_MS, type Totals } from "./sampler.ts";

/** Samples further apart have a gap between them. */
const GAP_MS = 4 * SAMPLE_MS;

type Value = (sample: Sample, before: Sample | undefined) => number | null | undefined;

/** The samples, and an empty one within each gap. */
interface Points {
  times_s: number[];
  line: (title: string, value: Value) => Line;
}

function pointsOf(samples: readonly Sample[]): Points {
  const points: { time_ms: number; at: number | null }[] = [];
  const isAfterGap = (at: number): boolean => {
    const [before, sample] = [samples[at - 1], samples[at]];
    return before !== undefined && sample !== undefined && sample.time_ms - before.time_ms > GAP_MS;
  };
  samples.forEach(({ time_ms }, at) => {
    if (isAfterGap(at)) points.push({ time_ms: time_ms - SAMPLE_MS, at: null });
    points.push({ time_ms, at });
  });
  const value = (at: number | null, of: Value): number | null => {
    const sample = at === null ? undefined : samples[at];
    if (at === null || sample === undefined) return null;
    return of(sample, isAfterGap(at) ? undefined : samples[at - 1]) ?? null;
  };
  return {
    times_s: points.map(({ time_ms }) => time_ms / 1_000),
    line: (title, of) => ({ title, values: points.map(({ at }) => value(at, of)) }),
  };
}

/** What came between two samples; none where the primary has begun to count anew. */
function between(sample: Sample, before: Sample | undefined): (Totals & { ms: number }) | undefined {
  const [now, then] = [sample.totals, before?.totals];
  if (now === undefined || then === undefined || before === undefined) return undefined;
  const grown = {
    reads: now.reads - then.reads,
    writes: now.writes - then.writes,
    rows_read: now.rows_read - then.rows_read,
    rows_written: now.rows_written - then.rows_written,
    duration_ms: now.duration_ms - then.duration_ms,
  };
  if (Object.values(grown).some((count) => count < 0)) return undefined;
  return { ...grown, ms: sample.time_ms - before.time_ms };
}

const rate = (key: "reads" | "writes" | "rows_read" | "rows_written"): Value => (sample, before) => {
  const grown = between(sample, before);
  return grown && (grown[key] * 1_000) / grown.ms;
};

const mean: Value = (sample, before) => {
  const grown = between(sample, before);
  return grown && meanOf(grown);
};

const NO_REPLICAS_TOLD = "This Worker does not tell of its replicas. A newer one does.";
const NO_REPLICA = "No other region has read this database yet, so there is no replica that could lag.";
const NO_BACKUP = "No bucket is bound for backups.";

export function liveCharts(samples: readonly Sample[], tellsReplicas: boolean | undefined): ChartData[] {
  const { times_s, line } = pointsOf(samples);
  const lines = { kind: "line", times_s } as const;
  const newest = samples.at(-1);
  const regions = [...new Set(samples.flatMap(({ replicas }) =>
    replicas?.replicas.map(({ region }) => region) ?? []))].sort();
  const ofRegions = (value: "lag_ms" | "reads_per_second") => regions.map((region) =>
    line(regionName(region), ({ replicas }) =>
      replicas?.replicas.find((it) => it.region === region)?.[value]));
  const withoutReplicas = tellsReplicas === false
    ? NO_REPLICAS_TOLD
    : tellsReplicas === true && regions.length === 0 ? NO_REPLICA : undefined;
  return [
    {
      ...lines,
      title: "Queries of the primary",
      tell: format.perSecond,
      lines: [line("Reads", rate("reads")), line("Writes", rate("writes"))],
    },
    {
      ...lines,
      title: "Mean duration of a query",
      tell: format.milliseconds,
      lines: [line("Mean", mean)],
      note: "A gap where nothing ran between two samples. By the platform’s clock, which stands still " +
        "while a database computes.",
    },
    {
      ...lines,
      title: "Rows read",
      tell: format.perSecond,
      lines: [line("Rows read", rate("rows_read"))],
    },
    {
      ...lines,
      title: "Rows written",
      tell: format.perSecond,
      lines: [line("Rows written", rate("rows_written"))],
    },
    {
      ...lines,
      title: "Storage",
      tell: format.bytes,
      lines: [line("Size", ({ size_bytes }) => size_bytes)],
      note: "Of the database’s pages; its log and its past come on top.",
    },
    {
      ...lines,
      title: "Replication lag",
      tell: format.milliseconds,
      lines: ofRegions("lag_ms"),
      missing: withoutReplicas,
      note: "How long a region’s replica has lacked a commit. A gap while it sleeps.",
    },
    {
      ...lines,
      title: "Reads that regions answered",
      tell: format.perSecond,
      lines: ofRegions("reads_per_second"),
      missing: withoutReplicas,
    },
    {
      ...lines,
      title: "Backup lag",
      tell: format.milliseconds,
      lines: [line("Lag", ({ backup }) => (backup?.enabled ? backup.lag_ms : undefined))],
      missing: newest?.backup?.enabled === false ? NO_BACKUP : undefined,
      note: "For how long a commit has not been in the bucket.",
    },
  ];
}
