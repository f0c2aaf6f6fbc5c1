/** The demo: every city of the world, found as one types, by a database in the memory of an isolate. */

import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon, Sign } from "../components/icon.tsx";
import { ThemeSwitch } from "../components/theme_switch.tsx";
import { whole } from "../format.ts";
import { type City, type Found, get, type World } from "./answers.ts";
import { Globe } from "./globe.tsx";
import { Marked } from "./marked.tsx";
import { Newest } from "./newest.ts";
import { Times } from "./times.tsx";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/controls.css";
import "../styles/layout.css";
import "../styles/demo.css";

export interface Shown extends Found {
  text: string;
  round_trip_ms: number;
}

async function find(text: string): Promise<Shown> {
  const begin_ms = performance.now();
  const found = await get<Found>(`demo/search?${new URLSearchParams({ q: text })}`);
  return { ...found, text, round_trip_ms: performance.now() - begin_ms };
}

/** The first reads fill the memory behind the answer; until then it is asked again. */
const FILLING_MS = 700;

function Demo() {
  const [text, setText] = useState(() => new URLSearchParams(location.search).get("q") ?? "");
  const [shown, setShown] = useState<Shown>();
  const [failure, setFailure] = useState<string>();
  const [world, setWorld] = useState<World>();
  const [pointed, setPointed] = useState<number>();
  const input = useRef<HTMLInputElement>(null);
  const newest = useMemo(() => new Newest(find, (_, answer, error) => {
    setFailure(error instanceof Error ? error.message : undefined);
    if (answer === undefined) return;
    setShown(answer);
    setPointed(undefined);
  }), []);
  useEffect(() => {
    input.current?.focus();
    get<World>("demo/world").then(setWorld, () => {});
  }, []);
  useEffect(() => {
    newest.wish(text);
    const query = text === "" ? "" : `?${new URLSearchParams({ q: text })}`;
    history.replaceState(null, "", location.pathname + query);
  }, [text]);
  useEffect(() => {
    if (failure === undefined && shown?.answered.memory !== false) return;
    const timer = setTimeout(() => newest.wish(text), FILLING_MS);
    return () => clearTimeout(timer);
  }, [shown, failure]);
  return (
    <>
      <header class="bar">
        <a class="brand" href="."><Sign /> Isolite</a>
        <div class="end">
          <a class="to-console" href=".">Console</a>
          <ThemeSwitch />
        </div>
      </header>
      <main class="demo">
        <h1>{world === undefined ? "Every city" : <><em>{whole(world.count)}</em> cities</>}, as you
          type</h1>
        <p class="lead">A full-text search by SQLite, in the memory of the Worker that answers.</p>
        <div class="search">
          <Icon name="search" />
          <input
            ref={input}
            type="search"
            aria-label="Search for a city"
            placeholder="zürich, san fran, paris texas…"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
        {failure === undefined ? <Times shown={shown} /> : (
          <p class="failure" role="alert">{failure} It is tried again.</p>
        )}
        <div class="found">
          <Results shown={shown} pointed={pointed} onPoint={setPointed} />
          <div class="beside">
            <Globe world={world} cities={shown?.cities ?? []} shown={pointed} />
            {shown !== undefined && <Asked shown={shown} />}
          </div>
        </div>
      </main>
    </>
  );
}

interface ResultsProps {
  shown: Shown | undefined;
  pointed: number | undefined;
  onPoint: (at: number | undefined) => void;
}

function Results({ shown, pointed, onPoint }: ResultsProps) {
  if (shown === undefined) return <div class="results" aria-busy="true" />;
  if (shown.cities.length === 0) {
    return <p class="results none" role="status">No city begins with “{shown.text}”.</p>;
  }
  return (
    <ol class="results" aria-label={shown.text === "" ? "The largest cities" : "Cities found"}>
      {shown.cities.map((city, at) => (
        <li
          key={at}
          class={pointed === at ? "pointed" : undefined}
          onPointerEnter={() => onPoint(at)}
          onPointerLeave={() => onPoint(undefined)}
        >
          <Result city={city} />
        </li>
      ))}
    </ol>
  );
}

function Asked({ shown: { statement, match } }: { shown: Shown }) {
  return (
    <section class="asked" aria-label="The query">
      <pre tabIndex={0}><code>{statement.replaceAll(/\n\s*/g, "\n  ")}</code></pre>
      {match !== "" && <p class="hint"><code>?1</code> is <code>{match}</code></p>}
    </section>
  );
}

function Result({ city: { name, country, code, population } }: { city: City }) {
  return (
    <>
      <span class="code" aria-hidden="true">{code}</span>
      <span class="city"><Marked text={name} /></span>
      <span class="country"><Marked text={country} /></span>
      <span class="population">
        {whole(population)}<span class="unseen"> inhabitants</span>
      </span>
    </>
  );
}

const root = document.getElementById("demo");
if (root !== null) render(<Demo />, root);
