/**
 * Compiled, never run: the faces are Cloudflare's types without a cast, in both directions that
 * matter (a value where D1's type is wanted, D1's statements where ours are).
 */

import type * as modules from "@cloudflare/workers-types";
import { isolite as embedded, isoliteEnv, withIsolite as withEmbedded } from "../src/embedded.ts";
import {
  isolite,
  type D1Database as Own,
  type QueryRequest,
  type QueryResponse,
  type ServiceBinding,
  withIsolite,
} from "../src/index.ts";
import type { Database, DatabaseProps } from "../src/worker.ts";
import { plugins } from "../src/wrangler-plugin.ts";

interface Env {
  DB: D1Database;
  ISOLITE_PRIMARY: DurableObjectNamespace;
  ISOLITE_DIRECTORY: DurableObjectNamespace;
}

export function bindings(untyped: Fetcher, typed: Service<typeof Database>): ServiceBinding[] {
  return [untyped, typed];
}

export function databases(env: Env, service: Fetcher): D1Database[] {
  const imported: modules.D1Database = isolite(service);
  void imported;
  return [isolite(service), embedded(env, "demo"), embedded(env, "demo", { create: false })];
}

export async function results(service: Fetcher, foreign: D1PreparedStatement): Promise<void> {
  const db = isolite(service);
  const session: D1DatabaseSession = db.withSession("first-primary");
  const statement: D1PreparedStatement = session.prepare("SELECT 1").bind(1, null, "x");
  const all: D1Result<{ id: number }> = await statement.all<{ id: number }>();
  const own: D1Result = await db.prepare("SELECT 1").run();
  const many: D1Result<unknown>[] = await db.batch([db.prepare("SELECT 1"), foreign]);
  const count: D1ExecResult = await db.exec("SELECT 1");
  const name: string | null = await db.prepare("SELECT 1").first<string>("name");
  const row: Record<string, unknown> | null = await db.prepare("SELECT 1").first();
  const rows: unknown[][] = await db.prepare("SELECT 1").raw();
  const [names]: [string[], ...unknown[][]] = await db.prepare("").raw({ columnNames: true });
  void [all, own, many, count, name, row, rows, names];
}

/** What a transaction has is D1's, and its result is what its function gives. */
export async function transactions(service: Fetcher, env: Env): Promise<number> {
  const db = isolite(service, { transactions: true });
  await embedded(env, "demo", { transactions: true }).withSession().transaction(() => {});
  const nothing: undefined = await db.transaction(() => undefined, { mode: "read", retries: 0 });
  void nothing;
  return db.transaction(async (tx) => {
    const statement: D1PreparedStatement = tx.prepare("SELECT 1").bind(1);
    const results: D1Result<unknown>[] = await tx.batch([statement]);
    const count: D1ExecResult = await tx.exec("SELECT 1");
    const own: Pick<D1Database, "prepare" | "batch" | "exec"> = tx;
    void [results, own];
    return tx.transaction(async (nested) => (await nested.exec("SELECT 1")).count + count.count);
  });
}

/** One line for a binding that is a service or, with the plugin, a D1 database. */
export function either(foreign: D1Database, imported: modules.D1Database, own: Own): D1Database[] {
  const both = foreign as D1Database | Fetcher;
  return [isolite(foreign), isolite(imported), isolite(own), isolite(both)];
}

export function options(service: Fetcher, env: Env): D1Database[] {
  const props: DatabaseProps = { database: "demo", bigint: true, blobs: "bytes" };
  void props;
  return [
    isolite(service, { bigint: true, blobs: "bytes" }),
    embedded(env, "demo", { bigint: true, create: false }),
  ];
}

/** D1's class has `query` too, but its published types do not. */
export interface D1DatabaseWithQuery extends D1Database {
  query(request: {
    queries: { sql: string; params?: unknown[] }[];
    bookmark?: string;
  }): Promise<{
    results: {
      meta: D1Meta & Record<string, unknown>;
      data: { kind: "raw"; columns: string[]; rows: unknown[][] };
    }[];
    bookmark?: string;
  }>;
}

export async function queries(untyped: Fetcher, typed: Service<typeof Database>): Promise<void> {
  const face: D1DatabaseWithQuery = isolite(untyped);
  const request: QueryRequest = { queries: [{ sql: "SELECT ?", params: [1n, new Uint8Array(1)] }] };
  const response: QueryResponse = await face.query(request);
  const direct: QueryResponse = await typed.query({ ...request, bookmark: "first-primary" });
  const rows: unknown[][] | undefined = response.results[0]?.data.rows;
  void [direct, rows, plugins.isolite.getBindings({ config: {} })];
}

const handler = {
  async fetch(_request, env) {
    return Response.json(await env.DB.prepare("SELECT 1").all());
  },
  async scheduled(_controller, env) {
    await env.DB.exec("SELECT 1");
  },
} satisfies ExportedHandler<Env>;

export const service: ExportedHandler<Env> = withIsolite(handler, "DB", "OTHER");
export const inside: ExportedHandler<Env> = withEmbedded(handler, { DB: "demo" });
export const changed: (env: Env) => Env = (env) => isoliteEnv(env, { DB: "demo" });

// @ts-expect-error Without the Durable Objects there is nothing to embed.
embedded({}, "demo");
// @ts-expect-error There are no other options.
isolite({} as Fetcher, { bigints: true });
// @ts-expect-error A transaction reads or writes.
void isolite({} as Fetcher).transaction(() => {}, { mode: "exclusive" });
// @ts-expect-error BLOBs come in one of two ways.
isolite({} as Fetcher, { blobs: "buffer" });
// @ts-expect-error A query is an object.
void isolite({} as Fetcher).query({ queries: ["SELECT 1"] });
// @ts-expect-error A namespace is no service binding.
isolite({} as DurableObjectNamespace);
