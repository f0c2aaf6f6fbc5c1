/**
 * The editor: CodeMirror with SQLite's words, and what the schema has.
 *
 * It lives in a shadow root. There CodeMirror's styles are constructed sheets, which the page's
 * `style-src 'self'` allows; anywhere else they would be inline.
 */

import {
  acceptCompletion, autocompletion, closeCompletion, completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql, type SQLNamespace } from "@codemirror/lang-sql";
import { bracketMatching } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers, placeholder,
} from "@codemirror/view";
import type { Schema } from "../../../api/schema.ts";
import { FUNCTIONS } from "../../../sql/functions.ts";
import type { Statement } from "../../../sql/statements.ts";
import { dialect } from "./dialect.ts";
import { type Target, target, targetMarks } from "./editor_target.ts";
import { editorTheme } from "./editor_theme.ts";

export interface EditorOptions {
  host: HTMLElement;
  text: string;
  onText: (text: string) => void;
  onTarget: (target: Target) => void;
  onRun: (which: "here" | "all") => void;
}

export class Editor {
  readonly #view: EditorView;
  readonly #language = new Compartment();

  constructor({ host, text, onText, onTarget, onRun }: EditorOptions) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    const run = (which: "here" | "all") => (view: EditorView) => {
      closeCompletion(view);
      onRun(which);
      return true;
    };
    this.#view = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: text,
        selection: { anchor: text.length },
        extensions: [
          Prec.highest(keymap.of([
            { key: "Mod-Enter", run: run("here"), shift: run("all") },
            { key: "Tab", run: acceptCompletion },
          ])),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          history(),
          lineNumbers(),
          highlightSpecialChars(),
          drawSelection(),
          bracketMatching(),
          autocompletion({ icons: false, filterStrict: true }),
          EditorView.domEventHandlers({ blur: (_, view) => void closeCompletion(view) }),
          placeholder("SELECT …"),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
          this.#language.of(languageOf([])),
          editorTheme,
          typeOver,
          targetMarks,
          EditorView.updateListener.of(({ docChanged, startState, state }) => {
            if (docChanged) onText(state.doc.toString());
            if (startState.field(target) !== state.field(target)) onTarget(state.field(target));
          }),
        ],
      }),
    });
    onTarget(this.#view.state.field(target));
  }

  setSchema(schema: Schema): void {
    this.#view.dispatch({ effects: this.#language.reconfigure(languageOf(schema)) });
  }

  /** Below what there is, and chosen. */
  append(statement: string): void {
    const { doc } = this.#view.state;
    const before = doc.toString().trimEnd();
    const closed = before === "" || before.endsWith(";") ? "" : ";";
    const lead = before === "" ? "" : `${closed}\n\n`;
    const insert = `${lead}${statement}`;
    this.#change(before.length, doc.length, insert, before.length + lead.length);
  }

  /** In place of what a statement has, if it is still there. */
  replace({ sql: old, from, to }: Statement, statement: string): void {
    if (this.#view.state.sliceDoc(from, to) === old) this.#change(from, to, statement, from);
    else this.append(statement);
  }

  focus(): void {
    this.#view.focus();
  }

  destroy(): void {
    this.#view.destroy();
  }

  #change(from: number, to: number, insert: string, cursor: number): void {
    this.#view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: cursor },
      scrollIntoView: true,
    });
    this.#view.focus();
  }

}

/**
 * Typing over what is selected, without the browser's own editing: that gives the new text the colours
 * of the old one as inline styles, which the page's policy refuses.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput({ inputType, data, isComposing }, view) {
    const isText = inputType === "insertText" && data !== null && !isComposing;
    if (!isText || view.state.selection.main.empty) return false;
    const typed = view.state.replaceSelection(data);
    view.dispatch(typed, { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const completeFunction = {
  autocomplete: FUNCTIONS.map((name) => ({
    label: name,
    type: "function",
    detail: "function",
    boost: -1,
    ...(!name.startsWith("current_") && { apply: `${name}(` }),
  })),
};

function languageOf(schema: Schema) {
  const tables = schema.map(({ name, kind, columns }): [string, SQLNamespace] => [name, {
    self: { label: name, type: "type", detail: kind },
    children: columns.map((column) => ({
      label: column.name,
      type: "property",
      detail: column.type.toLowerCase(),
    })),
  }]);
  return [
    sql({ dialect, schema: Object.fromEntries(tables), upperCaseKeywords: true }),
    dialect.language.data.of(completeFunction),
  ];
}
