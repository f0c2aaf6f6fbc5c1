/**
 * A line from the primary to a replica, and on it the commits that the replica has taken since it was
 * asked before. Without a replica it is the way of a primary that moves.
 */

import { useEffect, useRef } from "preact/hooks";
import type { ReplicaState } from "../../../api/replicas.ts";
import { wantsMotion } from "../../../components/smooth.tsx";
import type { Spot } from "./places.ts";

interface FlowProps {
  from: Spot;
  to: Spot;
  replica?: ReplicaState;
}

/** In as much time as there is between two answers. */
const SPREAD_MS = 900;
const TRAVEL_MS = 1_300;
const PULSES_MAX = 6;
const STEPS = 24;
/** How far a line is bent, as a part of its length. */
const BEND = 0.18;

/** Bent upwards, whichever way it goes. */
function arc(from: Spot, to: Spot): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const lift = Math.min(length * BEND, 70);
  const across = dx < 0 ? -1 : 1;
  const [mx, my] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const [cx, cy] = [mx + (dy / length) * lift * across * 2, my - (dx / length) * lift * across * 2];
  const [begin, bend, end] = [[from.x, from.y], [cx, cy], [to.x, to.y]].map(
    (point) => point.map((each) => each.toFixed(1)).join(" "),
  );
  return `M${begin}Q${bend} ${end}`;
}

export function Flow({ from, to, replica }: FlowProps) {
  const line = useRef<SVGPathElement>(null);
  const group = useRef<SVGGElement>(null);
  const before = useRef<number | null>(null);
  const txid = replica?.txid ?? null;
  useEffect(() => {
    const taken = txid !== null && before.current !== null ? txid - before.current : 0;
    before.current = txid;
    if (taken > 0 && line.current && group.current && wantsMotion() && !document.hidden) {
      send(line.current, group.current, Math.min(taken, PULSES_MAX));
    }
  }, [txid]);
  const state = replica?.state ?? "moving";
  return (
    <g ref={group} class={`flow ${state}`} data-to={to.region}>
      <path ref={line} class="flow-line" d={arc(from, to)} />
    </g>
  );
}

/** Lets dots go along a line, one after the other. */
function send(line: SVGPathElement, group: SVGGElement, count: number): void {
  const length = line.getTotalLength();
  const way = Array.from({ length: STEPS + 1 }, (_, step) => {
    const { x, y } = line.getPointAtLength((length * step) / STEPS);
    return { transform: `translate(${x}px, ${y}px)` };
  });
  const isEnd = (step: number) => step === 0 || step === STEPS;
  const frames = way.map((frame, step) => ({ ...frame, opacity: isEnd(step) ? 0 : 1 }));
  for (let n = 0; n < count; n++) {
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    dot.setAttribute("class", "commit");
    group.append(dot);
    const sent = dot.animate(frames, {
      duration: TRAVEL_MS,
      delay: (n * SPREAD_MS) / count,
      easing: "ease-in-out",
      fill: "both",
    });
    const remove = () => dot.remove();
    sent.finished.then(remove, remove);
  }
}
