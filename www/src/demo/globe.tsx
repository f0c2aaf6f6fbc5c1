/** The world as its cities draw it, and where the found ones are. */

import { useEffect, useRef, useState } from "preact/hooks";
import { onSystemTheme } from "../theme_choice.ts";
import type { City, World } from "./answers.ts";

const COLUMNS = 240;
const ROWS = 120;
/** Nobody lives north and south of these rows. */
const FIRST_ROW = 8;
const LAST_ROW = 98;

interface GlobeProps {
  world: World | undefined;
  cities: City[];
  /** Of the city that is pointed at. */
  shown: number | undefined;
}

export function Globe({ world, cities, shown }: GlobeProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    const again = () => setCount((before) => before + 1);
    const watched = new MutationObserver(again);
    watched.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const forget = onSystemTheme(again);
    addEventListener("resize", again);
    return () => {
      watched.disconnect();
      forget();
      removeEventListener("resize", again);
    };
  }, []);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, world);
  }, [world, count]);
  return (
    <div class="globe" aria-hidden="true">
      <canvas ref={canvas} />
      {cities.map((city, at) => <Spot key={at} city={city} at={at} shown={shown === at} />)}
    </div>
  );
}

function Spot({ city, at, shown }: { city: City; at: number; shown: boolean }) {
  const spot = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (spot.current === null) return;
    const rows = ((90 - city.latitude) / 180) * ROWS;
    spot.current.style.left = `${((city.longitude + 180) / 360) * 100}%`;
    spot.current.style.top = `${((rows - FIRST_ROW) / (LAST_ROW - FIRST_ROW)) * 100}%`;
  }, [city]);
  return <span ref={spot} class={`spot${at === 0 ? " first" : ""}${shown ? " shown" : ""}`} />;
}

function draw(canvas: HTMLCanvasElement, world: World | undefined): void {
  const ratio = Math.min(devicePixelRatio, 2);
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (context === null || world === undefined) return;
  context.fillStyle = getComputedStyle(canvas).color;
  const step_x = canvas.width / COLUMNS;
  const step_y = canvas.height / (LAST_ROW - FIRST_ROW);
  for (const [x, y, count] of world.squares) {
    const radius = step_x * Math.min(0.5, 0.2 + 0.075 * Math.log2(count + 1));
    context.globalAlpha = Math.min(1, 0.35 + 0.11 * Math.log2(count + 1));
    context.beginPath();
    context.arc((x + 0.5) * step_x, (y - FIRST_ROW + 0.5) * step_y, radius, 0, 2 * Math.PI);
    context.fill();
  }
}
