/** The databases: found by name, in pages, and made. */

import type { TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import { type DatabasePage, listDatabases, PER_PAGE } from "../../api/databases.ts";
import { useAsked, useSettled } from "../../components/asked.ts";
import { DemoLink } from "../../components/demo_link.tsx";
import { Failure } from "../../components/failure.tsx";
import { Heading } from "../../components/heading.tsx";
import { Icon } from "../../components/icon.tsx";
import { Pages } from "../../components/pages.tsx";
import { whole } from "../../format.ts";
import { place, replaceQuery } from "../../router.ts";
import { CreateDialog } from "./create_dialog.tsx";
import { DatabaseTable } from "./database_table.tsx";

export function DatabasesPage() {
  const search = place.value.query.get("search") ?? "";
  const page = Math.max(1, Number(place.value.query.get("page")) || 1);
  const settled = useSettled(search);
  const list = async () => ({ ...(await listDatabases({ search: settled, page })), search: settled });
  const asked = useAsked(list, [settled, page]);
  const [creates, setCreates] = useState(false);
  const find = (event: TargetedEvent<HTMLInputElement>) =>
    replaceQuery({ search: event.currentTarget.value });
  return (
    <>
      <Heading title="Databases">
        <button type="button" class="primary" onClick={() => setCreates(true)}>
          <Icon name="plus" /> Create a database
        </button>
      </Heading>
      <DemoLink />
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Search by name"
          placeholder="Search by name"
          value={search}
          onInput={find}
        />
      </div>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      <p class="count" role="status">{countText(asked.value)}</p>
      {asked.value !== undefined && asked.value.databases.length > 0 && (
        <DatabaseTable databases={asked.value.databases} />
      )}
      {asked.value?.total === 0 && asked.value.search === "" && (
        <div class="empty">
          <p>There is no database yet.</p>
          <p class="faint">Make one here, by <code>npx isolite d1 create</code>, or by its first use.</p>
        </div>
      )}
      <Pages
        page={page}
        count={Math.ceil((asked.value?.total ?? 0) / PER_PAGE)}
        onTurn={(to) => replaceQuery({ search, page: to === 1 ? "" : String(to) })}
      />
      {creates && <CreateDialog onClose={() => setCreates(false)} />}
    </>
  );
}

function countText(list: (DatabasePage & { search: string }) | undefined): string {
  if (list === undefined) return "Loading…";
  const databases = list.total === 1 ? "1 database" : `${whole(list.total)} databases`;
  return list.search === "" ? databases : `${databases} with “${list.search}” in the name`;
}
