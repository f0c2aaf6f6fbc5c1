// Aim: a person sees on the map where a database is and how its commits go to the regions, as they go; moves
// the primary by mouse and by keyboard; and replaces one whose region is gone, knowing what that costs.
// Method: Chromium before the consoles of simulated regions, with apps in them that read and write. Of each
// start of the regions some answer nobody. Screenshots stay under build/screenshots.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { REGIONS, RoundTrips } from "../scripts/regions/round_trips.mjs";
import { Browser, noBrowser } from "./support/browser.mjs";
import { Regions } from "./support/regions.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, AWAY, THIRD] = ["weur", "apac", "enam"];
const NAME = "shop";
const INSERT = "INSERT INTO sale (at_ms) VALUES (unixepoch('subsec') * 1000)";
const COUNT = "SELECT count(*) AS count FROM sale";
const KEYS_MAX = 60;

/** One region is farther away than a replica is waited for. */
const FAR_MS = 2_600;
const between = (from, to) => {
  if (from === to) return 2;
  return from === AWAY || to === AWAY ? FAR_MS : 20;
};
const rowOf = (from) => Object.fromEntries(REGIONS.map((to) => [to, between(from, to)]));
const FAR = new RoundTrips(Object.fromEntries(REGIONS.map((from) => [from, rowOf(from)])));

describe("the map", { skip: noBrowser, concurrency: 1 }, () => {
  const state = temporaryDirectory("map");
  let browser, regions, rest, id;
  let opened = [];
  /** Texts that the page's console may complain with. */
  let expected = [];

  before(async () => {
    browser = await Browser.start();
    await start([]);
    ({ uuid: id } = await rest.result("POST", "", { name: NAME, primary_location_hint: HOME }));
    await rest.query(NAME, "CREATE TABLE sale (id INTEGER PRIMARY KEY, at_ms INTEGER)");
  });
  after(async () => {
    await browser?.stop();
    await regions?.stop();
  });
  afterEach(async () => {
    const pages = opened;
    const allowed = expected;
    opened = [];
    expected = [];
    for (const watched of pages) await watched.close();
    for (const { complaints, strangers } of pages) {
      assert.deepEqual(complaints.filter((text) => !allowed.some((each) => text.includes(each))), []);
      assert.deepEqual(strangers, []);
    }
  });

  async function start(down, from = HOME, roundTrips = RoundTrips.realistic) {
    await regions?.stop();
    regions = undefined;
    regions = await Regions.start({
      regions: [from, ...[HOME, AWAY, THIRD].filter((region) => region !== from)],
      down,
      roundTrips,
      app: {
        main: "tests/workers/regions/steps.mjs",
        vars: { ISOLITE_EMBEDDED_BYTES_MAX: 0 },
        databases: {},
        flags: ["unsafe_module"],
      },
      state,
    });
    rest = new RestClient(regions.origin(from), TOKEN);
  }

  async function run(region, sql, session) {
    const body = JSON.stringify({ name: NAME, steps: [{ sql }], session });
    const response = await regions.fetch(region, "/run", { method: "POST", body });
    const [outcome] = await response.json();
    assert.equal(outcome.error, undefined);
    return outcome;
  }

  /** Reads there until the region's own replica answers. */
  async function readIn(region) {
    for (let tries = 0; tries < 100; tries++) {
      const { served_by_primary } = await run(region, COUNT, "first-unconstrained");
      if (served_by_primary === false) return;
      await sleep(50);
    }
    assert.fail(`no replica answers in ${region}`);
  }

  /** What comes of `work` while there are writes and reads all the time. */
  async function withTraffic(work) {
    const stop = new AbortController();
    const again = async (act, pause_ms) => {
      for (; !stop.signal.aborted; await sleep(pause_ms)) await act();
    };
    const traffic = Promise.all([
      again(() => run(HOME, INSERT), 40),
      again(() => run(AWAY, COUNT), 30),
      again(() => run(THIRD, COUNT), 100),
    ]);
    try {
      return await Promise.race([work(), traffic]);
    } finally {
      stop.abort();
      await traffic;
    }
  }

  /** The page as it is, and all of it. */
  async function picture(watched, name) {
    const size = watched.page.viewportSize();
    const height = await watched.page.evaluate(() => document.documentElement.scrollHeight);
    await watched.page.setViewportSize({ ...size, height });
    await watched.screenshot(name);
    await watched.page.setViewportSize(size);
  }

  async function open({ tab = "/map", from = HOME, reducedMotion = false, ...options } = {}) {
    const watched = await browser.open(`${regions.origin(from)}/#/databases/${id}${tab}`, options);
    opened.push(watched);
    const { page } = watched;
    if (reducedMotion) await page.emulateMedia({ reducedMotion: "reduce" });
    await page.getByLabel("Admin token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
    return watched;
  }

  const place = (page, name, told) => page.getByRole("button", { name: new RegExp(`^${name}: ${told}`) });
  const row = (page, name) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  const cells = async (page, name) => (await row(page, name).getByRole("cell").allInnerTexts());
  const figure = (page, title) =>
    page.locator(".figure").filter({ hasText: title }).getByRole("definition").innerText();
  const number = (text) => Number(text.replaceAll(/[^\d.]/g, ""));

  async function until(what, probe, timeout_ms = 20_000) {
    for (const end_ms = Date.now() + timeout_ms; Date.now() < end_ms; await sleep(50)) {
      const found = await probe();
      if (found) return found;
    }
    return assert.fail(`not in ${timeout_ms} ms: ${what}`);
  }

  /** Presses the tab key until what is focused has a name that begins so. */
  async function tabTo(page, name) {
    for (let keys = 0; keys < KEYS_MAX; keys++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const at = document.activeElement;
        return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
      });
      if (focused.startsWith(name)) return;
    }
    assert.fail(`the tab key does not come to ${name}`);
  }

  test("shows the primary alone where nobody has read elsewhere", async () => {
    const { page } = await open();
    await place(page, "Western Europe", "primary, commit 1$").waitFor();
    await place(page, "Asia-Pacific", "no replica").waitFor();
    assert.equal(await page.locator(".place").count(), 11);
    assert.equal(await page.locator(".flow").count(), 0);
    assert.deepEqual(await cells(page, "Western Europe"), ["primary", "1", "–", "–", "–", "–"]);
    assert.equal(await page.getByRole("row").count(), 2);
  });

  test("shows the replicas, and commits on their way to them as writes go on", async () => {
    for (const region of [AWAY, THIRD]) await readIn(region);
    const watched = await open();
    const { page } = watched;
    await place(page, "Asia-Pacific", "replica, follows, at commit").waitFor();
    await place(page, "Eastern North America", "replica, follows").waitFor();
    assert.equal(await page.locator(".flow").count(), 2);
    await withTraffic(async () => {
      const before = number(await figure(page, "Commits in all"));
      await page.locator(`.flow[data-to="${AWAY}"] .commit`).first().waitFor({ state: "attached" });
      await until("the position rises", async () =>
        number(await figure(page, "Commits in all")) > before + 5);
      await until("a rate of commits", async () =>
        number(await figure(page, "Commits per second")) > 1);
      const [state, before_commit, ms] = await cells(page, "Asia-Pacific");
      assert.equal(state, "follows");
      assert.match(ms, /^[\d.,]+ ms$/);
      await until("the replica goes on", async () =>
        number((await cells(page, "Asia-Pacific"))[1]) > number(before_commit) + 5);
      await until("reads per second", async () =>
        number((await cells(page, "Asia-Pacific"))[4]) > 1);
      const trip_ms = number((await cells(page, "Asia-Pacific")).at(-1));
      const real_ms = RoundTrips.realistic.ms(HOME, AWAY);
      assert.ok(trip_ms >= real_ms - 2, `${trip_ms} ms`);
      await picture(watched, "map-light");
    });
    await until("all have all", async () => {
      const rows = await Promise.all(["Asia-Pacific", "Eastern North America"].map((it) => cells(page, it)));
      return rows.every(([, , ms, commits]) => ms === "0 ms" && commits === "0");
    });
    await place(page, "Asia-Pacific", "replica, follows, at commit [\\d,]+, up to date").waitFor();
  });

  test("stays where it is while its figures change, and is quiet while nobody looks", async () => {
    const { page } = await open();
    await place(page, "Asia-Pacific", "replica").waitFor();
    await withTraffic(async () => {
      const boxes = () => page.evaluate(() =>
        [".map-figures", ".map-card", ".regions", ".latency"].map((each) => {
          const { x, y, width, height } = document.querySelector(each).getBoundingClientRect();
          return [x, y, width, height].map(Math.round);
        }));
      const before = await boxes();
      for (let looks = 0; looks < 5; looks++) {
        await sleep(700);
        assert.deepEqual(await boxes(), before);
      }
    });
    let asked = 0;
    page.on("request", (request) => (asked += request.url().endsWith("/replicas") ? 1 : 0));
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
    });
    await sleep(1_500);
    asked = 0;
    await sleep(2_500);
    assert.equal(asked, 0);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await until("it asks again", () => asked > 0);
  });

  test("moves nothing for those who asked for less motion", async () => {
    const { page } = await open({ reducedMotion: true });
    await place(page, "Asia-Pacific", "replica").waitFor();
    await page.evaluate(() => {
      window.commits = 0;
      new MutationObserver((records) => {
        for (const { addedNodes } of records) {
          for (const node of addedNodes) window.commits += node.matches?.(".commit") ? 1 : 0;
        }
      }).observe(document.querySelector(".world svg"), { subtree: true, childList: true });
    });
    await withTraffic(async () => {
      const before = number(await figure(page, "Commits in all"));
      await until("the position rises", async () =>
        number(await figure(page, "Commits in all")) > before + 20);
    });
    assert.equal(await page.evaluate(() => window.commits), 0);
  });

  test("tells what a reader waits for, as it was measured, and nothing that was not", async () => {
    await readIn(AWAY);
    const watched = await open({ from: AWAY });
    const { page } = watched;
    const section = page.getByRole("region", { name: "What a reader waits for" });
    const away = section.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Asia-Pacific" }) });
    await away.getByText("the replica’s last question to it").waitFor();
    assert.equal(await away.getByText("memory").count(), 0);
    await section.getByRole("button", { name: "Measure from here" }).click();
    await away.getByText("in the Worker’s memory").waitFor();
    const figures = await away.locator("strong").allInnerTexts();
    const [memory, replica, primary] = figures.map((text) => number(text) / (text.endsWith("µs") ? 1_000 : 1));
    const real_ms = RoundTrips.realistic.ms(HOME, AWAY);
    assert.ok(memory < 2, figures.join());
    assert.ok(memory < replica && replica < real_ms / 2, figures.join());
    assert.ok(primary >= real_ms - 2, figures.join());
    await picture(watched, "map-latency-light");
  });

  test("moves the primary by mouse from the map, which then shows it", async () => {
    const watched = await open();
    const { page } = watched;
    await withTraffic(async () => {
      await place(page, "Asia-Pacific", "replica").click();
      await page.getByRole("heading", { level: 2, name: "Asia-Pacific" }).waitFor();
      await page.getByRole("button", { name: "Move the primary here" }).click();
      const dialog = page.getByRole("dialog", { name: "Move the primary to Asia-Pacific" });
      await watched.screenshot("move-light");
      await dialog.getByRole("button", { name: "Move the primary" }).click();
      await page.getByRole("button", { name: "Give it up" }).waitFor();
      await page.locator(".flow.moving").waitFor({ state: "attached" });
      await watched.screenshot("map-moving-light");
      await page.getByText(/The primary of shop is in Asia-Pacific now\. No writes were taken for \d+ ms\./).waitFor();
      await place(page, "Asia-Pacific", "primary").waitFor();
      await place(page, "Eastern North America", "replica, follows").waitFor();
    });
    assert.equal((await rest.result("GET", `/${NAME}`)).running_in_region, "APAC");
    assert.equal(await page.locator(".flow.moving").count(), 0);
    assert.equal((await cells(page, "Asia-Pacific"))[0], "primary");
  });

  test("moves it by keyboard from the overview, and by way of another page", async () => {
    const { page } = await open({ tab: "" });
    await page.getByText("Asia-Pacific", { exact: true }).waitFor();
    await tabTo(page, "Move the primary");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Move the primary" }).waitFor();
    await tabTo(page, "To");
    await page.keyboard.type("Western E");
    await tabTo(page, "Move the primary");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.goto(`${regions.origin(HOME)}/#/databases`);
    await page.getByText(/The primary of shop is in Western Europe now/).waitFor();
    await page.goBack();
    await page.getByText("Western Europe", { exact: true }).waitFor();
  });

  test("shows how far behind a replica is, which changes as writes go on", async () => {
    await start([], HOME, FAR);
    await until("the far replica follows", async () => {
      await run(AWAY, COUNT);
      const { replicas } = await rest.result("GET", `/${NAME}/replicas`);
      return replicas.some(({ region, txid, lag_commits }) =>
        region === AWAY && txid !== null && lag_commits === 0);
    }, 60_000);
    const watched = await open();
    const { page } = watched;
    await place(page, "Asia-Pacific", "replica, does not answer").waitFor();
    const behind = async () => {
      const [, , ms, commits] = await cells(page, "Asia-Pacific");
      return { ms: number(ms), commits: number(commits) };
    };
    assert.deepEqual(await behind(), { ms: 0, commits: 0 });
    for (let writes = 0; writes < 2; writes++) await run(HOME, INSERT);
    const first = await until("it lacks commits", async () => {
      const now = await behind();
      return now.commits > 0 && now.ms > 0 && now;
    });
    await place(page, "Asia-Pacific", "replica, does not answer.* behind$").waitFor();
    await watched.screenshot("map-behind-light");
    await until("it lacks them for longer, or others", async () => (await behind()).ms !== first.ms);
    await until("it has them", async () => (await behind()).commits === 0);
  });

  test("gives up a move that waits, also after the page was loaded anew", async () => {
    await start([AWAY]);
    const watched = await open();
    const { page } = watched;
    await place(page, "Asia-Pacific", "").click();
    await page.getByRole("button", { name: "Move the primary here" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Move the primary" }).click();
    await page.getByText("apac does not answer").waitFor();
    await page.reload();
    await page.getByText("apac does not answer").waitFor();
    await watched.screenshot("map-waits-light");
    await page.getByRole("button", { name: "Give it up" }).click();
    await page.getByText("The primary of shop stays where it was.").waitFor();
    await place(page, "Western Europe", "primary").waitFor();
    await run(HOME, INSERT);
  });

  test("is good to look at in the dark and on a phone", async () => {
    await start([]);
    for (const region of [AWAY, THIRD]) await readIn(region);
    await withTraffic(async () => {
      for (const [name, options] of [
        ["map-dark", { theme: "dark" }],
        ["map-phone", { phone: true }],
        ["map-phone-dark", { phone: true, theme: "dark" }],
      ]) {
        const watched = await open(options);
        const { page } = watched;
        await place(page, "Asia-Pacific", "replica, follows").waitFor();
        await sleep(2_500);
        const wide = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0);
        await picture(watched, name);
        assert.equal((await cells(page, "Asia-Pacific"))[0], "follows");
      }
    });
  });

  test("replaces a primary whose region is gone, once that is confirmed", async () => {
    await rest.result("POST", `/${NAME}/promote`, { region: THIRD });
    const { count } = (await run(AWAY, COUNT, "first-primary")).rows[0];
    await until("the replica has all", async () => {
      const { rows, served_by_primary } = await run(AWAY, COUNT, "first-unconstrained");
      return served_by_primary === false && rows[0].count === count;
    });
    await start([THIRD]);
    // The browser itself tells of each answer that is none.
    expected = ["Failed to load resource"];
    const watched = await open();
    const { page } = watched;
    await page.getByRole("heading", { name: "The primary does not answer" }).waitFor();
    await watched.screenshot("map-lost-light");
    await page.getByRole("button", { name: "See what is left" }).click();
    const dialog = page.getByRole("dialog", { name: "Replace a lost primary" });
    await dialog.getByText("Whatever the lost one has committed besides is lost for good").waitFor();
    await dialog.getByRole("radio", { name: /The replica in Asia-Pacific/ }).check();
    await dialog.getByLabel("Region of the new primary").selectOption(AWAY);
    const action = dialog.getByRole("button", { name: "Replace the primary" });
    assert.equal(await action.getAttribute("aria-disabled"), "true");
    await dialog.getByLabel("Type the name of the database").fill("shop ");
    await action.click({ force: true });
    const { running_in_region } = await rest.result("GET", `/${NAME}?fields=running_in_region`);
    assert.equal(running_in_region, "ENAM");
    await dialog.getByLabel("Type the name of the database").fill(NAME);
    await watched.screenshot("force-light");
    await action.click();
    await page.getByText(/The primary of shop is in Asia-Pacific now/).waitFor();
    await place(page, "Asia-Pacific", "primary").waitFor();
    assert.equal((await rest.query(NAME, COUNT))[0].count, count);
    await run(AWAY, INSERT);
  });
});
