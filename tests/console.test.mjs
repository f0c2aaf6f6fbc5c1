// Aim: a person does with databases what the console is for: by mouse, by keyboard alone, on a phone, in
// light and dark; and loses nothing that was typed by an error or the end of a login.
// Method: Chromium before one running Worker. Each test ends with a console that complained of nothing
// it was not meant to, and no request to another host. Screenshots stay under build/screenshots.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Browser, noBrowser } from "./support/browser.mjs";
import { Regions } from "./support/regions.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;

describe("the console", { skip: noBrowser }, () => {
  let worker;
  let rest;
  let browser;
  let opened = [];
  before(async () => {
    worker = await WranglerDev.start(["wrangler.toml"]);
    rest = new RestClient(worker.origin, TOKEN);
    browser = await Browser.start();
    await rest.result("POST", "", { name: "shop", primary_location_hint: "weur" });
    await rest.query("shop", "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)");
    await rest.query("shop", "INSERT INTO item (name) VALUES ('pear'), ('plum')");
    await rest.result("POST", "", { name: "ledger", primary_location_hint: "apac" });
    for (const name of ["blog", "analytics-2026", "sessions"]) await rest.create(name);
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

  async function open(path = "/", options) {
    const watched = await browser.open(worker.origin + path, options);
    opened.push(watched);
    return watched;
  }

  async function logIn(page, token = TOKEN) {
    await page.getByLabel("Admin token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  async function openLoggedIn(path, options) {
    const watched = await open(path, options);
    await logIn(watched.page);
    await watched.page.getByRole("banner").waitFor();
    return watched;
  }

  const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  const nameField = (page) => page.getByLabel("Name", { exact: true });
  const row = (page, name) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

  test("asks for the token first, and takes no other", async () => {
    const watched = await open();
    const { page } = watched;
    await page.getByRole("heading", { name: "Isolite" }).waitFor();
    await watched.screenshot("login-light");
    for (const wrong of ["wrong", "schlüssel"]) {
      await logIn(page, wrong);
      await page.getByRole("alert").filter({ hasText: "not the admin token" }).waitFor();
      assert.equal(await page.getByLabel("Admin token").inputValue(), wrong);
    }
    await logIn(page);
    await heading(page, "Databases");
    await page.reload();
    await heading(page, "Databases");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Admin token").waitFor();
    await page.reload();
    await page.getByLabel("Admin token").waitFor();
    // The browser itself tells of each 401 that a wrong token was answered with.
    const refused = watched.complaints.splice(0);
    assert.ok(refused.every((text) => text.includes("401")), refused.join("\n"));
  });

  test("lists databases with what is known of each, and finds them by name", async () => {
    // Statistics of the last minute may go with an object that nobody asks.
    await rest.query("shop", "SELECT * FROM item");
    await rest.query("shop", "INSERT INTO item (name) VALUES ('fig')");
    const watched = await openLoggedIn();
    const { page } = watched;
    await row(page, "shop").getByText("Western Europe").waitFor();
    await row(page, "ledger").getByText("Asia-Pacific").waitFor();
    await row(page, "shop").getByText(/\d+ ?kB/).waitFor();
    const cells = await row(page, "shop").getByRole("cell").allInnerTexts();
    assert.equal(cells[1], "1");
    assert.ok(Number(cells[3]) >= 1, "reads");
    assert.ok(Number(cells[4]) >= 1, "writes");
    await page.waitForLoadState("networkidle");
    await watched.screenshot("databases-light");
    await page.getByLabel("Search by name").fill("s");
    await page.getByText("3 databases with “s” in the name").waitFor();
    await page.getByLabel("Search by name").fill("nothing-like-it");
    await page.getByText("0 databases with").waitFor();
    await page.getByText("There is no database yet.").waitFor({ state: "detached" });
    await page.reload();
    assert.equal(await page.getByLabel("Search by name").inputValue(), "nothing-like-it");
  });

  test("goes through many databases page by page", async () => {
    const names = Array.from({ length: 21 }, (_, at) => `many-${String(at).padStart(2, "0")}`);
    for (const name of names) await rest.create(name);
    const { page } = await openLoggedIn("/#/databases?search=many-");
    await page.getByText("Page 1 of 2").waitFor();
    await row(page, "many-00").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 2").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
    for (const name of names) await rest.result("DELETE", `/${name}?purge=true`);
  });

  test("makes, opens and deletes a database, and brings it back", async () => {
    const watched = await openLoggedIn();
    const { page } = watched;
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill("new");
    await page.getByLabel("Region of the primary").selectOption("apac");
    await watched.screenshot("create-light");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await heading(page, "new");
    await page.getByText("Asia-Pacific", { exact: true }).waitFor();
    assert.equal((await rest.result("GET", "/new")).running_in_region, "APAC");

    await page.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete the database" });
    await dialog.getByLabel("Type the name of the database").fill("ne");
    await dialog.getByRole("button", { name: "Delete" }).click({ force: true });
    assert.equal((await rest.result("GET", "/new")).name, "new");
    await dialog.getByLabel("Type the name of the database").fill("new");
    await watched.screenshot("delete-light");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await heading(page, "Databases");
    await page.getByRole("link", { name: "Deleted" }).click();
    await heading(page, "Deleted databases");
    await row(page, "new").waitFor();
    await watched.screenshot("deleted-light");

    // Its name is given away meanwhile, and what was typed stays when that is told.
    await rest.create("new");
    await page.getByRole("button", { name: "Restore new" }).click();
    await page.getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "name" }).waitFor();
    assert.equal(await nameField(page).inputValue(), "new");
    watched.complaints.length = 0; // The browser's own line about status 400.
    await nameField(page).fill("new-again");
    await page.getByRole("button", { name: "Restore", exact: true }).click();
    await heading(page, "new-again");
    for (const name of ["new", "new-again"]) await rest.result("DELETE", `/${name}`);

    await page.getByRole("link", { name: "Deleted" }).click();
    await page.getByRole("button", { name: "Delete new-again for good" }).click();
    await page.getByLabel("Type the name of the database").fill("new-again");
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
    await page.getByText("new-again is deleted for good.").waitFor();
    await row(page, "new-again").waitFor({ state: "detached" });
  });

  test("forks, restores to a time, and downloads", async () => {
    const { uuid } = await rest.create("source");
    await rest.query("source", "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    const before = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
    await new Promise((done) => setTimeout(done, before - Date.now() + 1_100));
    await rest.query("source", "INSERT INTO t VALUES (2)");
    const watched = await openLoggedIn(`/#/databases/${uuid}`);
    const { page } = watched;
    await heading(page, "source");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download SQL" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^source-.*\.sql$/);
    const chunks = await Array.fromAsync(await download.createReadStream());
    assert.match(Buffer.concat(chunks).toString(), /INSERT INTO "t"\(rowid,"a"\) VALUES\(1,1\),\(2,2\);/);

    await page.getByRole("button", { name: "Fork" }).click();
    await page.getByLabel("Name of the new database").fill("source-copy");
    await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
    await heading(page, "source-copy");
    assert.equal((await rest.query("source-copy", "SELECT count(*) AS n FROM t"))[0].n, 2);

    await page.goBack();
    await heading(page, "source");
    await page.getByRole("button", { name: "Restore to a time" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("As it was at").fill(before.toISOString().slice(0, 19));
    await dialog.getByLabel("Type the name of the database").fill("source");
    await watched.screenshot("restore-light");
    await dialog.getByRole("button", { name: "Restore" }).click();
    await page.getByText("Restored source.").waitFor();
    assert.equal((await rest.query("source", "SELECT count(*) AS n FROM t"))[0].n, 1);
    for (const name of ["source", "source-copy"]) await rest.result("DELETE", `/${name}?purge=true`);
  });

  test("shows how far a fork is, also when it goes on behind the page", async () => {
    const { uuid } = await rest.create("large");
    await rest.query(
      "large",
      `CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
       SELECT i, randomblob(500000) AS b FROM n`,
    );
    const watched = await openLoggedIn(`/#/databases/${uuid}`);
    const { page } = watched;
    // REST says so after 25 s; a database for which that takes so long would take the test as long.
    await page.route("**/fork", async (route) => {
      const response = await route.fetch();
      assert.equal(response.status(), 200);
      await route.fulfill({ response, status: 202 });
    });
    await page.getByRole("button", { name: "Fork" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
    await page.getByText("Fork of large", { exact: true }).waitFor();
    assert.equal(await page.locator("progress").count(), 1);
    await watched.screenshot("progress-light");
    await heading(page, "large-fork");
    await page.getByText("Fork of large: done.").waitFor();
    assert.equal(await page.locator("progress").count(), 0);
    for (const name of ["large", "large-fork"]) await rest.result("DELETE", `/${name}?purge=true`);
  });

  test("is used by keyboard alone", async () => {
    const { page } = await open();
    const press = (key) => page.keyboard.press(key);
    const focused = () => page.evaluate(() => {
      const { activeElement: at } = document;
      return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent.trim();
    });
    /** Goes on with the tab key until something has the focus, which can be seen there. */
    const tabTo = async (name) => {
      for (let count = 0; count < 40; count += 1) {
        if ((await focused()) === name) return assert.ok(await isOutlined(page), name);
        await press("Tab");
      }
      assert.fail(`the tab key never comes to ${name}`);
    };
    await page.getByLabel("Admin token").waitFor();
    assert.equal(await focused(), "Admin token");
    await page.keyboard.type(TOKEN);
    await press("Enter");
    await heading(page, "Databases");
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    await tabTo("Create a database");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    // Escape leads back to where one was.
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await focused(), "Create a database");
    await press("Enter");
    await tabTo("Name");
    await page.keyboard.type("by-keyboard");
    await press("Enter");
    await heading(page, "by-keyboard");
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    await page.goBack();
    await heading(page, "Databases");
    await tabTo("by-keyboard");
    await press("Enter");
    await heading(page, "by-keyboard");
    assert.match(await page.title(), /^by-keyboard/);
    await rest.result("DELETE", "/by-keyboard?purge=true");
  });

  test("keeps what was typed when the login ends, and goes on after the next", async () => {
    const watched = await openLoggedIn();
    const { page } = watched;
    await heading(page, "Databases");
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill("after-the-login");
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Your login has ended" });
    await dialog.waitFor();
    await watched.screenshot("expired-light");
    for (const _ of [1, 2]) await page.keyboard.press("Escape");
    assert.ok(await dialog.isVisible());
    assert.equal(await nameField(page).inputValue(), "after-the-login");
    await logIn(page);
    await heading(page, "after-the-login");
    const told = watched.complaints.splice(0);
    assert.ok(told.every((text) => text.includes("401")), told.join("\n"));
    await rest.result("DELETE", "/after-the-login?purge=true");
  });

  test("tells an error of the server where it was asked, and keeps what was typed", async () => {
    const watched = await openLoggedIn();
    const { page } = watched;
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill("shop");
    await page.getByLabel("Jurisdiction").selectOption("us");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("alert").getByText("A database with that name already exists").waitFor();
    assert.equal(await nameField(page).inputValue(), "shop");
    assert.equal(await page.getByLabel("Jurisdiction").inputValue(), "us");
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("400")));
  });

  test("leads nowhere from a form that was closed meanwhile, and tells what came of it", async () => {
    const { page } = await openLoggedIn();
    await heading(page, "Databases");
    let goOn;
    const held = new Promise((resolve) => (goOn = resolve));
    await page.route("**/d1/database", async (route) => {
      await held;
      await route.continue();
    });
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill("left-alone");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Deleted" }).click();
    await heading(page, "Deleted databases");
    goOn();
    await page.getByText("Created left-alone.").waitFor();
    await heading(page, "Deleted databases");
    await rest.result("DELETE", "/left-alone?purge=true");
  });

  test("says so when a part of it cannot be loaded", async () => {
    const { uuid } = await rest.result("GET", "/shop");
    const watched = await openLoggedIn();
    const { page } = watched;
    await page.route("**/assets/overview-*", (route) => route.abort());
    await page.goto(`${worker.origin}/#/databases/${uuid}`);
    await page.getByText("This part of the console could not be loaded").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Rows written, 24 h").waitFor();
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("ERR_FAILED")));
  });

  test("tells that the server is gone, and tries again when asked to", async () => {
    const watched = await openLoggedIn();
    const { page } = watched;
    await heading(page, "Databases");
    await page.context().setOffline(true);
    await page.getByLabel("Search by name").fill("shop");
    await page.getByText("The server does not answer.").waitFor();
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill("unsure");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("Whether the change happened is not known").waitFor();
    assert.equal(await nameField(page).inputValue(), "unsure");
    await page.keyboard.press("Escape");
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("1 database with “shop” in the name").waitFor();
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("INTERNET_DISCONNECTED")));
  });

  test("never takes a text for markup", async () => {
    const watched = await openLoggedIn(`/#/databases?search=${encodeURIComponent(HOSTILE)}`);
    const { page } = watched;
    await page.getByText(`0 databases with “${HOSTILE}” in the name`).waitFor();
    await page.getByRole("button", { name: "Create a database" }).click();
    await nameField(page).fill(HOSTILE);
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("alert").getByText("Invalid database name").waitFor();
    await page.keyboard.press("Escape");
    await page.goto(`${worker.origin}/#/databases/${encodeURIComponent(HOSTILE)}`);
    await page.getByText(`The database ${HOSTILE} could not be found`).waitFor();
    assert.ok(watched.complaints.splice(0).every((text) => /40[04]/.test(text)));
    // Isolite has no such name. Were there one, it would come so.
    await page.route("**/d1/database**", async (route) => {
      const response = await route.fetch();
      const text = (await response.text()).replaceAll('"shop"', JSON.stringify(HOSTILE));
      await route.fulfill({ response, body: text });
    });
    await page.goto(`${worker.origin}/#/databases?search=shop`);
    await page.getByRole("link", { name: HOSTILE }).click();
    await heading(page, HOSTILE);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByText(HOSTILE).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    await page.unrouteAll({ behavior: "wait" });
  });

  test("has its light and its dark side, on a desk and on a phone", async () => {
    const { uuid } = await rest.result("GET", "/shop");
    for (const theme of ["light", "dark"]) {
      for (const phone of [false, true]) {
        const name = `${phone ? "-phone" : ""}-${theme}`;
        const watched = await open("/", { theme, phone });
        const { page } = watched;
        await page.getByLabel("Admin token").waitFor();
        await watched.screenshot(`login${name}`);
        await logIn(page);
        await row(page, "shop").getByText("Western Europe").waitFor();
        await page.waitForLoadState("networkidle");
        await watched.screenshot(`databases${name}`);
        await checkWidth(page);
        await page.goto(`${worker.origin}/#/databases/${uuid}`);
        await page.getByText("Rows written, 24 h").waitFor();
        await page.waitForLoadState("networkidle");
        await watched.screenshot(`overview${name}`);
        await checkWidth(page);
        await checkNames(page);
      }
    }
  });

  test("is at the path of each region, where several are simulated", async () => {
    const regions = await Regions.start({ regions: ["enam", "apac"] });
    try {
      const watched = await browser.open(`${regions.origin("apac")}/`);
      opened.push(watched);
      await logIn(watched.page);
      await watched.page.getByText("There is no database yet.").waitFor();
      await watched.page.getByRole("button", { name: "Create a database" }).click();
      await nameField(watched.page).fill("far");
      await watched.page.keyboard.press("Enter");
      await heading(watched.page, "far");
      await watched.page.getByText("Asia-Pacific", { exact: true }).waitFor();
      await watched.close();
    } finally {
      await regions.stop();
    }
  });

  test("keeps the theme that was chosen", async () => {
    const { page } = await openLoggedIn();
    const ground = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: "Use the dark theme" }).click();
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole("button", { name: "Use the light theme" }).waitFor();
    assert.equal(await ground(), dark);
    await page.getByRole("button", { name: "Use the light theme" }).click();
    assert.equal(await ground(), light);
  });

  test("says so of an address that there is not", async () => {
    const watched = await openLoggedIn("/#/nowhere/%ff");
    const { page } = watched;
    await heading(page, "There is no such page");
    await page.goto(`${worker.origin}/#/databases/8d4c3b2a-0000-4000-8000-00000000abcd`);
    await page.getByText("could not be found").waitFor();
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("404")));
  });
});

/** Whether the element with the focus has an outline, or one around it. */
const isOutlined = (page) => page.evaluate(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
});

/** Nothing is wider than the screen. */
async function checkWidth(page) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
  assert.ok((scrollWidth ?? 0) <= (clientWidth ?? 0));
}

/** Whatever can be used has a name, and the page its landmarks and one heading of its own. */
async function checkNames(page) {
  for (const role of ["button", "link", "textbox", "combobox"]) {
    for (const element of await page.getByRole(role).all()) {
      const snapshot = await element.ariaSnapshot();
      assert.match(snapshot, /"[^"]+"/, snapshot);
    }
  }
  for (const role of ["banner", "main"]) assert.equal(await page.getByRole(role).count(), 1);
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
}
