/** One chart as a picture, drawn by uPlot. It says nothing that its table does not. */

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { onSystemTheme } from "../theme_choice.ts";
import type { ChartData, Period } from "./chart_data.ts";
import { axisTimes } from "./times.ts";

interface PlotProps {
  data: ChartData;
  label: string;
  period: Period;
  /** A part was chosen with the pointer. */
  onZoom: (period: Period) => void;
  /** The pointer is at this point of the data, or at none. */
  onPoint: (at: number | null) => void;
}

const HEIGHT = 190;

export function Plot({ data, label, period, onZoom, onPoint }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  // What uPlot calls back finds the newest of it.
  const props = useRef({ data, period, onZoom, onPoint });
  props.current = { data, period, onZoom, onPoint };
  const theme = useThemeChanges();
  const kind = `${data.kind} ${data.lines.map(({ title }) => title).join("\n")}`;
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(element, props), valuesOf(data), element);
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [kind, theme]);
  useEffect(() => {
    plot.current?.setData(valuesOf(data), false);
    plot.current?.setScale("x", { min: period.from_s, max: period.to_s });
  }, [data, period.from_s, period.to_s]);
  return <div ref={host} class="plot" role="img" aria-label={label} />;
}

/** A number that is another one after the theme has changed: colours on a canvas do not follow it. */
function useThemeChanges(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const changed = () => setCount((before) => before + 1);
    const watched = new MutationObserver(changed);
    watched.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const forget = onSystemTheme(changed);
    return () => {
      watched.disconnect();
      forget();
    };
  }, []);
  return count;
}

const valuesOf = ({ times_s, lines }: ChartData): uPlot.AlignedData =>
  [times_s, ...lines.map(({ values }) => values)];

type Props = { current: Pick<PlotProps, "data" | "period" | "onZoom" | "onPoint"> };

function optionsOf(element: HTMLElement, props: Props): uPlot.Options {
  const { data, period } = props.current;
  const colour = colours(element);
  const axis = {
    stroke: colour("--text-faint"),
    font: `12px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: "charts" },
      drag: { x: true, y: false, setScale: false },
      points: { show: data.kind === "line", size: 7 },
    },
    scales: {
      x: { time: true, min: period.from_s, max: period.to_s },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, values: (_, splits, __, ___, step_s) => axisTimes(splits, step_s), space: 70, size: 30 },
      {
        ...axis,
        size: 78,
        splits: (_, __, min, max) => [min, max / 2.16, max / 1.08],
        values: (_, splits) => splits.map((value) => props.current.data.tell(rounded(value))),
      },
    ],
    series: [{}, ...data.lines.map((_, at) => seriesOf(data, at, colour))],
    hooks: {
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 6) return;
        const [from_s, to_s] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        props.current.onZoom({ from_s, to_s });
      }],
      setCursor: [(plot) => props.current.onPoint(plot.cursor.idx ?? null)],
    },
  };
}

/** The upper ends of axes are no more exact than can be read. */
const rounded = (value: number): number => Number(value.toPrecision(3));

function seriesOf(
  { kind, lines, times_s }: ChartData,
  at: number,
  colour: (name: string) => string,
): uPlot.Series {
  const stroke = colour(`--line-${at + 1}`);
  if (kind === "line") {
    return {
      stroke,
      width: 2,
      spanGaps: false,
      // One alone between gaps would not be seen as a line.
      points: { show: (plot, series) => isSparse(plot, series) ? true : false, size: 4, fill: stroke },
    };
  }
  const paths = uPlot.paths.bars?.({
    size: [0.8 / lines.length, 40],
    align: lines.length === 1 ? 0 : at === 0 ? -1 : 1,
    ...(times_s.length < 2 && { size: [0.02, 14] }),
  });
  return { fill: stroke, width: 0, points: { show: false }, ...(paths && { paths }) };
}

function isSparse(plot: uPlot, series: number): boolean {
  const values = plot.data[series] ?? [];
  return values.some((value, at) =>
    value != null && values[at - 1] == null && values[at + 1] == null);
}

/** Colours of the styles, as a canvas takes them. */
function colours(element: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
