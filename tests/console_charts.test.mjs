// Aim: the tab Charts shows what a database did and does, as pictures and as tables, with nothing invented;
// and its statements with their plans.
// Method: Chromium before a running Worker with a database that is in use. What the Worker would tell
// hours later or when it is another one is put into its answers on their way. Screenshots stay under
// build/screenshots.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Browser, noBrowser } from "./support/browser.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const HOUR_MS = 3_600_000;
const BY_NAME = "SELECT id FROM item WHERE name = ? AND price > ?";

describe("the charts of the console", { skip: noBrowser }, () => {
  let worker;
  let rest;
  let browser;
  let id;
  let opened = [];
  before(async () => {
    worker = await WranglerDev.start(["wrangler.toml"]);
    rest = new RestClient(worker.origin, TOKEN);
    browser = await Browser.start();
    ({ uuid: id } = await rest.create("shop"));
    await rest.query("shop", "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    await rest.query(
      "shop",
      `INSERT INTO item (name, price)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
       SELECT 'item ' || i, i FROM n`,
    );
    for (let i = 1; i <= 5; i++) await rest.query("shop", BY_NAME, [`item ${i}`, 0]);
    await rest.query("shop", "SELECT name FROM item WHERE id = 7");
  });
  after(async () => {
    await browser?.stop();
    await worker?.stop();
  });
  afterEach(async () => {
    const pages = opened;
    opened = [];
    for (const watched of pages) await watched.close();
    for (const { complaints, strangers } of pages) {
      assert.deepEqual(complaints, []);
      assert.deepEqual(strangers, []);
    }
  });

  async function open(options, prepare = async () => {}) {
    const watched = await browser.open(`${worker.origin}/`, options);
    opened.push(watched);
    const { page } = watched;
    await prepare(page);
    await page.getByLabel("Admin token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("link", { name: "shop" }).click();
    await page.getByRole("link", { name: "Charts" }).click();
    await page.getByRole("heading", { name: "Costliest statements" }).waitFor();
    return watched;
  }

  const chart = (page, name) => page.getByRole("region", { name, exact: true });
  const picture = (page, name) => chart(page, name).getByRole("img");

  /** The rows of a chart's table, which it opens. */
  async function table(page, name) {
    const region = chart(page, name);
    if (!(await region.getByRole("table").isVisible())) await region.getByText("As a table").click();
    await region.getByRole("table").waitFor();
    const rows = await region.getByRole("row").all();
    const cells = rows.map((row) => row.locator("th, td").allInnerTexts());
    return Promise.all(cells);
  }

  /** How much of the picture has been drawn on. */
  const ink = (page, name) => picture(page, name).locator("canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    // Bars and lines are of strong colours, and the grid and its texts are grey.
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.subarray(at, at + 4);
      if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) count += 1;
    }
    return count;
  });

  test("shows what the primary ran this hour, and the same as a table", async () => {
    const { page } = await open();
    await picture(page, "Queries by the hour").waitFor();
    const rows = await table(page, "Queries by the hour");
    assert.deepEqual(rows[0], ["Hour that began", "Reads", "Writes"]);
    // The hour may have ended since the first of them ran.
    const sum = (column) => rows.slice(1).reduce((total, row) => total + Number(row[column]), 0);
    assert.ok(sum(1) >= 6, JSON.stringify(rows));
    assert.ok(sum(2) >= 2, JSON.stringify(rows));
    assert.match(
      await picture(page, "Queries by the hour").getAttribute("aria-label"),
      /^Queries by the hour\. Reads: \d values?, highest \d+, last \d+\. Writes: /,
    );
    assert.ok((await ink(page, "Queries by the hour")) > 50, "there are bars");
    const written = await table(page, "Rows written by the hour");
    assert.ok(written.slice(1).some((row) => Number(row[1].replace(",", "")) >= 500));
  });

  test("leaves out the hours of which nothing is known, and zooms", async () => {
    const hour_ms = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const ago = (hours) => new Date(hour_ms - hours * HOUR_MS).toISOString().replace(".000", "");
    const hours = [5, 4, 3, 1, 0];
    const { page } = await open({}, async (each) => {
      await each.route("**/graphql", async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        const [account] = json.data.viewer.accounts;
        const [group] = account.d1AnalyticsAdaptiveGroups ?? [];
        if (group !== undefined && "datetimeHour" in group.dimensions) {
          account.d1AnalyticsAdaptiveGroups = hours.map((hour) => ({
            sum: { ...group.sum, readQueries: 100 + hour },
            dimensions: { datetimeHour: ago(hour) },
          }));
        }
        await route.fulfill({ response, json });
      });
    });
    const reads = async () => (await table(page, "Queries by the hour")).slice(1).map((row) => row[1]);
    assert.deepEqual(await reads(), ["100", "101", "103", "104", "105"]);

    // By the pointer, over the last quarter of the day.
    const box = await picture(page, "Queries by the hour").locator(".u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.87, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelectorAll(".chart-table tbody tr").length < 5);
    assert.deepEqual(await reads(), ["100", "101"]);
    // By buttons; all charts show the same time.
    await page.getByRole("button", { name: "Show all" }).click();
    assert.equal((await reads()).length, 5);
    for (let count = 0; count < 3; count += 1) {
      await page.getByRole("button", { name: "Zoom in" }).click();
    }
    await page.getByText("Nothing is known of this time.").first().waitFor();
    assert.deepEqual(await reads(), []);
    for (let count = 0; count < 12; count += 1) {
      await page.getByRole("button", { name: "Later" }).click();
    }
    assert.deepEqual((await reads()).at(0), "100");
    await page.getByRole("button", { name: "Zoom out" }).click();
    await page.getByRole("button", { name: "Earlier" }).click();
    assert.notDeepEqual((await reads()).at(0), "100");
    await page.unrouteAll({ behavior: "wait" });
  });

  test("takes another range by keyboard", async () => {
    const { page } = await open();
    const asked = page.waitForRequest((request) => {
      if (!request.url().endsWith("/graphql")) return false;
      const { query, variables } = request.postDataJSON();
      const since = Date.parse(variables.filter.datetimeHour_geq);
      return query.includes("Hours(") && Date.now() - since > 6 * 24 * HOUR_MS;
    });
    await page.getByRole("radio", { name: "24 hours" }).focus();
    await page.keyboard.press("ArrowRight");
    await asked;
    assert.ok(await page.getByRole("radio", { name: "7 days" }).isChecked());
    await page.getByRole("heading", { name: "Costliest statements, 7 days" }).waitFor();
  });

  test("takes samples while it is looked at", async () => {
    const { page } = await open();
    await page.getByText("Live", { exact: true }).click();
    await chart(page, "Storage").getByText("As a table").click();
    await chart(page, "Storage").getByRole("cell", { name: /kB$/ }).first().waitFor();
    await chart(page, "Backup lag").getByText("No bucket is bound for backups.").waitFor();
    await chart(page, "Replication lag").getByText("there is no replica that could lag").waitFor();
    for (let count = 0; count < 4; count += 1) await rest.query("shop", BY_NAME, ["item 1", 0]);
    await chart(page, "Rows read").getByText("As a table").click();
    await chart(page, "Rows read").getByRole("cell", { name: /^[1-9].*\/s$/ }).first()
      .waitFor({ timeout: 30_000 });
    const before = (await table(page, "Storage")).length;
    // Another tab and back: what was taken is still there.
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByText("Rows written, 24 h").waitFor();
    await page.getByRole("link", { name: "Charts" }).click();
    await page.getByText("Live", { exact: true }).click();
    assert.ok((await table(page, "Storage")).length >= before);
  });

  test("says so of a Worker that does not tell of its replicas, and of one that is gone", async () => {
    const watched = await open({}, (page) =>
      page.route("**/replicas", (route) =>
        route.fulfill({ status: 404, json: { success: false, errors: [{ code: 7404, message: "no" }] } })));
    const { page } = watched;
    await page.getByText("Live", { exact: true }).click();
    for (const name of ["Replication lag", "Reads that regions answered"]) {
      await chart(page, name).getByText("This Worker does not tell of its replicas.").waitFor();
    }
    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("The server does not answer.").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("alert").waitFor({ state: "detached" });
    const complaints = watched.complaints.splice(0);
    assert.ok(complaints.every((text) => /404|INTERNET_DISCONNECTED/.test(text)), complaints.join("\n"));
  });

  test("draws the lag of replicas, with gaps where it is not known", async () => {
    let count = 0;
    const { page } = await open({}, (each) =>
      each.route("**/replicas", (route) => {
        count += 1;
        const lag_ms = count === 2 ? null : 40 * count;
        const replica = { region: "apac", state: "following", lag_ms, reads_per_second: 2 };
        const result = { primary: { region: "weur", size_bytes: 8192 }, replicas: [replica] };
        return route.fulfill({ json: { success: true, result } });
      }));
    await page.getByText("Live", { exact: true }).click();
    await chart(page, "Replication lag").getByText("Asia-Pacific").waitFor();
    await chart(page, "Replication lag").getByText("As a table").click();
    await chart(page, "Replication lag").getByRole("cell", { name: "120 ms" }).waitFor({ timeout: 30_000 });
    const lags = (await table(page, "Replication lag")).map((row) => row[1]);
    assert.deepEqual(lags.slice(-2), ["120 ms", "40 ms"]);
    await page.unrouteAll({ behavior: "wait" });
  });

  test("has the statements, their plans, and the index that is missing", async () => {
    const watched = await open();
    const { page } = watched;
    await page.getByLabel("By", { exact: true }).selectOption("rows read");
    const row = page.getByRole("row").filter({ hasText: BY_NAME });
    await row.waitFor();
    // 500 rows read for each one that is returned.
    assert.equal((await row.getByRole("cell").allInnerTexts())[4], "500");
    await row.getByRole("button", { name: "Plan" }).click();
    await page.getByLabel("Plan of the statement").getByText("SCAN item").waitFor();
    const advice = "CREATE INDEX item_name_price ON item (name, price)";
    await page.getByText(advice).waitFor();
    await watched.screenshot("charts-plan-light");
    await rest.query("shop", advice);
    await row.getByRole("button", { name: "Plan" }).click();
    await row.getByRole("button", { name: "Plan" }).click();
    await page.getByLabel("Plan of the statement")
      .getByText("SEARCH item USING COVERING INDEX item_name_price (name=? AND price>?)").waitFor();
    assert.equal(await page.getByText("No index on").count(), 0);
    await rest.query("shop", "DROP INDEX item_name_price");
  });

  test("tells of a statement that has no plan any more, and never takes one for markup", async () => {
    const hostile = `SELECT '<img src=x onerror=alert(1)>' AS "<b>"`;
    await rest.query("shop", hostile);
    await rest.query("shop", "CREATE TABLE gone (a)");
    await rest.query("shop", "SELECT a FROM gone");
    await rest.query("shop", "DROP TABLE gone");
    const long = `SELECT ${"'x', ".repeat(300)} 1`;
    await rest.query("shop", long);
    const watched = await open();
    const { page } = watched;
    const openPlan = (text) =>
      page.getByRole("row").filter({ hasText: text }).getByRole("button", { name: "Plan" }).click();
    await openPlan("SELECT a FROM gone");
    await page.getByRole("alert").getByText("no such table: gone").waitFor();
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("400")));
    await openPlan("<img");
    await page.getByLabel("The statement").getByText(hostile).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    await openPlan("'x', 'x'");
    await page.getByText("The statistics keep the first 1,000 bytes").waitFor();
  });

  test("has its light and its dark side, on a desk and on a phone", async () => {
    for (const theme of ["light", "dark"]) {
      for (const phone of [false, true]) {
        const name = `${phone ? "-phone" : ""}-${theme}`;
        const watched = await open({ theme, phone });
        const { page } = watched;
        await page.waitForLoadState("networkidle");
        await watched.screenshot(`charts${name}`);
        await page.getByRole("heading", { name: "Costliest statements" }).scrollIntoViewIfNeeded();
        await watched.screenshot(`charts-statements${name}`);
        const { scrollWidth, clientWidth } = await page.evaluate(() => {
          const { scrollWidth: all, clientWidth: seen } = document.documentElement;
          return { scrollWidth: all, clientWidth: seen };
        });
        assert.ok(scrollWidth <= clientWidth, `${scrollWidth} of ${clientWidth}`);
      }
    }
  });

  test("follows another theme", async () => {
    const { page } = await open();
    await picture(page, "Queries by the hour").waitFor();
    const colours = () => picture(page, "Queries by the hour").locator("canvas").evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, value) => (sum * 31 + value) % 1_000_003, 0);
    });
    const light = await colours();
    await page.getByRole("button", { name: "Use the dark theme" }).click();
    await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
    await page.waitForTimeout(100);
    assert.notEqual(await colours(), light);
  });
});
