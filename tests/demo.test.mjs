// Aim: `npm run dev` prints where its demo is, and there cities are found as one types, from the isolate's
// memory; no deployment has that page.
// Method: the script itself, as a developer runs it, with a state of its own, and Chromium at the address
// that it prints. Screenshots stay under build/screenshots.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";

import { Stopwatch } from "../scripts/demo/stopwatch.mjs";
import { adminToken } from "../scripts/rest.mjs";
import { Newest } from "../www/src/demo/newest.ts";
import { Browser, noBrowser } from "./support/browser.mjs";
import { ProcessGroup } from "./support/process_group.mjs";
import { inRepository, root, temporaryDirectory } from "./support/repository.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const READY_MS_MAX = 300_000;
const CITIES = "135,233";

/** One that was free a moment ago. */
const freePort = () => new Promise((found) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});

describe("npm run dev", { concurrency: 1 }, () => {
  let dev;
  let origin;
  before(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const args = ["--port", String(port), "--inspector-port", "0", "--persist-to", temporaryDirectory("dev")];
    dev = new ProcessGroup(process.execPath, [inRepository("scripts/dev.mjs"), ...args], {
      cwd: root,
      env: { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    });
    await dev.until(() => dev.log.includes("Ctrl-C stops it."), "the guide is printed", READY_MS_MAX);
  });
  after(() => dev?.stop());

  test("prints where the demo is, and how many cities there are", () => {
    const guide = dev.log.slice(dev.log.indexOf("Isolite is at "));
    assert.ok(guide.startsWith(`Isolite is at ${origin}; its database "demo" has a table of ${CITIES} cities.`));
    assert.match(guide, new RegExp(`^ {2}${origin}/demo +every city as you type`, "m"));
    assert.match(guide, new RegExp(`^ {2}${origin}/ +the console; it asks for the token`, "m"));
  });

  test("answers the demo alone without a token", async () => {
    const status = async (path, options) => (await fetch(origin + path, options)).status;
    assert.equal(await status("/demo/search?q=a"), 200);
    assert.equal(await status("/demo/search?q=a", { method: "POST" }), 401);
    assert.equal(await status("/demo/other"), 401);
    assert.equal(await status("/client/v4/accounts/a/d1/database"), 401);
  });

  test("takes any text for words", async () => {
    for (const text of ['"', "' OR 1=1 --", "name:*", "NEAR(a b)", "\u0000\u0001", "😀", "a".repeat(5_000), "-", "(", "zürich*"]) {
      const response = await fetch(`${origin}/demo/search?q=${encodeURIComponent(text)}`);
      const { cities, error } = await response.json();
      assert.equal(response.status, 200, `${text}: ${error}`);
      assert.ok(cities.length <= 10);
    }
  });

  describe("the page", { skip: noBrowser, concurrency: 1 }, () => {
    let browser;
    let opened = [];
    before(async () => {
      browser = await Browser.start();
    });
    after(() => browser?.stop());
    afterEach(async () => {
      const pages = opened;
      opened = [];
      for (const watched of pages) await watched.close();
      for (const { complaints, strangers } of pages) {
        assert.deepEqual(complaints, []);
        assert.deepEqual(strangers, []);
      }
    });

    async function open(path, options) {
      const watched = await browser.open(origin + path, options);
      opened.push(watched);
      return watched;
    }

    const input = (page) => page.getByLabel("Search for a city");
    const first = (page) => page.getByRole("list").getByRole("listitem").first();

    test("finds cities as one types, in the isolate's memory, and tells both times apart", async () => {
      const watched = await open("/demo");
      const { page } = watched;
      await page.getByRole("heading", { name: `${CITIES} cities, as you type` }).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.type), "search");
      await page.keyboard.type("zuri");
      await first(page).getByText("Zürich", { exact: true }).waitFor();
      assert.deepEqual(await first(page).locator("mark").allInnerTexts(), ["Zürich"]);
      const text = (await first(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /^CH Zürich Switzerland 341,730 inhabitants$/);
      await page.getByText("Isolate’s memory").waitFor({ timeout: 30_000 });
      const figure = (title) => page.locator(".times > div").filter({ hasText: title }).innerText();
      assert.match(await figure("SQL in the isolate"), /\d ms\s+(one run|mean of \d+ runs)/);
      assert.match(await figure("Round trip of the browser"), /\d ms/);
      await watched.screenshot("demo-light");
      await input(page).fill("paris united");
      await first(page).getByText("United States").waitFor();
      assert.deepEqual(await first(page).locator("mark").allInnerTexts(), ["Paris", "United"]);
      await page.reload();
      assert.equal(await input(page).inputValue(), "paris united");
      await first(page).getByText("United States").waitFor();
      await input(page).fill("<img src=x onerror=alert(1)>");
      await page.getByText("No city begins with “<img src=x onerror=alert(1)>”.").waitFor();
      assert.equal(await page.locator("img").count(), 0);
    });

    test("asks one question at a time, and shows no stale answer", async () => {
      const { page } = await open("/demo");
      await first(page).waitFor();
      const asked = [];
      let under_way = 0;
      let most = 0;
      await page.route("**/demo/search?*", async (route) => {
        asked.push(new URL(route.request().url()).searchParams.get("q"));
        under_way += 1;
        most = Math.max(most, under_way);
        await new Promise((done) => setTimeout(done, 150));
        const response = await route.fetch();
        under_way -= 1;
        await route.fulfill({ response });
      });
      await page.evaluate(() => {
        window.shown = [];
        const list = document.querySelector(".found");
        new MutationObserver(() => window.shown.push(list.querySelector("li")?.textContent))
          .observe(list, { subtree: true, childList: true, characterData: true });
      });
      await page.keyboard.type("reykjavik", { delay: 30 });
      await first(page).getByText("Reykjavík", { exact: true }).waitFor();
      assert.equal(most, 1);
      assert.equal(asked[0], "r");
      assert.equal(asked.find((text) => text.length > 8), "reykjavik");
      assert.ok(asked.length < 9, `${asked}`);
      const shown = await page.evaluate(() => window.shown);
      assert.ok(shown.every((text) => text.includes("Reykjav")), `${shown}`);
      await page.unrouteAll({ behavior: "wait" });
    });

    test("goes on by itself when the server is back", async () => {
      const watched = await open("/demo");
      const { page } = watched;
      await first(page).waitFor();
      await page.context().setOffline(true);
      await page.keyboard.type("oslo");
      await page.getByRole("alert").getByText("It is tried again.").waitFor();
      await page.context().setOffline(false);
      await first(page).getByText("Oslo", { exact: true }).waitFor();
      assert.equal(await page.getByRole("alert").count(), 0);
      assert.ok(watched.complaints.splice(0).every((text) => text.includes("INTERNET_DISCONNECTED")));
    });

    test("has its light and its dark side, on a desk and on a phone", async () => {
      for (const theme of ["light", "dark"]) {
        for (const phone of [false, true]) {
          const watched = await open("/demo?q=san", { theme, phone });
          const { page } = watched;
          await page.getByRole("heading", { name: CITIES }).waitFor();
          await page.getByText("Isolate’s memory").waitFor({ timeout: 30_000 });
          await watched.screenshot(`demo${phone ? "-phone" : ""}-${theme}`);
          const isWide = await page.evaluate(() =>
            document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.ok(!isWide);
        }
      }
    });

    test("is found from the console, and leads to it", async () => {
      const watched = await open("/");
      const { page } = watched;
      await page.getByLabel("Admin token").fill(adminToken());
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("link", { name: "Try the demo" }).waitFor();
      await watched.screenshot("databases-dev-light");
      await page.getByRole("link", { name: "Try the demo" }).click();
      await input(page).waitFor();
      await page.getByRole("link", { name: "Console" }).click();
      await page.getByRole("heading", { name: "Databases" }).waitFor();
    });
  });
});

describe("a deployment", () => {
  test("has no demo", async () => {
    const worker = await WranglerDev.start(["wrangler.toml"]);
    try {
      for (const path of ["/demo", "/demo/search?q=a", "/demo.html"]) {
        assert.equal((await fetch(worker.origin + path)).status, 401, path);
        const headers = { authorization: `Bearer ${TOKEN}` };
        assert.equal((await fetch(worker.origin + path, { headers })).status, 404, path);
      }
    } finally {
      await worker.stop();
    }
    assert.doesNotMatch(readFileSync(inRepository("build/www/index.html"), "utf8"), /isolite-demo/);
    const names = readdirSync(inRepository("build/www"), { recursive: true });
    assert.deepEqual(names.filter((name) => name.includes("demo")), []);
  });
});

describe("what the demo is made of", () => {
  test("a stopwatch tells the mean of some runs, by steps of the clock", async () => {
    // Each reading takes 0.1 ms and each run 1 ms, of a clock that shows whole milliseconds.
    let now_ms = 0.35;
    const clock = () => Math.floor((now_ms += 0.1));
    const { ms, runs } = await new Stopwatch(clock).mean(async () => (now_ms += 1));
    assert.ok(runs >= 3, `${runs}`);
    assert.ok(ms >= 0.9 && ms <= 1.4, `${ms}`);
  });

  test("a stopwatch tells nothing by a clock that stands still", async () => {
    let runs = 0;
    const told = await new Stopwatch(() => 5).mean(async () => (runs += 1));
    assert.deepEqual([told, runs], [{ ms: null, runs: 0 }, 0]);
  });

  test("of many wishes the first and the last are asked for, and the last is answered", async () => {
    const [asked, settled] = [[], []];
    const newest = new Newest(
      async (wish) => {
        asked.push(wish);
        await new Promise((done) => setTimeout(done, 5));
        if (wish === "bad") throw new Error("no");
        return wish.toUpperCase();
      },
      (wish, answer, error) => settled.push([wish, answer, error?.message]),
    );
    for (const wish of ["a", "ab", "abc"]) newest.wish(wish);
    await new Promise((done) => setTimeout(done, 40));
    newest.wish("bad");
    await new Promise((done) => setTimeout(done, 40));
    newest.wish("b");
    await new Promise((done) => setTimeout(done, 40));
    assert.deepEqual(asked, ["a", "abc", "bad", "b"]);
    assert.deepEqual(settled, [["abc", "ABC", undefined], ["bad", undefined, "no"], ["b", "B", undefined]]);
  });
});
