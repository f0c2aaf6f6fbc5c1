/** The page of an address: one line for each. */

import type { JSX } from "preact";
import { Heading } from "../components/heading.tsx";
import { href, type Place, place } from "../router.ts";
import { DatabasePage } from "./database/database_page.tsx";
import { DatabasesPage } from "./databases/databases_page.tsx";
import { DeletedPage } from "./databases/deleted_page.tsx";

const PAGES: { [first: string]: (place: Place) => JSX.Element } = {
  databases: ({ segments: [, id, tab = ""] }) =>
    id === undefined ? <DatabasesPage /> : <DatabasePage key={id} id={id} tab={tab} />,
  deleted: () => <DeletedPage />,
};

export function Page() {
  const [first = ""] = place.value.segments;
  return Object.hasOwn(PAGES, first) ? PAGES[first]?.(place.value) ?? <Nowhere /> : <Nowhere />;
}

function Nowhere() {
  return (
    <>
      <Heading title="There is no such page" />
      <p><a href={href(["databases"])}>To the databases</a></p>
    </>
  );
}
