/** How far a work is. */

import * as format from "../format.ts";
import type { Work } from "../works.ts";

const PAGE_BYTES = 4_096;

export function Progress({ work: { title, job } }: { work: Work }) {
  const known = job !== undefined && job.total > 0;
  const unit = job?.unit === "pages" ? PAGE_BYTES : 1;
  return (
    <div class="message work">
      <label>
        {title}
        {known ? <progress value={job.done} max={job.total} /> : <progress />}
      </label>
      {known && (
        <p class="faint">
          {format.bytes(job.done * unit)} of {format.bytes(job.total * unit)}
        </p>
      )}
    </div>
  );
}
