/**
 * Where in the console one is: the part of the address behind `#`, which never reaches the server.
 *
 * `#/databases/<id>?search=x` has the segments `databases` and `<id>`, and the query `search=x`.
 */

import { signal } from "@preact/signals";

export interface Place {
  segments: string[];
  query: URLSearchParams;
}

const HOME = "/databases";

export const place = signal<Place>(read());

function read(): Place {
  const path = location.hash.slice(1) || HOME;
  const [before = "", query = ""] = path.split("?", 2);
  const segments = before.split("/").filter((segment) => segment !== "").map(decoded);
  return { segments, query: new URLSearchParams(query) };
}

/** A segment that is not encoded as it should be stands for itself. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The address of a place, for links. */
export function href(segments: string[], query: Record<string, string> = {}): string {
  const path = segments.map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${path}${search === "" ? "" : `?${search}`}`;
}

export function go(address: string): void {
  location.hash = address;
}

/** Another query at the same place: no step of the history, and no other page. */
export function replaceQuery(query: Record<string, string>): void {
  history.replaceState(null, "", href(place.value.segments, query));
  place.value = read();
}

addEventListener("hashchange", () => {
  place.value = read();
});
