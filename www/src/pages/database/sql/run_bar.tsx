/** What can be done with the statements in the editor, and whether they write. */

import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../../components/icon.tsx";
import { natureOf } from "../../../sql/nature.ts";
import type { Statement } from "../../../sql/statements.ts";
import type { Target } from "./editor_target.ts";
import type { Running } from "./workspace.ts";

interface RunBarProps {
  target: Target;
  running: Running | undefined;
  isPast: boolean;
  isPastOpen: boolean;
  onRun: (which: "here" | "all") => void;
  onPlan: () => void;
  onHistory: () => void;
  onPast: () => void;
}

const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

export function RunBar(
  { target, running, isPast, isPastOpen, onRun, onPlan, onHistory, onPast }: RunBarProps,
) {
  const writes = target.here.some((each) => natureOf(each).writes);
  const nothing = target.here.length === 0;
  return (
    <div class="sql-bar">
      <button
        type="button"
        class={writes ? "primary writes" : "primary"}
        aria-disabled={running !== undefined || nothing}
        title={`${COMMAND}+Enter`}
        onClick={() => onRun("here")}
      >
        {target.here.length > 1 ? `Run ${target.here.length} statements` : "Run"}
      </button>
      <button
        type="button"
        aria-disabled={running !== undefined || target.all.length === 0}
        title={`${COMMAND}+Shift+Enter`}
        onClick={() => onRun("all")}
      >
        Run all
      </button>
      <button type="button" aria-disabled={running !== undefined || nothing} onClick={onPlan}>
        Plan
      </button>
      <p class="sql-state" role="status">
        {running === undefined
          ? !nothing && <Mark statements={target.here} isPast={isPast} />
          : <Elapsed since={running.began_ms} />}
      </p>
      {running !== undefined && (
        <button type="button" onClick={running.cancel}>Cancel</button>
      )}
      <div class="sql-more">
        <button type="button" class="quiet" aria-expanded={isPastOpen} onClick={onPast}>
          <Icon name="clock" /> Past
        </button>
        <button type="button" class="quiet" onClick={onHistory}>History</button>
      </div>
    </div>
  );
}

function Mark({ statements, isPast }: { statements: Statement[]; isPast: boolean }) {
  const count = statements.filter((each) => natureOf(each).writes).length;
  if (count === 0) return <span class="mark">reads</span>;
  const who = statements.length === 1 ? "" : `${count} of ${statements.length} `;
  const verb = statements.length > 1 && count > 1 ? "write" : "writes";
  return <span class="mark writes">{isPast ? "writes: not in the past" : `${who}${verb}`}</span>;
}

function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((now - since) / 1_000));
  return (
    <>
      <span class="spinner" aria-hidden="true" />
      <span>Running<span aria-hidden="true">, {seconds} s</span></span>
    </>
  );
}
