/**
 * REST, from the page.
 *
 * A request whose login has expired waits for the next login and is sent again: nothing of it has
 * happened.
 */

import { Refused } from "./failure.ts";
import { checked, type Envelope, type Received, type ResultInfo, send } from "./http.ts";
import { nextLogin } from "./login.ts";

export interface Answer<T> {
  result: T;
  info: ResultInfo | undefined;
  status: number;
}

export const DATABASES = "client/v4/accounts/isolite/d1/database";

/** One request below the path of databases; `path` begins with a slash or a query, or is empty. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const received = await askText(method, path, body);
  const { result, result_info: info } = checked<Envelope>(received);
  return { result: result as T, info, status: received.status };
}

/** The same, for who reads the answer by itself, and may stop waiting for it. */
export const askText = (
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Received> => sent(method, DATABASES + path, body, signal);

/** GraphQL, whose answers have no envelope. */
export async function askGraphql<T>(query: string, variables: unknown): Promise<T> {
  const received = await sent("POST", "client/v4/graphql", { query, variables });
  const answer = checked<{ data: T | null; errors: { message: string }[] | null }>(received);
  if (answer.data !== null) return answer.data;
  throw new Refused(received.status, 0, answer.errors?.[0]?.message ?? "No statistics came.");
}

async function sent(
  method: string,
  url: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Received> {
  for (;;) {
    const received = await send(method, url, { body, ...(signal && { signal }) });
    if (received.status !== 401) return received;
    await nextLogin();
  }
}
