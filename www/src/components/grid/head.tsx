/** The names of a grid's columns, which stay in sight; their edges are dragged to change the width. */

import type { TargetedPointerEvent } from "preact";

export interface SeenColumn {
  at: number;
  left: number;
  width: number;
}

interface GridHeadProps {
  columns: readonly string[];
  seen: readonly SeenColumn[];
  numberWidth: number;
  active: number | undefined;
  cellId: (column: number) => string;
  onChoose: (column: number) => void;
  onResize: (column: number, width: number) => void;
}

export function GridHead(
  { columns, seen, numberWidth, active, cellId, onChoose, onResize }: GridHeadProps,
) {
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      <div class="grid-number" role="presentation" style={{ width: `${numberWidth}px` }} />
      {seen.map(({ at, left, width }) => (
        <div
          key={at}
          id={cellId(at)}
          class={`grid-cell${active === at ? " active" : ""}`}
          role="columnheader"
          aria-colindex={at + 1}
          title={columns[at]}
          style={{ left: `${numberWidth + left}px`, width: `${width}px` }}
          onClick={() => onChoose(at)}
        >
          {columns[at]}
          <Grip width={width} onResize={(to) => onResize(at, to)} />
        </div>
      ))}
    </div>
  );
}

function Grip({ width, onResize }: { width: number; onResize: (width: number) => void }) {
  const drag = (event: TargetedPointerEvent<HTMLSpanElement>) => {
    const { currentTarget: grip, clientX: from, pointerId } = event;
    event.preventDefault();
    grip.setPointerCapture(pointerId);
    grip.onpointermove = ({ clientX }) => onResize(width + clientX - from);
    grip.onlostpointercapture = () => {
      grip.onpointermove = null;
    };
  };
  return <span class="grid-grip" aria-hidden="true" onPointerDown={drag} />;
}
