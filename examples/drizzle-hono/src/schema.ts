/** Two tables: lists, and the tasks of each. Deleting a list deletes its tasks. */

import { relations } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const lists = sqliteTable("lists", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull().unique(),
  created: integer({ mode: "timestamp_ms" }).notNull().$defaultFn(() => new Date()),
});

export const tasks = sqliteTable(
  "tasks",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    listId: integer("list_id").notNull().references(() => lists.id, { onDelete: "cascade" }),
    text: text().notNull(),
    tags: text({ mode: "json" }).$type<string[]>().notNull().default([]),
    done: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [index("tasks_list").on(table.listId)],
);

export const listRelations = relations(lists, ({ many }) => ({ tasks: many(tasks) }));

export const taskRelations = relations(tasks, ({ one }) => ({
  list: one(lists, { fields: [tasks.listId], references: [lists.id] }),
}));
