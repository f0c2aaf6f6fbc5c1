/** What surrounds each page: the way to the others, the theme, and the way out. */

import type { ComponentChildren } from "preact";
import { messageOf } from "../api/failure.ts";
import { logOut } from "../api/login.ts";
import { tell } from "../messages.ts";
import { href, place } from "../router.ts";
import { Icon, Sign } from "./icon.tsx";
import { Messages } from "./messages.tsx";
import { ThemeSwitch } from "./theme_switch.tsx";

const LINKS = [
  { path: "databases", title: "Databases" },
  { path: "deleted", title: "Deleted" },
];

export function Shell({ children }: { children: ComponentChildren }) {
  const out = () => logOut().catch((error: unknown) => tell(messageOf(error), "failed"));
  return (
    <>
      <header class="bar">
        <a class="brand" href={href(["databases"])}><Sign /> Isolite</a>
        <nav aria-label="Console">
          {LINKS.map(({ path, title }) => (
            <a
              key={path}
              href={href([path])}
              aria-current={place.value.segments[0] === path ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <div class="end">
          <ThemeSwitch />
          <button type="button" class="quiet" aria-label="Log out" onClick={out}>
            <Icon name="exit" />
          </button>
        </div>
      </header>
      <main>{children}</main>
      <Messages />
    </>
  );
}
