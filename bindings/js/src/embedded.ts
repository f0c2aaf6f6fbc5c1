/**
 * The entry `isolite/embedded`: databases inside the user's own Worker.
 *
 * The Worker brings the Durable Objects itself, so its main module exports the two classes from
 * here, and its wrangler.toml binds them under their fixed names.
 */

import { D1Database } from "./database.ts";
import { type Events, wrapHandler } from "./handler.ts";
import type { ValueOptions } from "./reply.ts";
import { type IsoliteEnv, RouterTransport } from "./router.ts";

export interface IsoliteOptions extends ValueOptions {
  /** Whether the first use of an unknown name creates the database; true unless told. */
  create?: boolean;
  /**
   * How old the answer to a read outside sessions may be, in milliseconds. Reads are then answered
   * from this isolate's memory once the database is there; what the same handle has written or read
   * they always see, and those of a session what the session has seen. 0 unless told: every read goes
   * to the primary, as in D1 without read replication.
   */
  max_staleness_ms?: number;
}

/** The database of this name. Cheap: call it in every request. */
export function isolite(env: IsoliteEnv, database: string, options?: IsoliteOptions): D1Database {
  if (!env.ISOLITE_PRIMARY || !env.ISOLITE_DIRECTORY) throw new TypeError(NO_BINDINGS);
  const { create = true, max_staleness_ms = 0 } = options ?? {};
  return new D1Database(new RouterTransport(env, database, create, max_staleness_ms), options);
}

/** A copy of `env` with databases: binding name to database name, as in `{ DB: "demo" }`. */
export function isoliteEnv<Env extends object>(
  env: Env,
  databases: Record<string, string>,
  options?: IsoliteOptions,
): Env {
  const faces = Object.entries(databases).map(([binding, database]) => [
    binding,
    isolite(env as unknown as IsoliteEnv, database, options),
  ]);
  return { ...env, ...Object.fromEntries(faces) };
}

/** A handler whose `env` has these databases: binding name to database name. */
export function withIsolite<Handler extends object>(
  handler: Handler,
  databases: Record<string, string>,
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

[[migrations]]
tag = "isolite-1"
new_sqlite_classes = ["IsolitePrimary", "IsoliteDirectory"]`;

export { IsoliteDirectory, IsolitePrimary } from "../wasm/index.js";
export { D1Database } from "./database.ts";
export type { D1ErrorCode } from "./errors.ts";
export type { Events } from "./handler.ts";
export type { QueryRequest, QueryResponse, QueryResult } from "./query.ts";
export type { ValueOptions } from "./reply.ts";
export type { D1ExecResult, D1Meta, D1Result } from "./result.ts";
export type { IsoliteEnv } from "./router.ts";
export type { D1DatabaseSession } from "./session.ts";
export type { Batchable, D1PreparedStatement } from "./statement.ts";
