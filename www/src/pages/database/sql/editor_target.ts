/** In the editor: what would run, and marks of that and of what writes. */

import { type EditorSelection, RangeSet, RangeSetBuilder, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, gutter, GutterMarker } from "@codemirror/view";
import { natureOf } from "../../../sql/nature.ts";
import { type Statement, statementAt, statementsOf } from "../../../sql/statements.ts";

/** What would run. */
export interface Target {
  /** Under the cursor, or in the selection. */
  here: Statement[];
  all: Statement[];
}

export const target = StateField.define<Target>({
  create: ({ doc, selection }) => targetOf(doc, selection, statementsOf(doc.toString())),
  update(before, { docChanged, newDoc, newSelection, selection }) {
    if (!docChanged && selection === undefined) return before;
    const all = docChanged ? statementsOf(newDoc.toString()) : before.all;
    return targetOf(newDoc, newSelection, all);
  },
});

function targetOf(doc: Text, { main }: EditorSelection, all: Statement[]): Target {
  if (main.empty) {
    const under = statementAt(all, main.head);
    return { here: under === undefined ? [] : [under], all };
  }
  const chosen = statementsOf(doc.sliceString(main.from, main.to));
  const here = chosen.map((it) => ({ ...it, from: it.from + main.from, to: it.to + main.from }));
  return { here, all };
}

class WritesMarker extends GutterMarker {
  override toDOM(): Node {
    const mark = document.createElement("span");
    mark.className = "cm-writes";
    mark.title = "This statement writes";
    mark.textContent = "✎";
    return mark;
  }
}

const writesMarker = new WritesMarker();
const hereLine = Decoration.line({ class: "cm-here" });
const hereWritesLine = Decoration.line({ class: "cm-here cm-here-writes" });

function hereLines({ here }: Target, doc: Text): DecorationSet {
  const lines = new RangeSetBuilder<Decoration>();
  let next = 0;
  for (const statement of here) {
    const mark = natureOf(statement).writes ? hereWritesLine : hereLine;
    const last = doc.lineAt(statement.to).number;
    for (let at = Math.max(next, doc.lineAt(statement.from).number); at <= last; at += 1) {
      lines.add(doc.line(at).from, doc.line(at).from, mark);
    }
    next = last + 1;
  }
  return lines.finish();
}

const writes = StateField.define<RangeSet<GutterMarker>>({
  create: ({ doc }) => writesIn(statementsOf(doc.toString()), doc),
  update: (before, { docChanged, newDoc }) =>
    docChanged ? writesIn(statementsOf(newDoc.toString()), newDoc) : before,
});

function writesIn(all: readonly Statement[], doc: Text): RangeSet<GutterMarker> {
  const found = new RangeSetBuilder<GutterMarker>();
  let before = -1;
  for (const statement of all) {
    const line = doc.lineAt(statement.from).from;
    if (line === before || !natureOf(statement).writes) continue;
    found.add(line, line, writesMarker);
    before = line;
  }
  return found.finish();
}

export const targetMarks = [
  target,
  writes,
  EditorView.decorations.compute([target], (state) => hereLines(state.field(target), state.doc)),
  gutter({ class: "cm-marks", markers: ({ state }) => state.field(writes) }),
];
