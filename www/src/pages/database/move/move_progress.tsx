/** How far the move of a primary is, and the way to give it up. */

import { useState } from "preact/hooks";
import { messageOf } from "../../../api/failure.ts";
import { tell } from "../../../messages.ts";
import { giveUp, type Move } from "../../../moves.ts";
import { regionName } from "../../../regions.ts";

const COPIED = /^Copied ([\d.]+) of ([\d.]+) MB$/;

export function MoveProgress({ move }: { move: Move }) {
  const [asking, setAsking] = useState(false);
  const copied = move.messages.map((text) => COPIED.exec(text)).find((found) => found !== null);
  const stop = async () => {
    setAsking(true);
    await giveUp(move).catch((error: unknown) => tell(messageOf(error), "failed"));
    setAsking(false);
  };
  return (
    <div class="moving" role="status">
      <label>
        {move.forced ? "A new primary is made in " : "The primary moves to "}
        {regionName(move.region)}
        {copied ? <progress value={copied[1]} max={copied[2]} /> : <progress />}
      </label>
      <p class="faint">{move.messages.join("; ") || "Writes go on."}</p>
      <button type="button" class="small" aria-disabled={asking || move.ends} onClick={stop}>
        Give it up
      </button>
    </div>
  );
}
