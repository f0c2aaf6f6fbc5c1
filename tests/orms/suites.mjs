// All cases with ORMs, by suite. A case is a name and a function that uses a database and asserts.

import { drizzleCases } from "./drizzle_cases.mjs";
import { drizzleBatchCases } from "./drizzle_batch_cases.mjs";
import { drizzleColumnCases } from "./drizzle_column_cases.mjs";
import { drizzleRelationCases } from "./drizzle_relation_cases.mjs";
import { drizzleSessionCases } from "./drizzle_session_cases.mjs";
import { drizzleTransactionCases } from "./drizzle_transaction_cases.mjs";
import { honoCases } from "./hono_cases.mjs";
import { kyselyCases } from "./kysely_cases.mjs";
import { kyselySchemaCases } from "./kysely_schema_cases.mjs";
import { prismaAdapterCases } from "./prisma_adapter_cases.mjs";
import { prismaClientCases } from "./prisma_client_cases.mjs";
import { rebuildCases } from "./rebuild_cases.mjs";

export const suites = {
  drizzle: { title: "drizzle: statements", cases: drizzleCases },
  columns: { title: "drizzle: kinds of columns", cases: drizzleColumnCases },
  relations: { title: "drizzle: relational queries", cases: drizzleRelationCases },
  batches: { title: "drizzle: batches and migrations", cases: drizzleBatchCases },
  transactions: { title: "drizzle: transactions", cases: drizzleTransactionCases },
  kysely: { title: "kysely: statements", cases: kyselyCases },
  schema: { title: "kysely: schema and migrations", cases: kyselySchemaCases },
  adapter: { title: "Prisma: the adapter", cases: prismaAdapterCases },
  client: { title: "Prisma: the client", cases: prismaClientCases },
  hono: { title: "Hono: a handler with env.DB", cases: honoCases },
  rebuild: { title: "a migration that rebuilds a table", cases: rebuildCases },
  // Last, because D1 notes bookmarks in a table of its own, on which kysely's introspection fails.
  sessions: { title: "drizzle: sessions", cases: drizzleSessionCases },
};
