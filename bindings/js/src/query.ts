/**
 * D1's RPC protocol: one method, `query`, that takes statements and gives their rows as they are.
 *
 * Cloudflare's own class sends everything by it once the flag `d1_binding_jsrpc` is on, to the
 * Isolite Worker's entrypoint, and hands the method itself on to programs. The face has it too, so
 * one function serves both. What it is given came by structured clone, from anyone: it is checked
 * here, because it goes on as JSON, which would leave out or change what it cannot hold.
 */

import { type Param, toParam } from "./bind.ts";
import type { Reply } from "./reply.ts";
import type { Sender } from "./sender.ts";
import type { Query } from "./transport.ts";

export interface QueryRequest {
  /** Run as one transaction. A parameter may be a BigInt or bytes as well. */
  queries: { sql: string; params?: unknown[] }[];
  /** A session's constraint or bookmark. */
  bookmark?: string;
}

export interface QueryResult {
  meta: Reply["meta"];
  data: { kind: "raw"; columns: string[]; rows: unknown[][] };
}

export interface QueryResponse {
  results: QueryResult[];
  /** Where the database stood; only if the request had a bookmark. */
  bookmark?: string;
}

/**
 * Sends it by the sender that is opened for its bookmark. Rejects with the bare text of a failure: D1's
 * class puts its code before it.
 */
export async function runQuery(
  open: (bookmark: string | null) => Sender,
  request: QueryRequest,
): Promise<QueryResponse> {
  const { queries, bookmark } = checked(request);
  const sender = open(bookmark);
  const replies = await sender.many(queries);
  if ("error" in replies) throw new Error(replies.error);
  const results = replies.map(toQueryResult);
  return sender.bookmark === null ? { results } : { results, bookmark: sender.bookmark };
}

function toQueryResult({ grid, meta }: Reply): QueryResult {
  return { meta, data: { kind: "raw", ...(grid ?? { columns: [], rows: [] }) } };
}

function checked(request: Partial<QueryRequest> | undefined | null): {
  queries: Query[];
  bookmark: string | null;
} {
  const { queries, bookmark = null } = request ?? {};
  if (!Array.isArray(queries)) throw refusal("`queries` must be an array");
  if (bookmark !== null && typeof bookmark !== "string") {
    throw refusal("`bookmark` must be a string");
  }
  // Not `map`, here and below: it would leave the holes of an array.
  return { queries: Array.from(queries, toQuery), bookmark: bookmark?.trim() || null };
}

function toQuery(query: Partial<Query> | undefined | null, at: number): Query {
  const { sql, params } = query ?? {};
  if (typeof sql !== "string") throw refusal(`\`queries[${at}].sql\` must be a string`);
  if (params === undefined || params === null) return { sql };
  if (!Array.isArray(params)) throw refusal(`\`queries[${at}].params\` must be an array`);
  return { sql, params: Array.from(params, toExactParam) };
}

// D1's class has already converted what was bound: its arrays hold the elements of typed arrays of
// any kind, and are BLOBs. What comes as bytes was not bound, and is exactly those bytes.
function toExactParam(value: unknown): Param {
  if (Array.isArray(value) && value.every((each) => typeof each === "number")) return value;
  if (!ArrayBuffer.isView(value)) return toParam(value, true);
  return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function refusal(what: string): TypeError {
  return new TypeError(`query() takes { queries: [{ sql, params? }], bookmark? }: ${what}`);
}
