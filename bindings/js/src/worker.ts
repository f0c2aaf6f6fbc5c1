/**
 * The entry `isolite/worker`: the Isolite Worker, which other Workers bind as a service.
 *
 * A Rust Worker can export neither a named entrypoint nor RPC methods, hence this module around
 * it. `Database` answers three ways: the RPC method `d1` for the package's own face, and both
 * protocols of D1, HTTP and RPC, over either of which Cloudflare's own D1 class runs unchanged.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import { Channel } from "./channel.ts";
import { creates, type Group, refusalOf } from "./databases.ts";
import { cameIn } from "./location.ts";
import { type QueryRequest, type QueryResponse, runQuery } from "./query.ts";
import type { ValueOptions } from "./reply.ts";
import { logged } from "./request_log.ts";
import { idOf, type IsoliteEnv, RouterTransport } from "./router.ts";
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

/** What a service binding to `Databases` sets under `props`. */
export interface DatabasesProps extends Group, Bounds {}

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
    const options = { bigint, blobs };
    return runQuery((bookmark) => new Channel({ send }, bookmark, options), request);
  }

  // D1's class asks for `/dump` as well, and 404 is what it is answered by D1.
  override async fetch(request: Request): Promise<Response> {
    cameIn(request);
    const { pathname, search } = new URL(request.url);
    const headers = new Headers({ "content-type": "application/json" });
    if (request.method !== "POST" || !isOfD1(pathname)) {
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
    attendant: Attendant,
  ): Promise<TransportReply> {
    const { database, create = false, max_staleness_ms } = this.ctx.props ?? {};
    if (!database) return { text: failure(NO_DATABASE), bookmark: null };
    if (attendant.database !== undefined) return { text: failure(ONE_DATABASE), bookmark: null };
    const options = { create, max_staleness_ms };
    return send(this.env, database, options, path, body, session, attendant);
  }
}

/** Many databases behind one binding: the caller picks one of those that the binding is for. */
export class Databases
  extends WorkerEntrypoint<IsoliteEnv, DatabasesProps>
  implements DatabaseRpc
{
  async d1(
    path: string,
    body: string | undefined,
    session: string | null,
    attendant: Attendant = {},
  ): Promise<[text: string, bookmark: string | null]> {
    const group = this.ctx.props ?? {};
    const { database } = attendant;
    if (database === undefined) return [failure(NONE_PICKED), null];
    const refused = refusalOf(database, group);
    if (refused !== undefined) return [failure(refused), null];
    const { template, max_staleness_ms } = group;
    const options = { create: creates(group), template, max_staleness_ms };
    const { text, bookmark } = await send(
      this.env, database, options, path, body, session, attendant,
    );
    return [text, bookmark];
  }

  // D1's own class has no word for which database.
  override fetch(): Response {
    const headers = { "content-type": "application/json" };
    return new Response(failure(NONE_PICKED), { status: 404, headers });
  }
}

/** Has a database answer, whatever the binding is for. */
async function send(
  env: IsoliteEnv,
  database: string,
  options: { create: boolean; template?: string | undefined } & Bounds,
  path: string,
  body: string | undefined,
  session: string | null,
  { seen, location, max_staleness_ms }: Attendant,
): Promise<TransportReply> {
  if (!isOpen(path.split("?", 1)[0])) return { text: refusal(path), bookmark: null };
  if (location !== undefined) cameIn({ cf: location });
  const own = { seen, tells: true, max_staleness_ms: max_staleness_ms ?? options.max_staleness_ms };
  const router = new RouterTransport(env, database, { ...options, ...own });
  const asked = { path, body, database, id: () => idOf(database) };
  // A session's own bound, if it has one; else sessions have theirs.
  const bound = session === null ? undefined : max_staleness_ms;
  return logged(env, asked, () => router.send(path, body, session, bound));
}

// The objects behind answer more than this (one of their paths deletes the database), and a
// binding grants no more than to query.
function isOpen(pathname = ""): boolean {
  return isOfD1(pathname) || TRANSACTION_PATHS.includes(pathname);
}

function isOfD1(pathname: string): boolean {
  return pathname === "/query" || pathname === "/execute";
}

const TRANSACTION_PATHS = ["begin", "nest", "commit", "rollback"].map((it) => `/transaction/${it}`);

function refusal(path: string): string {
  return failure(`No such path: ${path}`);
}

function failure(error: string): string {
  return JSON.stringify({ success: false, error });
}

const NO_DATABASE = `This service binding names no database. Add to it in wrangler.toml: \
entrypoint = "Database" and props = { database = "<name>" }`;

const ONE_DATABASE = `This service binding is for one database, and picks none by name: for many it \
has in wrangler.toml entrypoint = "Databases" and props = { prefix = "<prefix>" }`;

const NONE_PICKED = `This service binding is for many databases: pick one with \
isolite(env.<BINDING>).get("<name>")`;
