// Aim: libSQL's clients of other languages, as they are published, do with an Isolite database what they do
// with one of libSQL's; what they write is seen by REST, and the other way round.
// Method: one running Worker; the programs of tests/clients, of which each scenario has an empty database and
// asserts by itself; then every example of docs/clients.md, as it stands there.
//
// The clients are brought by scripts/setup.sh and cargo. One that is missing is a failure.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@libsql/client";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { ProcessGroup } from "./support/process_group.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";

const TOKEN = "of-the-clients";
const BUILD_MS_MAX = 900_000;
const PROGRAM_MS_MAX = 120_000;

const rustProgram = inRepository("target/debug/isolite-client-rust");
const rustExample = inRepository("target/debug/examples/notes");
// Python with what scripts/setup.sh has brought.
const python = inRepository(".tools/bin/client-python");

let worker;
let rest;
before(async () => {
  const built = ["build", "--locked", "-p", "isolite-client-rust", "--bins", "--examples"];
  await succeeds("cargo", built, { cwd: inRepository(), timeoutMs: BUILD_MS_MAX });
  worker = await PlainWorkerd.start(await bundle(), {
    state: temporaryDirectory("state"),
    token: TOKEN,
  });
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.crash());

/** Runs a program to its end; gives what it has written. */
async function succeeds(command, args, { timeoutMs = PROGRAM_MS_MAX, ...options }) {
  const group = new ProcessGroup(command, args, options);
  const late = sleep(timeoutMs, `nothing after ${timeoutMs} ms`, { ref: false });
  const status = await Promise.race([group.ended, late]);
  await group.stop();
  assert.equal(status, 0, `${[command, ...args].join(" ")}:\n${group.log}`);
  return group.log;
}

/** What tells a client where its database is. */
const environment = (path) => ({
  LIBSQL_URL: `${worker.origin}/db/${path}`,
  LIBSQL_AUTH_TOKEN: TOKEN,
});

const RUST = [
  "types", "parameters", "prepared", "batches", "counts", "errors", "ends", "behaviors", "isolation",
  "text", "increments", "stream",
];
const PYTHON = ["types", "parameters", "cursors", "transactions", "errors", "increments", "replica"];

const clients = {
  Rust: { command: rustProgram, args: [], scenarios: RUST },
  Python: { command: python, args: [inRepository("tests/clients/python/client.py")], scenarios: PYTHON },
};

for (const [language, { command, args, scenarios }] of Object.entries(clients)) {
  describe(`libSQL's client for ${language}`, () => {
    const run = (scenario, database) =>
      succeeds(command, [...args, scenario], { env: environment(database) });

    for (const scenario of scenarios) {
      test(scenario, async () => {
        const database = `${language}-${scenario}`;
        await rest.create(database);
        await run(scenario, database);
      });
    }

    test("what it counted is what REST reads", async () => {
      const [{ n }] = await rest.query(`${language}-increments`, "SELECT n FROM counter");
      assert.equal(n, language === "Rust" ? 200 : 100);
    });

    test("it reads what REST wrote, and REST what it wrote", async () => {
      const database = `${language}-doors`;
      await rest.create(database);
      await rest.query(database, `CREATE TABLE doors (id INTEGER PRIMARY KEY, value);
        INSERT INTO doors VALUES (1, NULL), (2, 7), (3, 2.5), (4, 'of REST'), (5, x'0102ff')`);
      await run("doors", database);
      const sql = "SELECT id, typeof(value) AS type, value FROM doors WHERE id > 10 ORDER BY id";
      assert.deepEqual(await rest.query(database, sql), [
        { id: 11, type: "null", value: null },
        { id: 12, type: "integer", value: 9 },
        { id: 13, type: "real", value: 4.5 },
        { id: 14, type: "text", value: "of the client" },
        { id: 15, type: "blob", value: [3, 4, 254] },
      ]);
    });
  });
}

describe("the examples of docs/clients.md", () => {
  const page = readFileSync(inRepository("docs/clients.md"), "utf8");
  const blocks = new Map(
    [...page.matchAll(/^```\w+ ([\w-]+)\n(.*?)^```$/gms)].map(([, name, text]) => [name, text]),
  );
  const javascript = (text) => [process.execPath, "--input-type=module", "--eval", text];
  const commands = {
    "curl": (text) => ["/bin/sh", "-c", text],
    "libsql-client": javascript,
    "serverless": javascript,
    "drizzle": javascript,
    "python": (text) => [python, "-c", text],
    "python-replica": (text) => [python, "-c", text],
  };
  const written = {
    "curl": "curl", "libsql-client": "@libsql/client", "serverless": "@tursodatabase/serverless",
    "drizzle": "drizzle", "python": "Python", "python-replica": "a replica",
  };
  before(() => rest.create("notes"));

  test("each is run here", () => {
    assert.deepEqual([...blocks.keys()].sort(), Object.keys(commands).sort());
  });

  for (const [name, command] of Object.entries(commands)) {
    test(name, async () => {
      const [program, ...args] = command(blocks.get(name));
      // JavaScript finds its packages from here, and a replica leaves its file elsewhere.
      const cwd = name === "python-replica" ? temporaryDirectory("replica") : inRepository();
      const output = await succeeds(program, args, { cwd, env: environment("notes/") });
      assert.match(output, new RegExp(`written by ${written[name]}`));
    });
  }

  test("libsql-client, by a WebSocket", async () => {
    const [program, ...args] = javascript(blocks.get("libsql-client"));
    await rest.create("by-socket");
    const { LIBSQL_URL, ...env } = environment("by-socket/");
    env.LIBSQL_URL = LIBSQL_URL.replace("http:", "ws:");
    const output = await succeeds(program, args, { cwd: inRepository(), env });
    assert.equal(output, "written by @libsql/client\n");
  });

  test("a URL without the slash at its end is refused with a text that says so", async () => {
    const client = createClient({ url: `${worker.origin}/db/notes`, authToken: TOKEN });
    await assert.rejects(client.execute("SELECT 1"), /a base URL ends with a slash/);
    client.close();
  });

  test("Rust", async () => {
    const source = readFileSync(inRepository("tests/clients/rust/examples/notes.rs"), "utf8");
    assert.ok(page.includes(`\`\`\`rust\n${source}\`\`\`\n`), "the page has another program");
    const output = await succeeds(rustExample, [], { env: environment("notes/") });
    assert.match(output, /^written by Rust$/m);
  });

  test("REST has what each of them wrote", async () => {
    const notes = await rest.query("notes", "SELECT text FROM notes ORDER BY rowid");
    const names = [...Object.values(written), "Rust"];
    assert.deepEqual(notes.map(({ text }) => text), names.map((name) => `written by ${name}`));
  });
});
