/**
 * The entry `isolite/embedded`: databases inside the user's own Worker.
 *
 * The Worker brings the Durable Objects itself, so its main module exports the three classes from
 * here, and its wrangler.toml binds them under their fixed names.
 */

import { D1Database, type DatabaseOptions } from "./database.ts";
import { type D1Databases, EmbeddedDatabases, type Group } from "./databases.ts";
import { type Events, wrapHandler } from "./handler.ts";
import { cameIn, type Located } from "./location.ts";
import { type IsoliteEnv, RouterTransport } from "./router.ts";
import type { Bounds } from "./staleness.ts";

export interface IsoliteOptions extends DatabaseOptions, Bounds {
  /** Whether the first use of an unknown name creates the database; true unless told. */
  create?: boolean;
  /**
   * The request that is being answered. Its `cf` tells where this isolate runs, and so which
   * region's replica is near; once is enough, and `withIsolite` does it by itself.
   */
  request?: Located;
}

/** Options of a group: what it is, and how each of its databases is used. */
export interface GroupOptions extends Group, Omit<IsoliteOptions, "create"> {}

/**
 * The database of this name; or, for a group of databases, what picks one of them by its name, as in
 * `isolite(env, { prefix: "tenant-" }).get("tenant-42")`. Cheap: call it in every request.
 */
export function isolite(env: IsoliteEnv, database: string, options?: IsoliteOptions): D1Database;
export function isolite(env: IsoliteEnv, group: GroupOptions): D1Databases;
export function isolite(
  env: IsoliteEnv,
  database: string | GroupOptions,
  options?: IsoliteOptions,
): D1Database | D1Databases {
  if (!env.ISOLITE_PRIMARY || !env.ISOLITE_DIRECTORY) throw new TypeError(NO_BINDINGS);
  if (typeof database === "object" && database !== null) {
    if (database.request !== undefined) cameIn(database.request);
    return new EmbeddedDatabases(env, database);
  }
  const { create = true, max_staleness_ms, request } = options ?? {};
  if (request !== undefined) cameIn(request);
  const transport = new RouterTransport(env, database, { create, max_staleness_ms });
  return new D1Database(transport, options);
}

/**
 * A copy of `env` with databases: binding name to database name, as in `{ DB: "demo" }`, or to a group
 * of them, as in `{ TENANTS: { prefix: "tenant-" } }`.
 */
export function isoliteEnv<Env extends object>(
  env: Env,
  databases: Record<string, string | GroupOptions>,
  options?: IsoliteOptions,
): Env {
  const faces = Object.entries(databases).map(([binding, database]) => [
    binding,
    open(env as unknown as IsoliteEnv, database, options),
  ]);
  return { ...env, ...Object.fromEntries(faces) };
}

function open(
  env: IsoliteEnv,
  database: string | GroupOptions,
  options: IsoliteOptions | undefined,
): D1Database | D1Databases {
  if (typeof database === "string") return isolite(env, database, options);
  const { create: _, ...rest } = options ?? {};
  return isolite(env, { ...rest, ...database });
}

/** A handler whose `env` has these databases: binding name to database name, or to a group. */
export function withIsolite<Handler extends object>(
  handler: Handler,
  databases: Record<string, string | GroupOptions>,
  options?: IsoliteOptions,
): Events<Handler> {
  return wrapHandler(handler, (env) => isoliteEnv(env, databases, options));
}

const NO_BINDINGS = `isolite: the Durable Objects are not bound. In wrangler.toml:
[[durable_objects.bindings]]
name = "ISOLITE_PRIMARY"
class_name = "IsolitePrimary"

[[durable_objects.bindings]]
name = "ISOLITE_DIRECTORY"
class_name = "IsoliteDirectory"

[[durable_objects.bindings]]
name = "ISOLITE_REPLICA"
class_name = "IsoliteReplica"

[[migrations]]
tag = "isolite-1"
new_sqlite_classes = ["IsolitePrimary", "IsoliteDirectory"]

[[migrations]]
tag = "isolite-2"
new_sqlite_classes = ["IsoliteReplica"]`;

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "../wasm/index.js";
export type { Constraint, SessionTerms } from "./channel.ts";
export { D1Database, type DatabaseOptions } from "./database.ts";
export type { D1Databases, Group } from "./databases.ts";
export type { D1ErrorCode, FailureCode } from "./errors.ts";
export type { Events } from "./handler.ts";
export type { QueryRequest, QueryResponse, QueryResult } from "./query.ts";
export type { ValueOptions } from "./reply.ts";
export type { D1ExecResult, D1Meta, D1Result } from "./result.ts";
export type { IsoliteEnv } from "./router.ts";
export type { D1DatabaseSession, SessionOptions } from "./session.ts";
export type { Bounds } from "./staleness.ts";
export type { Batchable, D1PreparedStatement } from "./statement.ts";
export type { D1Transaction, TransactionMode, TransactionOptions } from "./transaction.ts";
export { type SessionSource, type VisitorOptions, withVisitorSession } from "./visitor.ts";
