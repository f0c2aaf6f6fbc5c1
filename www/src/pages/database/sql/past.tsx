/** Reading the database as it was at a time. */

import { useEffect, useState } from "preact/hooks";
import type { Database } from "../../../api/databases.ts";
import { messageOf } from "../../../api/failure.ts";
import { bookmarkAt } from "../../../api/queries.ts";
import { useSettled } from "../../../components/asked.ts";
import { TimeField } from "../../../components/time_field.tsx";
import type { Past, Workspace } from "./workspace.ts";

const DAY_MS = 86_400_000;
/** What the past is kept for, unless the Worker or the database is set otherwise. */
const KEPT_DAYS = 30;

const exactly = (time_ms: number): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(time_ms);

export function PastBanner({ past, onEnd }: { past: Past; onEnd: () => void }) {
  return (
    <div class="past-banner" role="status">
      <p>
        You read the past, as of <strong>{exactly(Date.parse(past.timestamp))}</strong>. Nothing can
        be written.
      </p>
      <button type="button" onClick={onEnd}>Back to now</button>
    </div>
  );
}

export function PastPanel({ database, workspace }: { database: Database; workspace: Workspace }) {
  const [now] = useState(() => Math.floor(Date.now() / 1_000) * 1_000);
  const [oldest, setOldest] = useState(() => oldestOf(database, now));
  const past = workspace.past.value;
  const [time, setTime] = useState(past === undefined ? now : Date.parse(past.timestamp));
  const [failure, setFailure] = useState<string>();
  const settled = useSettled(time);
  useEffect(() => {
    if (settled >= now) {
      setFailure(undefined);
      if (workspace.past.value !== undefined) workspace.setPast(undefined);
      return;
    }
    const timestamp = new Date(settled).toISOString();
    if (timestamp === workspace.past.value?.timestamp) return;
    let current = true;
    bookmarkAt(database.uuid, timestamp).then((bookmark) => {
      if (!current) return;
      setFailure(undefined);
      workspace.setPast({ bookmark, timestamp });
    }, (error: unknown) => {
      if (!current) return;
      setFailure(messageOf(error));
      const first = oldestKept(messageOf(error));
      if (first !== undefined) setOldest(first);
    });
    return () => {
      current = false;
    };
  }, [settled]);
  // The banner ends it too.
  useEffect(() => {
    if (past === undefined) setTime(now);
  }, [past === undefined]);

  return (
    <section class="past card" aria-label="Read the past">
      <div class="field">
        <label for="past-time">As it was at</label>
        <input
          id="past-time"
          type="range"
          min={oldest}
          max={now}
          step={1_000}
          value={time}
          aria-valuetext={time >= now ? "now" : exactly(time)}
          onInput={(event) => setTime(Number(event.currentTarget.value))}
        />
        <div class="past-ends" aria-hidden="true">
          <span>{exactly(oldest)}</span>
          <strong>{time >= now ? "now" : exactly(time)}</strong>
          <span>now</span>
        </div>
      </div>
      <TimeField
        label="Exactly at"
        value={localTime(time)}
        onInput={(text) => {
          const typed = Date.parse(text);
          if (!Number.isNaN(typed)) setTime(Math.min(typed, now));
        }}
        hint="In your time zone. All that was committed until then is read."
      />
      <div role="alert" class="alert">{failure !== undefined && <p>{failure}</p>}</div>
    </section>
  );
}

function oldestOf({ created_at, retention_days = KEPT_DAYS }: Database, now: number): number {
  const created = Math.ceil(Date.parse(created_at) / 1_000) * 1_000;
  return Math.min(Math.max(created, now - retention_days * DAY_MS), now - 1_000);
}

/** REST tells it in words alone; where they change, the slider only goes too far. */
function oldestKept(message: string): number | undefined {
  const time = / of (\d{4}-[\d-]+T[\d:.]+Z)$/.exec(message)?.[1];
  return time === undefined ? undefined : Math.ceil(Date.parse(time) / 1_000) * 1_000;
}

/** As an input of a time has it. */
function localTime(time_ms: number): string {
  const offset = new Date(time_ms).getTimezoneOffset() * 60_000;
  return new Date(time_ms - offset).toISOString().slice(0, 19);
}
