/** What a database does over time, and which statements it spends its time on. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { hoursOf } from "../../api/history.ts";
import { Chart } from "../../charts/chart.tsx";
import type { ChartData, Period } from "../../charts/chart_data.ts";
import { hourCharts } from "../../charts/hours.ts";
import { liveCharts } from "../../charts/live.ts";
import { PeriodBar } from "../../charts/period_bar.tsx";
import { RANGES, type RangeName } from "../../charts/ranges.ts";
import { samplerOf } from "../../charts/sampler.ts";
import { useAsked } from "../../components/asked.ts";
import { Failure } from "../../components/failure.tsx";
import { CostliestStatements } from "./costliest_statements.tsx";
import type { TabProps } from "./tabs.ts";

export default function Charts({ database: { uuid } }: TabProps) {
  const [range, setRange] = useState<RangeName>("day");
  const [zoom, setZoom] = useState<Period>();
  const choose = (name: RangeName) => {
    setRange(name);
    setZoom(undefined);
  };
  const shared = { id: uuid, range, zoom, onRange: choose, onZoom: setZoom };
  return (
    <div class="charts">
      {range === "live" ? <Live {...shared} /> : <Past key={range} {...shared} />}
      <CostliestStatements id={uuid} range={range} />
    </div>
  );
}

interface PartProps {
  id: string;
  range: RangeName;
  zoom: Period | undefined;
  onRange: (name: RangeName) => void;
  onZoom: (period: Period | undefined) => void;
}

const REFRESH_MS = 60_000;

function Past({ id, range, zoom, onRange, onZoom }: PartProps) {
  const { hours } = RANGES[range];
  const [now_ms, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const from_ms = (Math.floor(now_ms / 3_600_000) - hours + 1) * 3_600_000;
  const asked = useAsked(() => hoursOf(id, from_ms), [id, now_ms]);
  const charts = useMemo(() => hourCharts(asked.value ?? []), [asked.value]);
  // A bar stands around the begin of its hour.
  const all = { from_s: from_ms / 1_000 - 1_800, to_s: now_ms / 1_000 + 1_800 };
  return (
    <>
      <PeriodBar range={range} all={all} zoom={zoom} onRange={onRange} onZoom={onZoom} />
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {asked.value === undefined && asked.error === undefined && <p role="status">Loading…</p>}
      {asked.value !== undefined && <Grid charts={charts} period={zoom ?? all} onZoom={onZoom} />}
      <p class="hint">
        Storage, lag and backup are known of the moment only: “Live” takes samples of them.
      </p>
    </>
  );
}

const LIVE_S_MIN = 300;
const LIVE_S_MAX = 3_600;

function Live({ id, range, zoom, onRange, onZoom }: PartProps) {
  const sampler = samplerOf(id);
  useEffect(() => sampler.use(), [sampler]);
  const samples = sampler.samples.value;
  const tells = sampler.tellsReplicas.value;
  const charts = useMemo(() => liveCharts(samples, tells), [samples, tells]);
  const to_s = (samples.at(-1)?.time_ms ?? Date.now()) / 1_000;
  const first_s = (samples[0]?.time_ms ?? Date.now()) / 1_000;
  const all = { from_s: Math.min(to_s - LIVE_S_MIN, Math.max(first_s, to_s - LIVE_S_MAX)), to_s };
  return (
    <>
      <PeriodBar range={range} all={all} zoom={zoom} onRange={onRange} onZoom={onZoom} />
      {sampler.failure.value !== undefined && (
        <p class="failure" role="alert">{sampler.failure.value} Samples go on to be taken.</p>
      )}
      <Grid charts={charts} period={zoom ?? all} onZoom={onZoom} />
      <p class="hint">
        Taken every four seconds while this is looked at, and kept for an hour in this page. It keeps the
        primary awake.
      </p>
    </>
  );
}

function Grid({ charts, period, onZoom }: {
  charts: ChartData[];
  period: Period;
  onZoom: (period: Period) => void;
}) {
  return (
    <div class="chart-grid">
      {charts.map((data) => <Chart key={data.title} data={data} period={period} onZoom={onZoom} />)}
    </div>
  );
}
