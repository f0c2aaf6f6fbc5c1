/** SQLite's own words; those of the package hold the whole standard, and the shell's commands. */

import { SQLDialect, SQLite } from "@codemirror/lang-sql";

const WORDS = `
  abort action add after all alter always analyze and as asc autoincrement before begin between by
  cascade case cast check collate column commit conflict constraint create cross current
  current_date current_time current_timestamp default deferrable deferred delete desc distinct do
  drop each else end escape except exclude exclusive exists explain fail filter first following
  for foreign from full generated glob group groups having if ignore immediate in index indexed
  initially inner insert instead intersect into is isnull join key last left like limit match
  materialized natural no not nothing notnull null nulls of offset on or order others outer over
  partition plan pragma preceding primary query raise range recursive references regexp reindex
  release rename replace restrict returning right rollback row rowid rows savepoint select set
  strict table temp temporary then ties to transaction trigger unbounded union unique update using
  vacuum values view virtual when where window with without`;

export const dialect = SQLDialect.define({
  ...SQLite.spec,
  keywords: WORDS.trim().replaceAll(/\s+/g, " "),
  types: "any blob boolean date datetime int integer numeric real text varchar",
  builtin: "",
});
