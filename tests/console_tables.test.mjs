// Aim: a person looks through tables and changes rows in the console, and neither a value, nor what was
// typed, nor what somebody else wrote meanwhile is lost.
// Method: Chromium before one running Worker; what was written is read by REST. Names and values are
// hostile to SQL and to HTML. Screenshots stay under build/screenshots.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Browser, noBrowser } from "./support/browser.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const HOSTILE = `a"b';<img src=x onerror=alert(1)>?&#/😀`;
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

describe("the tables of the console", { skip: noBrowser }, () => {
  let worker;
  let rest;
  let browser;
  let opened = [];
  before(async () => {
    worker = await WranglerDev.start(["wrangler.toml"]);
    rest = new RestClient(worker.origin, TOKEN);
    browser = await Browser.start();
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

  /** A new database with these statements in it; gives its id. */
  async function database(name, sql) {
    const { uuid } = await rest.create(name);
    if (sql !== "") await rest.query(name, sql);
    return uuid;
  }

  async function logIn(page) {
    await page.getByLabel("Admin token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  async function open(id, table, options) {
    const query = table === undefined ? "" : `?${new URLSearchParams({ table })}`;
    const watched = await browser.open(`${worker.origin}/#/databases/${id}/tables${query}`, options);
    opened.push(watched);
    await logIn(watched.page);
    return watched;
  }

  const grid = (page) => page.getByRole("grid");
  /** The cell of a row and a column, both from 0, less the row's buttons. */
  const cell = (page, row, column) =>
    page.locator(`.row-grid tbody tr:nth-child(${row + 1}) td[data-column="${column}"]`);
  const texts = (page, column) => page.locator(`.row-grid td[data-column="${column}"]`).allInnerTexts();

  async function set(page, row, column, type, value) {
    await cell(page, row, column).dblclick();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Type").selectOption({ label: type });
    if (value !== undefined) await dialog.getByLabel("Value").fill(value);
    await dialog.getByRole("button", { name: "Set" }).click();
    await dialog.waitFor({ state: "detached" });
  }

  async function save(page) {
    await page.getByRole("button", { name: "Review and save" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  }

  const pendingText = (page) =>
    page.getByRole("region", { name: "Changes that are not saved" }).getByRole("status").innerText();

  test("shows what a database is made of, and counts only when asked to", async () => {
    const id = await database("made", `
      CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE DEFAULT 'none');
      CREATE TABLE book (isbn TEXT, part INTEGER, author INTEGER REFERENCES author (id) ON DELETE CASCADE,
        twice INTEGER AS (part * 2), PRIMARY KEY (isbn, part)) WITHOUT ROWID, STRICT;
      CREATE INDEX by_author ON book (author, part DESC) WHERE part > 0;
      CREATE VIEW title AS SELECT isbn FROM book;
      CREATE TRIGGER gone AFTER DELETE ON author BEGIN SELECT 1; END;
      INSERT INTO author (name) VALUES ('Ann'), ('Bo')`);
    const asked = [];
    const { page } = await open(id, "book");
    page.on("request", (request) => asked.push(request.postData() ?? ""));
    const items = page.getByLabel("Tables and views");
    await items.getByRole("link", { name: "author", exact: true }).waitFor();
    assert.ok(asked.every((body) => !body.includes("count(")));
    await items.getByRole("button", { name: "Count the rows of author" }).click();
    await items.getByRole("button", { name: "2 rows in author" }).waitFor();

    await page.getByRole("link", { name: "Schema" }).click();
    const row = (name) => page.getByRole("row").filter({
      has: page.getByRole("rowheader", { name, exact: true }),
    });
    await row("twice").getByText("generated").waitFor();
    assert.deepEqual(await row("part").getByRole("cell").allInnerTexts(), ["INTEGER", "primary, 2", "never", "–"]);
    await row("by_author").getByText("author, part descending").waitFor();
    await row("by_author").getByText("partial").waitFor();
    await page.getByText("WITHOUT ROWID", { exact: true }).waitFor();
    assert.match(await row("author").last().innerText(), /cascade/);
    assert.match(await page.locator("pre").first().innerText(), /^CREATE TABLE book/);

    await items.getByText("Triggers").click();
    await items.getByRole("link", { name: "gone" }).click();
    await page.getByRole("heading", { name: "Trigger gone" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "book" }).waitFor();
  });

  test("says why rows of views and computed columns cannot be changed", async () => {
    const id = await database("fixed", `
      CREATE TABLE t (a INTEGER PRIMARY KEY, b AS (a * 2));
      CREATE VIEW v AS SELECT a FROM t;
      CREATE VIRTUAL TABLE f USING fts5(x);
      CREATE TABLE hidden (rowid TEXT, _rowid_ TEXT, oid TEXT);
      INSERT INTO t (a) VALUES (1); INSERT INTO f VALUES ('word'); INSERT INTO hidden VALUES ('a', 'b', 'c')`);
    const { page } = await open(id, "v");
    const choose = (name) => page.getByLabel("Tables and views").getByRole("link", { name, exact: true }).click();
    for (const [name, reason] of [["v", "A view has no rows of its own"], ["f", "A virtual table"], ["hidden", "hide every name"]]) {
      await choose(name);
      await page.getByText(reason).waitFor();
      await grid(page).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Delete row|Add a row/ }).count(), 0);
      await cell(page, 0, 0).dblclick();
      assert.equal(await page.getByRole("dialog").getByRole("button", { name: "Set" }).count(), 0);
      await page.keyboard.press("Escape");
    }
    await choose("t");
    await page.getByRole("button", { name: "Delete row 1" }).waitFor();
    await cell(page, 0, 1).dblclick();
    await page.getByRole("dialog").getByText("SQLite computes this column").waitFor();
  });

  test("goes through a table page by page, in any order, with each row once", async () => {
    const id = await database("pages", `
      CREATE TABLE t (a INTEGER, b TEXT COLLATE NOCASE, PRIMARY KEY (b, a)) WITHOUT ROWID;
      CREATE TABLE u (n); CREATE INDEX u_n ON u (n);
      WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 250)
        INSERT INTO t SELECT i, char(97 + i % 3) FROM i;
      INSERT INTO u SELECT CASE WHEN a % 3 = 0 THEN NULL ELSE a / 7 END FROM t`);
    const { page } = await open(id, "t");
    const bodies = [];
    page.on("request", (request) => bodies.push(request.postData() ?? ""));
    const foot = (text) => page.locator(".foot-text").getByText(text, { exact: true }).waitFor();
    const walk = async (columns) => {
      const rows = [];
      for (let number = 1; ; number += 1) {
        await foot(`Page ${number}`);
        await page.locator('.row-grid[aria-busy="false"]').waitFor();
        const cells = [];
        for (let column = 0; column < columns; column += 1) cells.push(await texts(page, column));
        rows.push(...cells[0].map((_, at) => cells.map((column) => column[at]).join()));
        const next = page.getByRole("button", { name: "Next" });
        if (await next.isDisabled()) return rows;
        await next.click();
      }
    };
    const expected = async (sql) =>
      (await rest.query("pages", sql)).map((row) => Object.values(row).map((value) => value ?? "NULL").join());
    assert.deepEqual(await walk(2), await expected("SELECT a, b FROM t ORDER BY b, a"));
    await page.getByRole("button", { name: "Previous" }).click();
    await foot("Page 2");
    await page.getByRole("columnheader", { name: "a" }).getByRole("button").click();
    await page.getByText("No index serves the order by a").waitFor();
    assert.deepEqual(await walk(2), await expected("SELECT a, b FROM t ORDER BY a, b"));

    await page.getByLabel("Tables and views").getByRole("link", { name: "u", exact: true }).click();
    await page.getByRole("heading", { name: "u", exact: true }).waitFor();
    for (const way of ["", " DESC"]) {
      await page.getByRole("columnheader", { name: /^n/ }).getByRole("button").click();
      await page.locator('.row-grid[aria-busy="true"]').waitFor({ state: "detached" });
      assert.deepEqual(await walk(1), await expected(`SELECT n FROM u ORDER BY n${way}`));
      assert.equal(await page.getByText("No index serves").count(), 0);
    }
    assert.ok(bodies.some((body) => body.includes("LIMIT")));
    assert.ok(bodies.every((body) => !/OFFSET/i.test(body)));
  });

  test("reads of a large table no more than it shows, and draws no more", async () => {
    const id = await database("large", `
      CREATE TABLE t (id INTEGER PRIMARY KEY, n); CREATE INDEX t_n ON t (n);
      WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 100000)
        INSERT INTO t SELECT i, i % 1000 FROM i`);
    const { page } = await open(id, "t");
    await grid(page).waitFor();
    const act = async (button) => {
      const [response] = await Promise.all([page.waitForResponse("**/raw"), button.click()]);
      const { result } = await response.json();
      await page.locator('.row-grid[aria-busy="false"]').waitFor();
      return result.reduce((sum, { meta }) => sum + meta.rows_read, 0);
    };
    const byN = page.getByRole("columnheader", { name: /^n/ }).getByRole("button");
    for (const button of [byN, byN]) assert.ok(await act(button) <= 250);
    for (let turn = 0; turn < 3; turn += 1) {
      assert.ok(await act(page.getByRole("button", { name: "Next" })) <= 500);
    }
    assert.deepEqual([...new Set(await texts(page, 1))], ["996"]);
    assert.ok(await page.evaluate(() => document.querySelectorAll("*").length) < 2_000);
  });

  test("finds rows by what is in their columns", async () => {
    const id = await database("filters", `
      CREATE TABLE t (id INTEGER PRIMARY KEY, loose, name TEXT);
      INSERT INTO t VALUES (1, 5, '50%'), (2, '5', '500'), (3, NULL, 'x_y'), (4, 7.5, 'xzy'), (5, x'05', NULL)`);
    const { page } = await open(id, "t");
    await grid(page).waitFor();
    const filter = async (column, condition, value, ids) => {
      await page.getByLabel("Column", { exact: true }).selectOption(column);
      await page.getByLabel("Condition").selectOption({ label: condition });
      if (value !== undefined) await page.getByLabel("Value").fill(value);
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.waitForFunction(
        (wanted) => [...document.querySelectorAll('.row-grid td[data-column="0"]')]
          .map((each) => each.textContent).join() === wanted,
        ids.join(),
      );
      await page.getByRole("button", { name: `Remove the filter of ${column}` }).click();
    };
    await filter("loose", "=", "5", [1, 2]);
    await filter("loose", "=", "x'05'", [5]);
    await filter("loose", ">", "5", [2, 4, 5]);
    await filter("loose", "is NULL", undefined, [3]);
    await filter("loose", "is not NULL", undefined, [1, 2, 4, 5]);
    await filter("name", "contains", "%", [1]);
    await filter("name", "contains", "X_Y", [3]);
    await filter("id", "<", "3", [1, 2]);
    await filter("name", "=", "' OR 1=1 --", []);
    await page.getByText("There is no row.").waitFor({ state: "detached" });
  });

  test("writes each type exactly, by hostile names, in one transaction", async () => {
    const columns = [HOSTILE, "select", "__proto__", "x y"];
    const names = columns.map(quoted).join(", ");
    const id = await database("types", `
      CREATE TABLE ${quoted(HOSTILE)} (${names});
      INSERT INTO ${quoted(HOSTILE)} VALUES (9223372036854775807, 0.1, 'text', x'00FF'), (1, 2, 3, 4), (5, 6, 7, 8)`);
    const watched = await open(id, HOSTILE);
    const { page } = watched;
    await page.getByRole("heading", { name: HOSTILE }).waitFor();
    await grid(page).waitFor();
    assert.deepEqual(await grid(page).locator("tbody tr").first().locator("td[data-column]").allInnerTexts(), [
      "9223372036854775807",
      "0.1",
      "text",
      "x'00FF'",
    ]);
    await set(page, 0, 0, "Integer", "-9223372036854775808");
    await set(page, 0, 1, "Real", "-Inf");
    await set(page, 0, 2, "NULL");
    await set(page, 0, 3, "BLOB", "x'de ad'");
    await set(page, 1, 0, "Text", HOSTILE);
    await page.getByRole("button", { name: "Delete row 3" }).click();
    await page.getByRole("button", { name: "Add a row" }).click();
    await set(page, 0, 1, "Integer", "9007199254740993");
    assert.equal(await pendingText(page), "4 rows not saved: 1 added, 2 changed, 1 deleted");
    // What was made of a cell and then taken back is no change.
    await set(page, 2, 1, "Integer", "3");
    await set(page, 2, 1, "Integer", "2");
    await cell(page, 1, 0).dblclick();
    await page.getByLabel("Type").selectOption({ label: "Integer" });
    await page.getByRole("dialog").getByLabel("Value").fill("12x");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByRole("alert").getByText("An integer has digits alone").waitFor();
    await page.keyboard.press("Escape");
    const writes = [];
    page.on("request", (request) => {
      const body = request.postData() ?? "";
      if (/UPDATE|DELETE|INSERT/.test(body)) writes.push(body);
    });
    await page.getByRole("button", { name: "Review and save" }).click();
    const dialog = page.getByRole("dialog", { name: "Review and save" });
    await dialog.getByText("Delete rowid 3").waitFor();
    assert.match(await dialog.innerText(), /9223372036854775807\s*integer → -9223372036854775808/);
    await watched.screenshot("tables-review-light");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.", { exact: true }).waitFor();
    assert.equal(writes.length, 1);
    const shown = columns.map((name) => `quote(${quoted(name)})`).join(" || '|' || ");
    const rows = await rest.query("types", `SELECT ${shown} AS row FROM ${quoted(HOSTILE)}`);
    assert.deepEqual(rows.map(({ row }) => row), [
      "-9223372036854775808|-9.0e+999|NULL|X'DEAD'",
      `'${HOSTILE.replaceAll("'", "''")}'|2|3|4`,
      "NULL|9007199254740993|NULL|NULL",
    ]);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.getByText("not saved").count(), 0);
  });

  test("shows both versions of a row that somebody else changed, and does as is chosen", async () => {
    const id = await database("both", `
      CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b);
      INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3), (4, 'four', 4), (5, 'five', 5), (6, 'six', 6)`);
    const watched = await open(id, "t");
    const { page } = watched;
    await grid(page).waitFor();
    for (const row of [0, 1, 2]) await set(page, row, 1, "Text", `mine ${row}`);
    await page.getByRole("button", { name: "Delete row 4", exact: true }).click();
    await page.getByRole("button", { name: "Delete row 5" }).click();
    await set(page, 5, 1, "Text", "mine 5");
    // Another case alone is another value; another column of the row is no conflict.
    await rest.query("both", `UPDATE t SET a = 'ONE' WHERE id = 1; UPDATE t SET a = 'theirs' WHERE id = 2;
      UPDATE t SET b = 33 WHERE id = 3; UPDATE t SET b = '4' WHERE id = 4; DELETE FROM t WHERE id IN (5, 6)`);
    await save(page);
    const dialog = page.getByRole("dialog", { name: "Changed by somebody else" });
    await dialog.waitFor();
    const version = (name) => dialog.getByRole("group", { name });
    assert.equal(await dialog.getByRole("group").count(), 4);
    const cells = await version("Change id 2").getByRole("cell").allTextContents();
    assert.deepEqual(cells, ["twotext", "theirstext", "mine 1text"]);
    await watched.screenshot("tables-conflict-light");
    const before = await rest.query("both", "SELECT a FROM t ORDER BY id");
    assert.deepEqual(before.map(({ a }) => a), ["ONE", "theirs", "three", "four"]);
    await version("Change id 1").getByLabel("Write mine over it").check();
    await version("Change id 2").getByLabel("Keep what is there now").check();
    await version("Delete id 4").getByLabel("Delete it all the same").check();
    await dialog.getByRole("button", { name: "Go on" }).click({ force: true });
    await version("Change id 6").getByLabel("Add a new row with what I typed").check();
    await dialog.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("dialog", { name: "Review and save" }).getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.", { exact: true }).waitFor();
    const rows = await rest.query("both", "SELECT id || a || quote(b) AS row FROM t ORDER BY id");
    assert.deepEqual(rows.map(({ row }) => row), ["1mine 01", "2theirs2", "3mine 233", "6mine 5NULL"]);
    assert.ok(watched.complaints.splice(0).every((text) => text.includes("400")));
  });

  test("keeps two tabs of the browser from overwriting each other", async () => {
    const id = await database("two", "CREATE TABLE t (a); INSERT INTO t VALUES ('first')");
    const first = await open(id, "t");
    const second = await open(id, "t");
    for (const [{ page }, text] of [[first, "of one"], [second, "of the other"]]) {
      await grid(page).waitFor();
      await set(page, 0, 0, "Text", text);
    }
    await save(first.page);
    await first.page.getByText("Saved.", { exact: true }).waitFor();
    await save(second.page);
    const dialog = second.page.getByRole("dialog", { name: "Changed by somebody else" });
    await dialog.getByText("of one").waitFor();
    await dialog.getByLabel("Keep what is there now").check();
    await dialog.getByRole("button", { name: "Go on" }).click();
    await cell(second.page, 0, 0).getByText("of one").waitFor();
    assert.deepEqual(await rest.query("two", "SELECT a FROM t"), [{ a: "of one" }]);
    assert.ok(second.complaints.splice(0).every((text) => text.includes("400")));
  });

  test("keeps what was typed over a new page, an end of the login and what the database refuses", async () => {
    const id = await database("kept", "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES ('x'), ('y')");
    const watched = await open(id, "t");
    const { page } = watched;
    await grid(page).waitFor();
    await set(page, 0, 0, "Text", "y");
    await page.getByRole("button", { name: "Add a row" }).click();
    await set(page, 0, 0, "Text", "new");
    await page.reload();
    await cell(page, 0, 0).getByText("new").waitFor();
    await cell(page, 1, 0).getByText("y").waitFor();
    await page.getByRole("img", { name: "Has changes that are not saved" }).waitFor();

    await save(page);
    await page.getByRole("alert").getByText("UNIQUE constraint failed: t.a").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await pendingText(page), "2 rows not saved: 1 added, 1 changed");
    await set(page, 1, 0, "Text", "z");
    await page.context().clearCookies();
    await save(page);
    await page.getByRole("dialog", { name: "Your login has ended" }).waitFor();
    await logIn(page);
    await page.getByText("Saved.", { exact: true }).waitFor();
    const rows = await rest.query("kept", "SELECT a FROM t ORDER BY a");
    assert.deepEqual(rows.map(({ a }) => a), ["new", "y", "z"]);
    await page.reload();
    await grid(page).waitFor();
    assert.equal(await page.getByText("not saved").count(), 0);
    assert.ok(watched.complaints.splice(0).every((text) => /40[01]/.test(text)));
  });

  for (const happened of [false, true]) {
    test(`saves once where the answer was lost, and the saving ${happened ? "had" : "had not"} happened`, async () => {
      const name = `lost-${happened}`;
      const id = await database(name, "CREATE TABLE t (a INTEGER, b); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
      const watched = await open(id, "t");
      const { page } = watched;
      await grid(page).waitFor();
      await page.getByRole("button", { name: "Delete row 2" }).click();
      await set(page, 0, 1, "Text", "changed");
      await page.getByRole("button", { name: "Add a row" }).click();
      // The column makes an integer of it.
      await set(page, 0, 0, "Text", "12");
      await page.route("**/raw", async (route) => {
        if (!route.request().postData().includes("UPDATE")) return route.continue();
        if (happened) await route.fetch();
        await route.abort();
      });
      await save(page);
      await page.getByRole("alert").getByText("Whether the change happened is not known").waitFor();
      await page.unrouteAll({ behavior: "wait" });
      await page.reload();
      await page.getByText("it is not known whether the changes were saved").waitFor();
      assert.equal(await page.getByRole("button", { name: /Add a row|Undo/ }).count(), 0);
      await page.getByRole("button", { name: "Find out and save" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await page.getByText(happened ? /had been saved before/ : /^Saved\.$/).waitFor();
      const rows = await rest.query(name, "SELECT a, b FROM t ORDER BY a");
      assert.deepEqual(rows, [{ a: 1, b: "changed" }, { a: 12, b: null }]);
      assert.ok(watched.complaints.splice(0).every((text) => text.includes("ERR_FAILED")));
    });
  }

  test("opens a long value whole, takes bytes from a file and gives them", async () => {
    const id = await database("long", `
      CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);
      INSERT INTO t VALUES (1, replace(hex(zeroblob(50000)), '0', 'ä') || 'end', randomblob(3000))`);
    const { page } = await open(id, "t");
    await cell(page, 0, 1).dblclick();
    const dialog = page.getByRole("dialog");
    const value = await dialog.getByLabel("Value").inputValue();
    assert.equal(value.length, 100_003);
    await dialog.getByLabel("Value").fill(`${value}!`);
    await dialog.getByRole("button", { name: "Set" }).click();
    await cell(page, 0, 2).dblclick();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("button", { name: /^Download its/ }).click(),
    ]);
    const bytes = Buffer.concat(await Array.fromAsync(await download.createReadStream()));
    const [{ b }] = await rest.query("long", "SELECT hex(b) AS b FROM t");
    assert.equal(bytes.toString("hex").toUpperCase(), b);
    await dialog.getByLabel("From a file").setInputFiles({ name: "x", mimeType: "", buffer: Buffer.from([0, 1, 255]) });
    await page.waitForFunction(() => document.querySelector("dialog textarea")?.value === "0001FF");
    await dialog.getByRole("button", { name: "Set" }).click();
    await save(page);
    await page.getByText("Saved.", { exact: true }).waitFor();
    const [row] = await rest.query("long", "SELECT length(a) AS n, substr(a, -4) AS tail, hex(b) AS b FROM t");
    assert.deepEqual(row, { n: 100_004, tail: "end!", b: "0001FF" });
  });

  test("is used by keyboard alone", async () => {
    const id = await database("keys", "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2), (3, 4), (5, 6)");
    const { page } = await open(id, "t");
    await grid(page).waitFor();
    const press = (key) => page.keyboard.press(key);
    for (let count = 0; count < 60; count += 1) {
      if (await page.evaluate(() => document.activeElement?.matches("td[data-column]"))) break;
      await press("Tab");
    }
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    assert.equal(await focused(), "1");
    for (const key of ["ArrowDown", "ArrowRight"]) await press(key);
    assert.equal(await focused(), "4");
    await press("Enter");
    await page.getByRole("dialog", { name: "b" }).waitFor();
    await press("Control+a");
    await page.keyboard.type("40");
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await focused(), "40");
    await press("End");
    await press("ArrowDown");
    await press("Delete");
    assert.equal(await pendingText(page), "2 rows not saved: 1 changed, 1 deleted");
  });

  test("has its light and its dark side, on a desk and on a phone", async () => {
    const id = await database("shown", `
      CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, balance REAL, photo BLOB, joined TEXT);
      CREATE INDEX customer_name ON customer (name);
      CREATE TABLE "order" (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customer (id), total REAL);
      CREATE VIEW debtor AS SELECT * FROM customer WHERE balance < 0;
      WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 400)
        INSERT INTO customer SELECT i, 'Customer ' || i, CASE WHEN i % 4 THEN 'c' || i || '@example.org' END,
          round(i * 12.75 - 800, 2), CASE WHEN i % 5 = 0 THEN zeroblob(6) END, date('2026-01-01', i || ' days') FROM i`);
    for (const theme of ["light", "dark"]) {
      for (const phone of [false, true]) {
        const watched = await open(id, "customer", { theme, phone });
        const { page } = watched;
        const name = `${phone ? "-phone" : ""}-${theme}`;
        await grid(page).waitFor();
        await set(page, 1, 1, "Text", "Ann");
        await page.getByRole("button", { name: "Delete row 4", exact: true }).click();
        await page.getByRole("button", { name: "Add a row" }).click();
        await page.evaluate(() => scrollTo(0, 0));
        await watched.screenshot(`tables${name}`);
        await checkWidth(page);
        if (phone) await cell(page, 2, 1).tap();
        else await cell(page, 2, 1).dblclick();
        await watched.screenshot(`tables-cell${name}`);
        await page.keyboard.press("Escape");
        await page.getByRole("link", { name: "Schema" }).click();
        await page.getByRole("heading", { name: "Columns" }).waitFor();
        await watched.screenshot(`tables-schema${name}`);
        await checkWidth(page);
      }
    }
  });
});

/** Nothing is wider than the screen. */
async function checkWidth(page) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.ok(scrollWidth <= clientWidth, `${scrollWidth} of ${clientWidth}`);
}
