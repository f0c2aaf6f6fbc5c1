/** Whether one is logged in, and how requests wait until one is again. */

import { signal } from "@preact/signals";
import { Refused } from "./failure.ts";
import { checked, send } from "./http.ts";

/** `expired`: the page stays as it is, and a dialog over it asks for the token. */
export type Login = "unknown" | "none" | "given" | "expired";

export const login = signal<Login>("unknown");

let waiting: (() => void)[] = [];

/** Resolves once one has logged in. */
export function nextLogin(): Promise<void> {
  login.value = "expired";
  return new Promise((resolve) => waiting.push(resolve));
}

export async function readLogin(): Promise<void> {
  login.value = (await session("GET")) ? "given" : "none";
}

/** Throws what is to be told. */
export async function logIn(token: string): Promise<void> {
  // A header holds no other characters, and so no token has them.
  if (!/^[\x21-\x7e]+$/.test(token.trim())) throw wrongToken();
  try {
    await session("POST", { authorization: `Bearer ${token.trim()}` });
  } catch (error) {
    throw error instanceof Refused && error.status === 401 ? wrongToken() : error;
  }
  if (!(await session("GET"))) throw new Refused(401, 0, NOT_KEPT);
  login.value = "given";
  const resumed = waiting;
  waiting = [];
  for (const resume of resumed) resume();
}

/** Loads the page anew, so that nothing of it is left in memory. */
export async function logOut(): Promise<void> {
  await session("DELETE");
  location.reload();
}

const NOT_KEPT =
  "The browser did not keep the login. Over plain HTTP it does so on this machine alone: use HTTPS.";

const wrongToken = (): Refused => new Refused(401, 0, "That is not the admin token.");

/** Whether there is a session after this. */
async function session(method: string, headers: Record<string, string> = {}): Promise<boolean> {
  const received = await send(method, "console/session", { headers });
  return checked<{ result: { logged_in: boolean } }>(received).result.logged_in;
}
