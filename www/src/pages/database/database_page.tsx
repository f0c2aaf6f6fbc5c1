/** One database: its name, its tabs, and the tab of the address. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getDatabase } from "../../api/databases.ts";
import { useAsked } from "../../components/asked.ts";
import { Failure } from "../../components/failure.tsx";
import { Heading } from "../../components/heading.tsx";
import { movesDone } from "../../moves.ts";
import { href } from "../../router.ts";
import { type Tab, type TabProps, TABS } from "./tabs.ts";

export function DatabasePage({ id, tab: path }: { id: string; tab: string }) {
  const asked = useAsked(() => getDatabase(id), [id, movesDone.value]);
  const tab = TABS.find((each) => each.path === path);
  return (
    <>
      <nav class="crumbs" aria-label="Above">
        <a href={href(["databases"])}>Databases</a>
      </nav>
      {asked.value !== undefined && <Heading title={asked.value.name} />}
      {asked.value === undefined && asked.error !== undefined && <Heading title="Database" />}
      <nav class="tabs" aria-label="Of this database">
        {TABS.map((each) => (
          <a
            key={each.path}
            href={href(["databases", id, ...(each.path === "" ? [] : [each.path])])}
            aria-current={each === tab ? "page" : undefined}
          >
            {each.title}
          </a>
        ))}
      </nav>
      {asked.error !== undefined && <Failure error={asked.error} onRetry={asked.reload} />}
      {tab === undefined && <p>There is no such tab.</p>}
      {tab !== undefined && asked.value !== undefined && (
        <TabContent key={tab.path} tab={tab} database={asked.value} onChange={asked.reload} />
      )}
    </>
  );
}

function TabContent({ tab, ...props }: { tab: Tab } & TabProps) {
  const [Content, setContent] = useState<ComponentType<TabProps>>();
  const [failed, setFailed] = useState(false);
  const load = () => {
    setFailed(false);
    tab.load().then((module) => setContent(() => module.default), () => setFailed(true));
  };
  useEffect(load, []);
  if (failed) return <Failure error={new Error(NOT_LOADED)} onRetry={() => location.reload()} />;
  return Content === undefined ? <p role="status">Loading…</p> : <Content {...props} />;
}

// A module that failed once is not fetched again by the same page.
const NOT_LOADED = "This part of the console could not be loaded. The page has to be loaded anew.";
