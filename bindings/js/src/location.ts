/**
 * Where this isolate runs, as far as a request has told: an isolate stays in its data centre, so the
 * newest request tells for all.
 */

export interface Location {
  /** The data centre, by the code of the airport nearby. */
  colo: string;
  /** The continent, by its two letters. */
  continent: string;
}

/** A request that came in from outside; others have no `cf`. */
export interface Located {
  cf?: { colo?: unknown; continent?: unknown };
}

let here: Location | undefined;

/** Takes down where a request came in. What is no request tells nothing. */
export function cameIn(request: unknown): void {
  const { colo, continent } = (request as Located | undefined)?.cf ?? {};
  if (typeof colo !== "string" || colo === here?.colo) return;
  here = { colo, continent: typeof continent === "string" ? continent : "" };
}

export function location(): Location | undefined {
  return here;
}
