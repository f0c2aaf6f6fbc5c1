/**
 * Requests to the own server. The header shows that a page of ours asks, without which the login's
 * cookie counts for nothing. Addresses are relative, so that the console runs below any path.
 */

import { Refused, ServerGone } from "./failure.ts";

export interface ResultInfo {
  page: number;
  per_page: number;
  count: number;
  total_count: number;
}

/** What surrounds REST's results. */
export interface Envelope {
  success: boolean;
  result: unknown;
  result_info?: ResultInfo;
  errors?: { code: number; message: string }[];
}

export interface Received {
  status: number;
  text: string;
}

export interface Sent {
  headers?: Record<string, string>;
  /** A value that is sent as JSON. */
  body?: unknown;
  /** By which one stops waiting; the promise rejects with its reason. */
  signal?: AbortSignal;
}

export async function send(
  method: string,
  url: string,
  { headers = {}, body, signal }: Sent = {},
): Promise<Received> {
  const isJson = body !== undefined;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        "x-isolite-console": "1",
        ...(isJson && { "content-type": "application/json" }),
        ...headers,
      },
      cache: "no-store",
      credentials: "same-origin",
      ...(isJson && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    signal?.throwIfAborted();
    throw new ServerGone(method);
  }
}

/** The JSON of an answer, if it is a success. */
export function checked<T>({ status, text }: Received): T {
  const json = parsed(text);
  if (status < 400 && json !== undefined) return json as T;
  const error = (json as Partial<Envelope> | undefined)?.errors?.[0];
  const message = error?.message ?? `The server answered with status ${status}.`;
  throw new Refused(status, error?.code ?? 0, message);
}

/** Undefined where something before the Worker has answered. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
