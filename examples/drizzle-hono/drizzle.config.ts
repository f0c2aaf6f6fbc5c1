/** For `npx drizzle-kit generate`, which writes what changed in the schema into `migrations`. */

export default {
  dialect: "sqlite",
  schema: "./src/schema.ts",
  out: "./migrations",
};
