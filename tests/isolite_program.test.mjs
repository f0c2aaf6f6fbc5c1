// Aim: `isolite d1 …` is wrangler with an Isolite Worker in Cloudflare's place, in a project as it is:
// no option, no variable and no entry of a configuration has to be added.
// Method: one running Worker; the program in projects made for it, with what a developer may have set
// for Cloudflare around it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { ProcessGroup } from "./support/process_group.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

const directory = temporaryDirectory("program");

describe("isolite d1", { concurrency: 2 }, () => {
  const program = inRepository("bindings/js/src/cli/main.js");
  const cwd = join(directory, "app");
  before(() => {
    mkdirSync(join(cwd, "migrations"), { recursive: true });
    writeFileSync(join(cwd, "package.json"), "{}");
    linkModules(cwd);
    // As of a project that comes from D1: the id there is not one of ours.
    const d1_databases = [{
      binding: "OLD", database_name: "app-data", migrations_dir: "sql",
      database_id: "8d4c3b2a-0000-4000-8000-00000000abcd",
    }];
    writeFileSync(join(cwd, "wrangler.json"), JSON.stringify({ name: "app", d1_databases }));
  });

  async function isolite(args, { env = {}, at = cwd } = {}) {
    const group = new ProcessGroup(process.execPath, [program, ...args], {
      cwd: at,
      env: {
        ISOLITE_URL: worker.origin, ISOLITE_ADMIN_TOKEN: TOKEN, WRANGLER_SEND_METRICS: "false",
        WRANGLER_WRITE_LOGS: "false", FORCE_COLOR: "0",
        // What a developer may have set for Cloudflare has no say.
        CLOUDFLARE_API_TOKEN: "cloudflares", CLOUDFLARE_API_KEY: "key", CLOUDFLARE_EMAIL: "a@b.c",
        ...env,
      },
    });
    const status = await group.ended;
    await group.stop();
    return { status, output: group.log };
  }

  async function succeeds(args, options) {
    const { status, output } = await isolite(args, options);
    assert.equal(status, 0, output);
    return output;
  }

  test("help, version, and what it does not know", async () => {
    assert.match(await succeeds(["--help"]), /d1 .*ISOLITE_URL.*ISOLITE_ADMIN_TOKEN/s);
    assert.match(await succeeds(["--version"]), /^isolite \d+\.\d+\.\d+\n$/);
    for (const args of [[], ["nope"]]) {
      const { status, output } = await isolite(args);
      assert.equal(status, 1);
      assert.match(output, /isolite <command>/);
    }
    assert.match(await succeeds(["d1", "--help"]), /wrangler d1 execute <database>/);
  });

  test("create, execute and delete, without --remote and without a configuration's entry", async () => {
    const created = await succeeds(["d1", "create", "app-data"]);
    assert.match(created, /Successfully created DB 'app-data'/);
    assert.match(created, /entrypoint = "Database"\nprops = \{ database = "app-data" \}/);
    const sql = "SELECT 6 * 7 AS answer";
    const args = ["d1", "execute", "--command", sql, "app-data", "--json"];
    assert.deepEqual(JSON.parse(await succeeds(args))[0].results, [{ answer: 42 }]);
    assert.match(await succeeds(["d1", "list"]), /app-data/);
    const failed = await isolite(["d1", "execute", "app-data", "--command", "SELEC"]);
    assert.equal(failed.status, 1);
    assert.match(failed.output, /syntax error/);
    assert.match(await succeeds(["d1", "delete", "app-data", "-y"]), /Deleted/);
  });

  test("migrations, where the project's configuration says and elsewhere", async () => {
    await rest.create("app-other");
    await succeeds(["d1", "migrations", "create", "app-other", "first"]);
    const file = join(cwd, "migrations", "0001_first.sql");
    assert.ok(existsSync(file));
    writeFileSync(file, "CREATE TABLE first (a);");
    assert.match(await succeeds(["d1", "migrations", "list", "app-other"]), /0001_first/);
    assert.match(await succeeds(["d1", "migrations", "apply", "app-other"]), /0001_first.*✅/);
    assert.deepEqual(await rest.query("app-other", "SELECT * FROM first"), []);

    mkdirSync(join(cwd, "sql"));
    await succeeds(["d1", "migrations", "create", "OLD", "bound"]);
    assert.deepEqual(readdirSync(join(cwd, "sql")), ["0001_bound.sql"]);
    mkdirSync(join(cwd, "third"));
    const third = ["--migrations-dir", "third"];
    await succeeds(["d1", "migrations", "create", "app-other", "third", ...third]);
    assert.deepEqual(readdirSync(join(cwd, "third")), ["0001_third.sql"]);
    const left = readdirSync(cwd).filter((name) => name.startsWith(".isolite"));
    assert.deepEqual(left, []);
  });

  test("what is missing is said: a Worker, a token, wrangler", async () => {
    const nowhere = { ISOLITE_URL: "http://127.0.0.1:9" };
    const unreached = await isolite(["d1", "list"], { env: nowhere });
    assert.equal(unreached.status, 1);
    assert.match(unreached.output, /Cannot reach the Worker at http:\/\/127\.0\.0\.1:9.*wrangler dev/s);
    const closed = await isolite(["d1", "list"], { env: { ISOLITE_ADMIN_TOKEN: "" } });
    assert.equal(closed.status, 1);
    assert.match(closed.output, /set ISOLITE_ADMIN_TOKEN/);
    const bare = await isolite(["d1", "list"], { at: temporaryDirectory("bare") });
    assert.equal(bare.status, 1);
    assert.match(bare.output, /npm install --save-dev wrangler/);
  });

  test("wrangler gets our terminal and our signals, and we end as it does", async () => {
    const at = join(directory, "scripted");
    const wrangler = join(at, "node_modules", "wrangler");
    mkdirSync(wrangler, { recursive: true });
    const manifest = { name: "wrangler", bin: { wrangler: "bin.js" } };
    writeFileSync(join(wrangler, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(wrangler, "bin.js"), `
      process.on("SIGTERM", () => process.exit(7));
      process.stdin.on("data", (data) => console.log(process.argv.slice(2).join(" "), String(data)));
      setInterval(() => {}, 1000);`);
    const child = spawn(process.execPath, [program, "d1", "execute", "x", "--command", "SELECT 1"], {
      cwd: at,
      env: { ...process.env, ISOLITE_URL: worker.origin, ISOLITE_ADMIN_TOKEN: TOKEN },
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      child.stdin.write("said at the terminal");
      const [said] = await once(child.stdout, "data");
      const expected = /^d1 execute --remote --config \S+ x --command SELECT 1 said at the terminal/;
      assert.match(String(said), expected);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [7, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("the token and the address from a file", async () => {
    const at = join(directory, "with-file");
    mkdirSync(join(at, "below"), { recursive: true });
    linkModules(at);
    writeFileSync(join(at, "package.json"), "{}");
    writeFileSync(join(at, ".env"), `ISOLITE_URL=${worker.origin}/\nISOLITE_ADMIN_TOKEN=wrong\n`);
    writeFileSync(join(at, ".dev.vars"), `ISOLITE_ADMIN_TOKEN="${TOKEN}"\n`);
    const env = { ISOLITE_URL: "", ISOLITE_ADMIN_TOKEN: "" };
    const listed = await succeeds(["d1", "list", "--json"], { env, at: join(at, "below") });
    assert.ok(Array.isArray(JSON.parse(listed)));
  });
});

/** The packages of this repository, as if they were installed there. */
function linkModules(at) {
  symlinkSync(inRepository("node_modules"), join(at, "node_modules"));
}
