/**
 * A JSON API over notes and cities. `withIsolite` is all that is not plain D1 here: it puts the
 * database at `env.DB`, where the rest of the code expects it.
 */

import { withIsolite } from "isolite";
import { findCities } from "./cities.ts";
import * as notes from "./notes.ts";

interface Env {
  DB: D1Database;
}

const handler = {
  async fetch(request, env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, collection, item] = pathname.split("/");
    switch (`${request.method} /${collection}${item === undefined ? "" : "/:item"}`) {
      case "POST /setup":
        return Response.json(await notes.setUp(env.DB));
      case "GET /notes":
        return Response.json(await notes.list(env.DB));
      case "POST /notes":
        return Response.json(await notes.create(env.DB, await request.json()), { status: 201 });
      case "GET /notes/:item":
        return found(await notes.read(env.DB, Number(item)));
      case "DELETE /notes/:item":
        return found(await notes.remove(env.DB, Number(item)));
      case "GET /notes.csv":
        return new Response(await notes.table(env.DB), { headers: { "content-type": "text/csv" } });
      case "GET /cities":
        return found(await findCities(env.DB, searchParams.get("name") ?? ""));
      default:
        return found(null);
    }
  },
} satisfies ExportedHandler<Env>;

function found(value: unknown): Response {
  return value === null
    ? Response.json({ error: "not found" }, { status: 404 })
    : Response.json(value);
}

export default withIsolite(handler, "DB");
