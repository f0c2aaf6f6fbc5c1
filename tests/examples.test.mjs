// Aim: the examples do what their READMEs say.
// Method: each is run by `wrangler dev` as its README tells, and every route is called with data.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/** Starts a Worker for the tests of a suite; gives a function to call it. */
function served(configurations, options) {
  let worker;
  before(async () => {
    worker = await WranglerDev.start(configurations, await options?.());
  });
  after(() => worker?.stop());
  return async (method, path, body, headers = {}) => {
    const response = await fetch(worker.origin + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const isJson = /^[[{]/.test(text);
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      type: response.headers.get("content-type"),
      bookmark: response.headers.get("x-bookmark"),
    };
  };
}

describe("js-service: a database by a service binding", () => {
  /** The Isolite Worker alone, as `npm run dev` has it: there the table of cities is loaded. */
  async function loadCities() {
    const state = temporaryDirectory("service");
    const isolite = await WranglerDev.start(["wrangler.toml"], { state });
    try {
      const rest = new RestClient(isolite.origin, TOKEN);
      await rest.create("demo");
      await rest.query("demo", "CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT)");
      await rest.query("demo", "INSERT INTO cities (name) VALUES ('Zürich'), ('Zug'), ('Bern')");
    } finally {
      await isolite.stop();
    }
    return { state };
  }

  const call = served(["examples/js-service/wrangler.toml", "wrangler.toml"], loadCities);

  test("before the setup there is no table", async () => {
    assert.equal((await call("GET", "/notes")).status, 500);
  });

  test("POST /setup, and again", async () => {
    for (let i = 0; i < 2; i++) {
      const { status, body } = await call("POST", "/setup");
      assert.equal(status, 200);
      assert.equal(body.count, 2);
    }
  });

  test("POST /notes", async () => {
    const { status, body } = await call("POST", "/notes", ["first", 'a "second", 漢字']);
    assert.equal(status, 201);
    const notes = body.map(({ id, text }) => [id, text]);
    assert.deepEqual(notes, [[1, "first"], [2, 'a "second", 漢字']]);
    assert.ok(Math.abs(Date.now() - Date.parse(body[0].created)) < 60_000);
  });

  test("POST /notes creates all or none", async () => {
    assert.equal((await call("POST", "/notes", ["third", null])).status, 500);
    assert.equal((await call("GET", "/notes")).body.total, 2);
  });

  test("GET /notes and /notes/:id", async () => {
    const { body } = await call("GET", "/notes");
    assert.deepEqual(body.notes.map(({ id }) => id), [2, 1]);
    assert.equal((await call("GET", "/notes/1")).body.text, "first");
    const none = await call("GET", "/notes/99");
    assert.equal(none.status, 404);
    assert.deepEqual(none.body, { error: "not found" });
  });

  test("GET /notes.csv", async () => {
    const { body, type } = await call("GET", "/notes.csv");
    assert.match(type, /^text\/csv/);
    const [names, first, second] = body.split("\r\n");
    assert.equal(names, '"id","text","created"');
    assert.match(first, /^"1","first","\d{4}-/);
    assert.match(second, /^"2","a ""second"", 漢字","/);
  });

  test("DELETE /notes/:id", async () => {
    assert.deepEqual((await call("DELETE", "/notes/1")).body, { removed: 1 });
    assert.equal((await call("DELETE", "/notes/1")).status, 404);
    assert.equal((await call("GET", "/notes")).body.total, 1);
  });

  test("GET /cities", async () => {
    const { status, body } = await call("GET", "/cities?name=Zu");
    assert.equal(status, 200);
    assert.deepEqual(body, [{ id: 2, name: "Zug" }]);
    assert.deepEqual((await call("GET", "/cities?name=nowhere")).body, []);
  });

  test("any other route", async () => {
    assert.equal((await call("GET", "/")).status, 404);
    assert.equal((await call("PUT", "/notes", [])).status, 404);
  });
});

describe("js-embedded: a database inside the Worker", () => {
  const call = served(["examples/js-embedded/wrangler.toml"]);

  test("visits, and a bookmark that rises", async () => {
    const first = await call("GET", "/?name=Ada");
    assert.equal(first.status, 200);
    assert.deepEqual(first.body.visits.map(({ id, name }) => [id, name]), [[1, "Ada"]]);
    assert.ok(Math.abs(Date.now() / 1000 - first.body.visits[0].at) < 60);
    assert.equal(typeof first.body.duration, "number");
    assert.match(first.bookmark, BOOKMARK);

    const second = await call("GET", "/?name=Bob", undefined, { "x-bookmark": first.bookmark });
    assert.deepEqual(second.body.visits.map(({ name }) => name), ["Bob", "Ada"]);
    assert.ok(second.bookmark > first.bookmark, `${first.bookmark} before ${second.bookmark}`);
  });

  test("looking on changes nothing", async () => {
    const { bookmark } = await call("GET", "/");
    const { body } = await call("GET", "/", undefined, { "x-bookmark": bookmark });
    assert.deepEqual(body.visits.map(({ name }) => name), ["Bob", "Ada"]);
  });
});

describe("drizzle-hono: drizzle and Hono over a database inside the Worker", () => {
  const call = served(["examples/drizzle-hono/wrangler.toml"]);
  const names = async () => (await call("GET", "/lists")).body.map(({ name }) => name);

  test("requests that come at once find the tables, which none of them has made", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => call("GET", "/lists")));
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, []]);
  });

  test("POST /lists, and its counts", async () => {
    const { status, body } = await call("POST", "/lists", { name: "home", tasks: ["tea", "茶"] });
    assert.equal(status, 201);
    assert.deepEqual([body.id, body.name], [1, "home"]);
    assert.ok(Math.abs(Date.now() - Date.parse(body.created)) < 60_000);
    assert.equal((await call("POST", "/lists", { name: "empty" })).body.id, 2);
    assert.deepEqual((await call("GET", "/lists")).body, [
      { id: 2, name: "empty", open: 0 },
      { id: 1, name: "home", open: 2 },
    ]);
  });

  test("POST /lists creates a list with all of its tasks, or nothing", async () => {
    assert.equal((await call("POST", "/lists", { name: "new", tasks: ["x", null] })).status, 500);
    assert.equal((await call("POST", "/lists", { name: "home" })).status, 500);
    assert.deepEqual(await names(), ["empty", "home"]);
  });

  test("PATCH /tasks/:id", async () => {
    const { status, body } = await call("PATCH", "/tasks/2", { done: true, tags: ["a", '"b"'] });
    assert.equal(status, 200);
    assert.deepEqual(body, { id: 2, listId: 1, text: "茶", tags: ["a", '"b"'], done: true });
    assert.equal((await call("PATCH", "/tasks/99", { done: true })).status, 404);
    assert.equal((await call("GET", "/lists")).body[1].open, 1);
  });

  test("GET /lists/:id has the tasks with it", async () => {
    const { body } = await call("GET", "/lists/1");
    assert.deepEqual(body.tasks, [
      { id: 1, text: "tea", tags: [], done: false },
      { id: 2, text: "茶", tags: ["a", '"b"'], done: true },
    ]);
    assert.equal((await call("GET", "/lists/99")).status, 404);
  });

  test("DELETE /lists/:id takes its tasks along", async () => {
    assert.equal((await call("DELETE", "/lists/1")).status, 204);
    assert.equal((await call("DELETE", "/lists/1")).status, 404);
    assert.deepEqual(await names(), ["empty"]);
    assert.equal((await call("PATCH", "/tasks/1", { done: true })).status, 404);
  });
});

const rustIsBuilt = existsSync(inRepository("examples/rust-embedded/build/index.js"));
const skip = rustIsBuilt ? false : "not built: node scripts/build.mjs examples/rust-embedded";

describe("rust-embedded: a database inside a Rust Worker", { skip }, () => {
  const call = served(["examples/rust-embedded/wrangler.toml"]);

  test("before the setup there is no table", async () => {
    const { status, body } = await call("GET", "/notes");
    assert.equal(status, 400);
    assert.match(body, /^no such table: notes/);
  });

  test("POST /setup, and again", async () => {
    for (let i = 0; i < 2; i++) assert.equal((await call("POST", "/setup")).body, "ready\n");
  });

  test("GET /cities", async () => {
    const { status, body } = await call("GET", "/cities?country=DE&limit=2");
    assert.equal(status, 200);
    assert.deepEqual(body, [
      { name: "Berlin", country: "DE", population: 3_677_472 },
      { name: "Hamburg", country: "DE", population: 1_906_411 },
    ]);
    assert.deepEqual((await call("GET", "/cities?country=XX")).body, []);
    assert.equal((await call("GET", "/cities")).status, 400);
  });

  test("notes, and a bookmark that rises", async () => {
    const first = await call("POST", "/notes", { text: "hello" });
    assert.equal(first.status, 201);
    assert.equal(first.body.text, "hello");
    assert.match(first.bookmark, BOOKMARK);

    const second = await call("POST", "/notes", { text: "漢字 😀" });
    assert.ok(second.bookmark > first.bookmark, `${first.bookmark} before ${second.bookmark}`);

    const headers = { "x-bookmark": second.bookmark };
    const { body, bookmark } = await call("GET", "/notes", undefined, headers);
    assert.deepEqual(body.map(({ text }) => text), ["漢字 😀", "hello"]);
    assert.ok(bookmark >= second.bookmark);
    assert.equal((await call("POST", "/notes", { nothing: 1 })).status, 400);
  });
});
