// The tables of the drizzle cases: one of each kind of column that drizzle has for SQLite.

import { relations, sql } from "drizzle-orm";
import {
  blob, index, integer, numeric, primaryKey, real, sqliteTable, text, uniqueIndex,
} from "drizzle-orm/sqlite-core";

export const users = sqliteTable("users", {
  id: integer().primaryKey({ autoIncrement: true }),
  email: text().notNull().unique(),
  name: text(),
  role: text({ enum: ["admin", "reader"] }).notNull().default("reader"),
  active: integer({ mode: "boolean" }).notNull().default(true),
  settings: text({ mode: "json" }),
  joined: integer({ mode: "timestamp" }).notNull().default(sql`(unixepoch())`),
  seen: integer({ mode: "timestamp_ms" }),
});

export const posts = sqliteTable(
  "posts",
  {
    id: integer().primaryKey(),
    authorId: integer("author_id").notNull().references(() => users.id, { onDelete: "cascade" }),
    title: text().notNull(),
    views: integer().notNull().default(0),
    score: real(),
  },
  (table) => [index("posts_author").on(table.authorId)],
);

export const tags = sqliteTable("tags", { id: integer().primaryKey(), name: text().notNull() });

export const postTags = sqliteTable(
  "post_tags",
  {
    postId: integer("post_id").notNull().references(() => posts.id),
    tagId: integer("tag_id").notNull().references(() => tags.id),
  },
  (table) => [
    primaryKey({ columns: [table.postId, table.tagId] }),
    uniqueIndex("post_tags_back").on(table.tagId, table.postId),
  ],
);

export const files = sqliteTable("files", {
  id: integer().primaryKey(),
  bytes: blob({ mode: "buffer" }),
  size: blob({ mode: "bigint" }),
  meta: blob({ mode: "json" }),
  price: numeric(),
});

export const userRelations = relations(users, ({ many }) => ({ posts: many(posts) }));

export const postRelations = relations(posts, ({ one, many }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
  tags: many(postTags),
}));

export const postTagRelations = relations(postTags, ({ one }) => ({
  post: one(posts, { fields: [postTags.postId], references: [posts.id] }),
  tag: one(tags, { fields: [postTags.tagId], references: [tags.id] }),
}));
