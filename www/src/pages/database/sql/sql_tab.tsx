/** SQL: an editor, what came of what was run, and the past. */

import { useEffect, useRef, useState } from "preact/hooks";
import { tell } from "../../../messages.ts";
import { natureOf } from "../../../sql/nature.ts";
import type { Statement } from "../../../sql/statements.ts";
import type { TabProps } from "../tabs.ts";
import { ConfirmRun } from "./confirm_run.tsx";
import { Editor } from "./editor.ts";
import type { Target } from "./editor_target.ts";
import { HistoryDialog } from "./history_dialog.tsx";
import { OutcomeView } from "./outcome_view.tsx";
import { PastBanner, PastPanel } from "./past.tsx";
import { RunBar } from "./run_bar.tsx";
import { workspaceOf } from "./workspace.ts";

export default function SqlTab({ database, onChange }: TabProps) {
  const workspace = workspaceOf(database.uuid);
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const [target, setTarget] = useState<Target>({ here: [], all: [] });
  const [asks, setAsks] = useState<Statement[]>();
  const [open, setOpen] = useState<"history" | "past">();
  const close = () => setOpen(undefined);

  const start = async (statements: Statement[]) => {
    if (await workspace.run(statements)) onChange();
  };
  const run = (which: "here" | "all") => {
    const statements = current.current[which];
    if (statements.length === 0 || workspace.running.value !== undefined) return;
    const natures = statements.map(natureOf);
    if (workspace.past.value !== undefined && natures.some(({ writes }) => writes)) {
      tell(PAST_IS_READ, "failed");
    } else if (natures.some(({ danger }) => danger !== undefined)) setAsks(statements);
    else void start(statements);
  };
  // The editor is made once, and what it calls is of the rendering before.
  const current = useRef(target);
  current.current = target;
  const runNow = useRef(run);
  runNow.current = run;

  useEffect(() => {
    if (host.current === null) return;
    const made = new Editor({
      host: host.current,
      text: workspace.draft.text,
      onText: (text) => workspace.keepDraft(text),
      onTarget: setTarget,
      onRun: (which) => runNow.current(which),
    });
    editor.current = made;
    return () => {
      workspace.flush();
      made.destroy();
    };
  }, [workspace]);
  const schema = workspace.schema.value;
  useEffect(() => editor.current?.setSchema(schema), [schema]);
  useEffect(() => void workspace.loadSchema(), [workspace]);

  return (
    <div class="sql">
      {workspace.past.value !== undefined && (
        <PastBanner past={workspace.past.value} onEnd={() => workspace.setPast(undefined)} />
      )}
      <section class="sql-editor" aria-label="Editor">
        <div ref={host} class="sql-code" />
        <RunBar
          target={target}
          running={workspace.running.value}
          isPast={workspace.past.value !== undefined}
          isPastOpen={open === "past"}
          onRun={run}
          onPlan={() => workspace.explain(current.current.here)}
          onHistory={() => setOpen("history")}
          onPast={() => setOpen(open === "past" ? undefined : "past")}
        />
      </section>
      {open === "past" && <PastPanel database={database} workspace={workspace} />}
      <OutcomeView
        outcome={workspace.outcome.value}
        workspace={workspace}
        onAppend={(text) => editor.current?.append(text)}
        onReplace={(statement, text) => editor.current?.replace(statement, text)}
        onAgain={(statements) => void start(statements)}
      />
      {asks !== undefined && (
        <ConfirmRun
          statements={asks}
          onConfirm={() => {
            setAsks(undefined);
            void start(asks);
          }}
          onClose={() => setAsks(undefined)}
        />
      )}
      {open === "history" && (
        <HistoryDialog
          workspace={workspace}
          onChoose={(text) => {
            close();
            editor.current?.append(text);
          }}
          onClose={close}
        />
      )}
    </div>
  );
}

const PAST_IS_READ =
  "The past is only read. Go back to now to write, or fork the database as it was at this time.";
