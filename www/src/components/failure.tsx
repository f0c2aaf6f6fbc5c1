/** What could not be had, and a button to try again. */

import { messageOf } from "../api/failure.ts";

export function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>{messageOf(error)}</p>
      <button type="button" onClick={onRetry}>Try again</button>
    </div>
  );
}
