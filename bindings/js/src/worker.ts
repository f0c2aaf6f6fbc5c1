/**
 * The entry `isolite/worker`: the Isolite Worker, which other Workers bind as a service.
 *
 * A Rust Worker can export neither a named entrypoint nor RPC methods, hence this module around
 * it. `Database` answers two ways: one RPC method for the package's own face, and D1's HTTP
 * protocol, over which Cloudflare's own D1 class runs unchanged.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import { type IsoliteEnv, RouterTransport } from "./router.ts";
import type { DatabaseRpc } from "./service.ts";
import type { TransportReply } from "./transport.ts";

export { default, IsoliteDirectory, IsolitePrimary } from "../wasm/index.js";

/** What a service binding sets under `props`. */
export interface DatabaseProps {
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
  ): Promise<[text: string, bookmark: string | null]> {
    const { text, bookmark } = await this.#send(path, body, session);
    return [text, bookmark];
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers({ "content-type": "application/json" });
    if (request.method !== "POST" || !isOpen(pathname)) {
      return new Response(refusal(pathname), { status: 404, headers });
    }
    const session = request.headers.get(SESSION_HEADER);
    const { text, bookmark } = await this.#send(pathname + search, await request.text(), session);
    if (bookmark !== null) headers.set(SESSION_HEADER, bookmark);
    return new Response(text, { headers });
  }

  async #send(
    path: string,
    body: string | undefined,
    session: string | null,
  ): Promise<TransportReply> {
    const { database, create = false } = this.ctx.props ?? {};
    if (!database) return { text: failure(NO_DATABASE), bookmark: null };
    if (!isOpen(path.split("?", 1)[0])) return { text: refusal(path), bookmark: null };
    return new RouterTransport(this.env, database, create).send(path, body, session);
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
