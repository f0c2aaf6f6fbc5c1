/** A result as a file. */

import { signal } from "@preact/signals";
import { tell } from "../../../messages.ts";
import { messageOf } from "../../../api/failure.ts";
import { Icon } from "../../../components/icon.tsx";
import { csvOf, jsonOf, type Table } from "../../../sql/export.ts";

/** Whether texts that a spreadsheet would run are guarded: until the page is left. */
const guards = signal(true);

const URL_KEPT_MS = 60_000;

export function ExportButtons({ table }: { table: Table }) {
  const save = (file: Promise<Blob>, name: string) =>
    file.then((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), URL_KEPT_MS);
    }, (error: unknown) => tell(messageOf(error), "failed"));
  return (
    <div class="exports">
      <label title="A text that begins with = + - or @ gets a ' in front in CSV">
        <input
          type="checkbox"
          checked={guards.value}
          onChange={(event) => {
            guards.value = event.currentTarget.checked;
          }}
        />
        Guard formulas
      </label>
      <button
        type="button"
        class="quiet small"
        aria-label="Export as CSV"
        onClick={() => save(csvOf(table, { guard: guards.value }), "result.csv")}
      >
        <Icon name="download" /> CSV
      </button>
      <button
        type="button"
        class="quiet small"
        aria-label="Export as JSON"
        onClick={() => save(jsonOf(table), "result.json")}
      >
        <Icon name="download" /> JSON
      </button>
    </div>
  );
}
