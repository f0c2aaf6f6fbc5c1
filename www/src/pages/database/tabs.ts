/**
 * The tabs of a database. Each is a file that is loaded when it is opened first, and exports its
 * component by default; one line here adds it.
 */

import type { ComponentType } from "preact";
import type { Database } from "../../api/databases.ts";

export interface TabProps {
  database: Database;
  /** Asks for the database anew, as after a change of it. */
  onChange: () => void;
}

export interface Tab {
  /** In the address, behind the id; empty of the first. */
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType<TabProps> }>;
}

export const TABS: readonly Tab[] = [
  { path: "", title: "Overview", load: () => import("./overview.tsx") },
  { path: "map", title: "Map", load: () => import("./map.tsx") },
  { path: "sql", title: "SQL", load: () => import("./sql/sql_tab.tsx") },
  { path: "tables", title: "Tables", load: () => import("./tables.tsx") },
  { path: "charts", title: "Charts", load: () => import("./charts.tsx") },
];
