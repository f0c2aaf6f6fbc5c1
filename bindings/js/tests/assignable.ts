/**
 * Compiled, never run: the faces are Cloudflare's types without a cast, in both directions that
 * matter (a value where D1's type is wanted, D1's statements where ours are).
 */

import type * as modules from "@cloudflare/workers-types";
import { isolite as embedded, isoliteEnv, withIsolite as withEmbedded } from "../src/embedded.ts";
import { isolite, type ServiceBinding, withIsolite } from "../src/index.ts";
import type { Database } from "../src/worker.ts";

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
// @ts-expect-error A namespace is no service binding.
isolite({} as DurableObjectNamespace);
