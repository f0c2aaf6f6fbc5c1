/** The tables, views, indexes and triggers of a database, by kind. */

import { useState } from "preact/hooks";
import { messageOf } from "../../../api/failure.ts";
import { whole } from "../../../format.ts";
import { tell } from "../../../messages.ts";
import { href, place } from "../../../router.ts";
import { pendingOf } from "./changes.ts";
import { countRows, type Item, type Kind } from "./schema.ts";

const KINDS: [Kind, string][] = [
  ["table", "Tables"],
  ["view", "Views"],
  ["virtual", "Virtual tables"],
  ["index", "Indexes"],
  ["trigger", "Triggers"],
  ["internal", "Internal tables"],
];

interface ItemListProps {
  database: string;
  items: readonly Item[];
  chosen: string | null;
}

export function ItemList({ database, items, chosen }: ItemListProps) {
  const [find, setFind] = useState("");
  const matches = items.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      {items.length > 8 && (
        <input
          type="search"
          class="find"
          aria-label="Find by name"
          placeholder="Find by name"
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
      )}
      {KINDS.map(([kind, title]) => {
        const of = matches.filter((item) => item.kind === kind);
        if (of.length === 0) return null;
        // What belongs to a table is out of the way, unless it is looked for.
        const isMain = kind === "table" || kind === "view" || kind === "virtual" || find !== "";
        return (
          <details key={kind} open={isMain}>
            <summary>{title} <span class="faint">{whole(of.length)}</span></summary>
            <ul>
              {of.map((item) => (
                <Entry key={item.name} database={database} item={item} isChosen={item.name === chosen} />
              ))}
            </ul>
          </details>
        );
      })}
    </>
  );
}

interface EntryProps {
  database: string;
  item: Item;
  isChosen: boolean;
}

function Entry({ database, item, isChosen }: EntryProps) {
  const { kind, name, of } = item;
  const isPart = kind === "index" || kind === "trigger";
  const query: Record<string, string> = isPart ? { table: of, view: "schema" } : { table: name };
  const isPending = pendingOf(database).value.has(name);
  return (
    <li class={isChosen ? "chosen" : ""}>
      <a
        href={href(place.value.segments, query)}
        aria-current={isChosen ? "true" : undefined}
        title={name}
      >
        <span class="item-name">{name}</span>
        {isPart && <span class="faint">{of}</span>}
      </a>
      {isPending && <span class="unsaved-mark" role="img" aria-label="Has changes that are not saved" />}
      {!isPart && <Count database={database} name={name} />}
    </li>
  );
}

/** To count is to read all of a table, so only whoever asks pays for it. */
function Count({ database, name }: { database: string; name: string }) {
  const [count, setCount] = useState<number | "counting">();
  const ask = async () => {
    setCount("counting");
    try {
      setCount(await countRows(database, name));
    } catch (error) {
      setCount(undefined);
      tell(`The rows of ${name} were not counted: ${messageOf(error)}`, "failed");
    }
  };
  const text = count === undefined ? "~" : count === "counting" ? "…" : whole(count);
  const told = typeof count === "number"
    ? `${text} rows in ${name}. Count again`
    : `Count the rows of ${name}`;
  return (
    <button type="button" class="quiet count-rows" aria-label={told} title={told} onClick={ask}>
      {text}
    </button>
  );
}
