/**
 * Puts databases where existing D1 code looks for them: into a handler's `env`.
 *
 * Code that imports `env` from "cloudflare:workers" instead of taking the argument sees them too,
 * because each event runs under the new environment.
 */

import { withEnv } from "cloudflare:workers";
import { cameIn } from "./location.ts";

const EVENTS = [
  "fetch",
  "connect",
  "scheduled",
  "queue",
  "email",
  "tail",
  "tailStream",
  "trace",
  "test",
] as const;

/** The part of a handler that the runtime calls: its events, each with its own type. */
export type Events<Handler> = Pick<Handler, (typeof EVENTS)[number] & keyof Handler>;

type Listener = (event: unknown, env: object, ...rest: unknown[]) => unknown;

/** The handler's events, each called with the environment that `change` makes of the real one. */
export function wrapHandler<Handler extends object>(
  handler: Handler,
  change: (env: object) => object,
): Events<Handler> {
  const wrapped: Record<string, Listener> = {};
  for (const name of EVENTS) {
    const listener = (handler as Record<string, unknown>)[name];
    if (typeof listener !== "function") continue;
    wrapped[name] = (event, env, ...rest) => {
      cameIn(event);
      const changed = change(env);
      return withEnv(changed, () => listener.call(handler, event, changed, ...rest));
    };
  }
  return wrapped as Events<Handler>;
}
