/**
 * A JSON API over lists of tasks: Hono for the routes, drizzle for the queries.
 *
 * `withIsolite` at the end is all that is not plain D1 here. It puts the database at `env.DB`,
 * where code written for D1 has it.
 */

import { withIsolite } from "isolite/embedded";
import { count, eq, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { Hono } from "hono";

import { migrated } from "./migrated.ts";
import * as schema from "./schema.ts";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

const { lists, tasks } = schema;

interface Types {
  Bindings: { DB: D1Database };
  Variables: { db: DrizzleD1Database<typeof schema> };
}

const app = new Hono<Types>();

app.use(async (context, next) => {
  const db = drizzle(context.env.DB, { schema });
  await migrated(db);
  context.set("db", db);
  await next();
});

app.get("/lists", async (context) => {
  const found = await context.var.db
    .select({ id: lists.id, name: lists.name, open: count(tasks.id) })
    .from(lists)
    .leftJoin(tasks, sql`${tasks.listId} = ${lists.id} AND NOT ${tasks.done}`)
    .groupBy(lists.id)
    .orderBy(lists.name);
  return context.json(found);
});

/** `{ name, tasks: [text, …] }`: the list is created with all of its tasks, or not at all. */
app.post("/lists", async (context) => {
  const { db } = context.var;
  const wanted = await context.req.json<{ name: string; tasks?: string[] }>();
  // Within a batch a statement cannot use what another one answered, but it sees what that did.
  const listId = sql<number>`(SELECT id FROM lists WHERE name = ${wanted.name})`;
  const [created] = await db.batch([
    db.insert(lists).values({ name: wanted.name }).returning(),
    ...(wanted.tasks ?? []).map((text) => db.insert(tasks).values({ listId, text })),
  ]);
  return context.json(created[0], 201);
});

app.get("/lists/:id", async (context) => {
  const list = await context.var.db.query.lists.findFirst({
    where: eq(lists.id, Number(context.req.param("id"))),
    with: { tasks: { columns: { listId: false } } },
  });
  return list === undefined ? context.notFound() : context.json(list);
});

app.delete("/lists/:id", async (context) => {
  const id = Number(context.req.param("id"));
  const { meta } = await context.var.db.delete(lists).where(eq(lists.id, id));
  return meta.changes === 0 ? context.notFound() : context.body(null, 204);
});

app.patch("/tasks/:id", async (context) => {
  const { done, tags } = await context.req.json<{ done?: boolean; tags?: string[] }>();
  const [changed] = await context.var.db
    .update(tasks)
    .set({ done, tags })
    .where(eq(tasks.id, Number(context.req.param("id"))))
    .returning();
  return changed === undefined ? context.notFound() : context.json(changed);
});

export default withIsolite(app, { DB: "tasks" });
