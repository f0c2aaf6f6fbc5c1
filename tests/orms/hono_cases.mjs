// A Hono app that knows nothing but D1's `env.DB`, called as the runtime calls a Worker's handler.

import assert from "node:assert/strict";

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

const app = new Hono();

const TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)";

app.post("/setup", async ({ env, json }) => json(await env.DB.exec(TABLE)));

app.post("/notes", async (context) => {
  const texts = await context.req.json();
  const insert = context.env.DB.prepare("INSERT INTO notes (text) VALUES (?) RETURNING *");
  const replies = await context.env.DB.batch(texts.map((text) => insert.bind(text)));
  return context.json(replies.flatMap(({ results }) => results), 201);
});

app.get("/notes/:id{[0-9]+}", async (context) => {
  const select = context.env.DB.prepare("SELECT * FROM notes WHERE id = ?");
  const note = await select.bind(context.req.param("id")).first();
  if (note === null) throw new HTTPException(404, { message: "no such note" });
  return context.json(note);
});

app.get("/later", (context) => {
  const write = context.env.DB.prepare("INSERT INTO notes (text) VALUES ('later')").run();
  context.executionCtx.waitUntil(write);
  return context.text("accepted", 202);
});

const inner = new Hono();
inner.get("/count", async (context) =>
  context.json(await context.env.DB.prepare("SELECT count(*) AS n FROM notes").first()));
app.route("/inner", inner);

app.onError((error, context) =>
  error instanceof HTTPException
    ? error.getResponse()
    : context.json({ message: error.message, cause: error.cause?.message }, 500));

const served = (work) => async ({ serve }) => {
  const call = serve(app);
  assert.equal((await call("/setup", { method: "POST" })).status, 200);
  await work(call);
};

const post = (body) => ({ method: "POST", body: JSON.stringify(body) });

export const honoCases = [
  {
    name: "routes that write and read",
    run: served(async (call) => {
      const created = await call("/notes", post(["one", "漢字"]));
      assert.equal(created.status, 201);
      assert.deepEqual(await created.json(), [{ id: 1, text: "one" }, { id: 2, text: "漢字" }]);
      assert.deepEqual(await (await call("/notes/2")).json(), { id: 2, text: "漢字" });
      assert.deepEqual(await (await call("/inner/count")).json(), { n: 2 });
    }),
  },
  {
    name: "nothing found, and no such route",
    run: served(async (call) => {
      const none = await call("/notes/9");
      assert.deepEqual([none.status, await none.text()], [404, "no such note"]);
      assert.equal((await call("/nowhere")).status, 404);
    }),
  },
  {
    name: "an error of the database reaches onError, with its cause",
    run: served(async (call) => {
      const failed = await call("/notes", post(["same", "same"]));
      assert.equal(failed.status, 500);
      const cause = "UNIQUE constraint failed: notes.text: SQLITE_CONSTRAINT " +
        "(extended: SQLITE_CONSTRAINT_UNIQUE)";
      assert.deepEqual(await failed.json(), { message: `D1_ERROR: ${cause}`, cause });
      assert.deepEqual(await (await call("/inner/count")).json(), { n: 0 });
    }),
  },
  {
    name: "a write after the answer",
    run: served(async (call) => {
      assert.equal((await call("/later")).status, 202);
      const deadline = Date.now() + 5_000;
      let n = 0;
      while (n === 0 && Date.now() < deadline) ({ n } = await (await call("/inner/count")).json());
      assert.equal(n, 1);
    }),
  },
];
