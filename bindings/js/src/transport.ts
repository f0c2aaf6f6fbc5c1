/**
 * The seam between D1's face and whatever carries its requests to a database.
 *
 * It is D1's own HTTP protocol without the HTTP: a path with its query, a JSON body, and the
 * session's bookmark both ways. Bodies stay text, so that a result crosses every border as one
 * string and is parsed exactly once, by the face.
 */

import type { Failure, Reply, ValueOptions } from "./reply.ts";

export interface TransportReply {
  /** The response body, as JSON in the form that the path asked for. */
  text: string;
  /** Where the database stood when it answered; null where the server does not say. */
  bookmark: string | null;
  /** Who answered, where the body does not say. */
  served?: Record<string, unknown>;
}

export interface ReplyAtHand {
  reply: Reply | Failure;
  bookmark: string | null;
}

/** A request before it is a body: one query, or a batch in its compact form. */
export type Request = Query | { sql: string[]; queries: [number, unknown[]][] };

/** The same queries with each text once: a batch is mostly one statement with other values. */
export function compact(queries: Query[]): Request {
  const places = new Map<string, number>();
  const numbered = queries.map(({ sql, params = [] }): [number, unknown[]] => {
    const place = places.get(sql) ?? places.size;
    if (place === places.size) places.set(sql, place);
    return [place, params];
  });
  return { sql: [...places.keys()], queries: numbered };
}

/** A statement as it travels. */
export interface Query {
  sql: string;
  params?: unknown[];
}

export interface Transport {
  /** The platform's traces, where there are any. */
  readonly tracing?: Tracing | undefined;

  /** The reply to one query, if it is at hand and nothing has to be waited for. */
  atHand?(
    path: string,
    query: Query,
    session: string | null,
    max_staleness_ms: number | undefined,
    options: ValueOptions,
  ): ReplyAtHand | undefined;

  /**
   * Sends one request. `session` is the session's constraint or bookmark, null without a session;
   * `max_staleness_ms` is the session's own bound, if it has one.
   * A failing statement resolves (the failure is in the text); only a lost connection rejects.
   */
  send(
    path: string,
    body: string | undefined,
    session: string | null,
    max_staleness_ms?: number,
  ): Promise<TransportReply>;
}
