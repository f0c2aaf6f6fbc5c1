/**
 * The entry `isolite/worker`: the Isolite Worker, which other Workers bind as a service.
 *
 * A Rust Worker can export neither a named entrypoint nor RPC methods, hence this module around
 * it. `Database` answers three ways: the RPC method `d1` for the package's own face, and both
 * protocols of D1, HTTP and RPC, over either of which Cloudflare's own D1 class runs unchanged.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import { cameIn } from "./location.ts";
import { type QueryRequest, type QueryResponse, runQuery } from "./query.ts";
import type { ValueOptions } from "./reply.ts";
import { type IsoliteEnv, RouterTransport } from "./router.ts";
import type { Attendant, DatabaseRpc } from "./service.ts";
import type { Bounds } from "./staleness.ts";
import type { Transport, TransportReply } from "./transport.ts";

export {
  default, IsoliteDirectory, IsolitePrimary, IsoliteReplica, IsoliteUpload,
} from "../wasm/index.js";

/** What a service binding sets under `props`; the options are for D1's RPC protocol. */
export interface DatabaseProps extends ValueOptions, Bounds {
  database: string;
  /** Whether the first use of an unknown name creates the database; false unless told. */
  create?: boolean;
}

const SESSION_HEADER = "x-cf-d1-session-commit-token";

export class Database
  extends WorkerEntrypoint<IsoliteEnv, Partial<DatabaseProps>>
  implements DatabaseRpc
{
  async d1(
    path: string,
    body: string | undefined,
    session: string | null,
    attendant: Attendant = {},
  ): Promise<[text: string, bookmark: string | null]> {
    const { text, bookmark } = await this.#send(path, body, session, attendant);
    return [text, bookmark];
  }

  async query(request: QueryRequest): Promise<QueryResponse> {
    const { bigint = false, blobs = "array" } = this.ctx.props ?? {};
    const send: Transport["send"] = (path, body, session) => this.#d1(path, body, session);
    return runQuery({ send }, request, { bigint, blobs });
  }

  // D1's class asks for `/dump` as well, and 404 is what it is answered by D1.
  override async fetch(request: Request): Promise<Response> {
    cameIn(request);
    const { pathname, search } = new URL(request.url);
    const headers = new Headers({ "content-type": "application/json" });
    if (request.method !== "POST" || !isOpen(pathname)) {
      return new Response(refusal(pathname), { status: 404, headers });
    }
    const session = request.headers.get(SESSION_HEADER);
    const { text, bookmark } = await this.#d1(pathname + search, await request.text(), session);
    if (bookmark !== null && session !== null) headers.set(SESSION_HEADER, bookmark);
    return new Response(text, { headers });
  }

  /** Over D1's own protocols nobody tells what a handle has seen: only sessions read from replicas. */
  #d1(path: string, body: string | undefined, session: string | null): Promise<TransportReply> {
    return this.#send(path, body, session, session === null ? { max_staleness_ms: 0 } : {});
  }

  async #send(
    path: string,
    body: string | undefined,
    session: string | null,
    { seen, location, max_staleness_ms }: Attendant,
  ): Promise<TransportReply> {
    const { database, create = false, max_staleness_ms: bound } = this.ctx.props ?? {};
    if (!database) return { text: failure(NO_DATABASE), bookmark: null };
    if (!isOpen(path.split("?", 1)[0])) return { text: refusal(path), bookmark: null };
    if (location !== undefined) cameIn({ cf: location });
    const options = { create, seen, tells: true, max_staleness_ms: max_staleness_ms ?? bound };
    const router = new RouterTransport(this.env, database, options);
    // A session's own bound, if it has one; else sessions have theirs.
    return router.send(path, body, session, session === null ? undefined : max_staleness_ms);
  }
}

// The objects behind answer more than this (one of their paths deletes the database), and a
// binding grants no more than to query.
function isOpen(pathname: string | undefined): boolean {
  return pathname === "/query" || pathname === "/execute";
}

function refusal(path: string): string {
  return failure(`No such path: ${path}`);
}

function failure(error: string): string {
  return JSON.stringify({ success: false, error });
}

const NO_DATABASE = `This service binding names no database. Add to it in wrangler.toml: \
entrypoint = "Database" and props = { database = "<name>" }`;
