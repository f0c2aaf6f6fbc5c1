/**
 * The entry `isolite`: D1's face over a service binding to the Isolite Worker.
 *
 * It holds no SQLite and no WebAssembly; those are in the Worker it talks to. To have them in
 * your own Worker, import `isolite/embedded`.
 */

import type { DatabaseOptions } from "./database.ts";
import { ServiceDatabase } from "./databases.ts";
import { type Events, wrapHandler } from "./handler.ts";
import { cameIn, type Located } from "./location.ts";
import type { ServiceBinding } from "./service.ts";
import type { Bounds } from "./staleness.ts";

/** What is a D1 database already, Cloudflare's or ours. */
export interface AnyD1 {
  prepare(query: string): object;
  dump(): Promise<ArrayBuffer>;
}

export interface ServiceOptions extends DatabaseOptions, Bounds {
  /**
   * The request that is being answered. Its `cf` tells where this Worker runs, and so which region's
   * replica is near; once is enough, and `withIsolite` does it by itself.
   */
  request?: Located;
}

/**
 * The database behind a service binding whose `entrypoint` is `Database`; where that is `Databases`,
 * `get` picks one of them by its name. A D1 database stays what
 * it is, so that one line serves wherever the binding may be one, as in `wrangler dev` with the
 * plugin.
 */
export function isolite(
  binding: ServiceBinding | AnyD1,
  options: ServiceOptions = {},
): ServiceDatabase {
  if (binding === undefined || binding === null) throw new TypeError(NO_BINDING);
  if (options.request !== undefined) cameIn(options.request);
  if (!isD1(binding)) return new ServiceDatabase(binding, options);
  if (options.bigint || options.blobs === "bytes" || options.transactions) {
    throw new TypeError(NO_OPTIONS);
  }
  return binding as unknown as ServiceDatabase;
}

// A service binding has every method that one asks it for, so nothing but the class tells.
function isD1(binding: ServiceBinding | AnyD1): binding is AnyD1 {
  return binding.constructor.name === "D1Database";
}

/** A copy of `env` in which the named service bindings are databases. */
export function isoliteEnv<Env extends object>(env: Env, ...bindings: string[]): Env {
  const services = env as Record<string, ServiceBinding>;
  const databases = bindings.map((name) => [name, isolite(services[name] as ServiceBinding)]);
  return { ...env, ...Object.fromEntries(databases) };
}

/** A handler whose `env` has databases in place of the named service bindings. */
export function withIsolite<Handler extends object>(
  handler: Handler,
  ...bindings: [string, ...string[]]
): Events<Handler> {
  return wrapHandler(handler, (env) => isoliteEnv(env, ...bindings));
}

const NO_BINDING = `isolite: there is no such service binding. In wrangler.toml:
[[services]]
binding = "DB"
service = "isolite"
entrypoint = "Database"
props = { database = "<name>" }`;

const NO_OPTIONS = `isolite: this binding is a D1 database already, whose class knows no options. \
Where it is one by the plugin for wrangler, leave the plugin out`;

export type { Constraint, SessionTerms } from "./channel.ts";
export { D1Database, type DatabaseOptions } from "./database.ts";
export type { D1Databases, Group, ServiceDatabase } from "./databases.ts";
export type { D1ErrorCode, FailureCode } from "./errors.ts";
export type { Events } from "./handler.ts";
export type { QueryRequest, QueryResponse, QueryResult } from "./query.ts";
export type { ValueOptions } from "./reply.ts";
export type { D1ExecResult, D1Meta, D1Result } from "./result.ts";
export type { Attendant, DatabaseRpc, ServiceBinding } from "./service.ts";
export type { D1DatabaseSession, SessionOptions } from "./session.ts";
export type { Bounds } from "./staleness.ts";
export type { Batchable, D1PreparedStatement } from "./statement.ts";
export type { D1Transaction, TransactionMode, TransactionOptions } from "./transaction.ts";
export type { Transport, TransportReply } from "./transport.ts";
export { type SessionSource, type VisitorOptions, withVisitorSession } from "./visitor.ts";
