// Aim: files come into a database and go out of it by the console, whole and exact; and where one has a
// fault, the page tells the line, and what was taken in before it.
// Method: Chromium before one running Worker; what came in is read by REST, what went out as a file.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";

import { Browser, noBrowser } from "./support/browser.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const HOSTILE = `a"b';<img src=x onerror=alert(1)>😀`;
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

describe("files of the console", { skip: noBrowser }, () => {
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

  async function open(name, sql, table = "", options = {}) {
    const { uuid } = await rest.create(name);
    if (sql !== "") await rest.query(name, sql);
    const query = table === "" ? "" : `?${new URLSearchParams({ table })}`;
    const watched = await browser.open(`${worker.origin}/#/databases/${uuid}/tables${query}`, options);
    opened.push(watched);
    await watched.page.getByLabel("Admin token").fill(TOKEN);
    await watched.page.getByRole("button", { name: "Log in" }).click();
    await watched.page.getByRole("button", { name: "Import CSV" }).waitFor();
    await watched.page.getByText(table === "" ? /There is no table yet|Choose a table/ : table).first().waitFor();
    return watched;
  }

  /** The dialog with a file of this text in it. */
  async function chooseCsv(page, name, text) {
    await page.getByRole("button", { name: "Import CSV" }).click();
    const dialog = page.getByRole("dialog");
    const buffer = typeof text === "string" ? Buffer.from(text) : text;
    await dialog.getByLabel("File").setInputFiles({ name, mimeType: "text/csv", buffer });
    await dialog.getByRole("region", { name: "Beginning of the file" }).waitFor();
    return dialog;
  }

  const run = (dialog) => dialog.getByRole("button", { name: "Import", exact: true }).click();

  async function download(page, name) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return Buffer.concat(await Array.fromAsync(await file.createReadStream())).toString();
  }

  test("makes a table of a CSV file, and the same file of the table", async () => {
    const header = [HOSTILE, "select", "share", "text"];
    const text = `\uFEFF${header.map((name) => `"${name.replaceAll('"', '""')}"`).join(";")}\r\n` +
      `1;9223372036854775807;0.1;"two\r\nlines; ""quoted"""\r\n` +
      "2;-5;1e3;\r\n" +
      '3;;;""\r\n';
    const watched = await open("fresh", "");
    const { page } = watched;
    const dialog = await chooseCsv(page, "x.csv", text);
    assert.equal(await dialog.getByLabel("Delimiter").inputValue(), ";");
    assert.ok(await dialog.getByLabel("The first line has the names").isChecked());
    await dialog.getByLabel("Name of the new table").fill(HOSTILE);
    const types = await dialog.getByLabel(/^Type of/).all();
    assert.deepEqual(await Promise.all(types.map((each) => each.inputValue())), ["integer", "integer", "real", "text"]);
    await watched.screenshot("tables-csv-light");
    await run(dialog);
    await dialog.getByText("The import is complete.").waitFor();
    await dialog.getByText("3 rows are in").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    const shown = header.map((name) => `quote(${quoted(name)})`).join(" || '|' || ");
    const rows = await rest.query("fresh", `SELECT ${shown} AS row FROM ${quoted(HOSTILE)}`);
    assert.deepEqual(rows.map(({ row }) => row), [
      `1|9223372036854775807|0.1|'two\r\nlines; "quoted"'`,
      "2|-5|1000.0|NULL",
      "3|NULL|NULL|''",
    ]);
    await page.getByRole("link", { name: HOSTILE }).click();
    await page.getByRole("grid").waitFor();
    const csv = await download(page, "Export CSV");
    assert.equal(
      csv,
      `"${HOSTILE.replaceAll('"', '""')}",select,share,text\r\n` +
        '1,9223372036854775807,0.1,"two\r\nlines; ""quoted"""\r\n2,-5,1000.0,\r\n3,,,""\r\n',
    );
    assert.equal(await page.locator("img").count(), 0);
  });

  test("tells the line at fault, and what is in before it; or leaves it out and goes on", async () => {
    const watched = await open("faults", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> 'bad'))", "t");
    const { page } = watched;
    const lines = Array.from({ length: 1_200 }, (_, at) => `name ${at + 1},${at + 1}`);
    lines[700] = "bad,701";
    lines[900] = "name 901,x";
    lines[1_000] = "name 1001";
    const text = `name,id\n${lines.join("\n")}\n`;
    let dialog = await chooseCsv(page, "t.csv", text);
    assert.equal(await dialog.getByLabel("Column for name").inputValue(), "name");
    await run(dialog);
    await dialog.getByText("The import has ended before its time.").waitFor();
    await dialog.getByText("700 rows are in t, up to line 701 of the file.").waitFor();
    await dialog.getByText(/Line 702: CHECK constraint failed/).waitFor();
    await watched.screenshot("tables-csv-fault-light");
    assert.equal((await rest.query("faults", "SELECT count(*) AS n FROM t"))[0].n, 700);
    await dialog.getByRole("button", { name: "Close" }).click();

    await rest.query("faults", "DELETE FROM t");
    dialog = await chooseCsv(page, "t.csv", text);
    await dialog.getByLabel("Leave out lines that are refused").check();
    await run(dialog);
    await dialog.getByText("The import is complete.").waitFor();
    await dialog.getByText("3 lines were refused:").waitFor();
    assert.deepEqual((await dialog.getByRole("listitem").allInnerTexts()).map((each) => each.slice(0, 40)), [
      "Line 702: CHECK constraint failed: name ",
      "Line 902: “x” in id is no integer.",
      "Line 1,002: Its fields are 1, and not 2.",
    ]);
    const [{ n, last }] = await rest.query("faults", "SELECT count(*) AS n, max(id) AS last FROM t");
    assert.deepEqual([n, last], [1_197, 1_200]);
    assert.ok(watched.complaints.splice(0).every((each) => each.includes("400")));
  });

  test("takes in what it can read of a file that is cut or in another encoding", async () => {
    const watched = await open("cut", "CREATE TABLE t (a TEXT)", "t");
    const { page } = watched;
    let dialog = await chooseCsv(page, "t.csv", 'a\none\n"never closed\n');
    await run(dialog);
    await dialog.getByText("line 3 is never closed").waitFor();
    await dialog.getByText("1 row is in t").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    dialog = await chooseCsv(page, "t.csv", Buffer.from("a\nM\u00fcnchen\n", "latin1"));
    assert.equal(await dialog.getByLabel("Encoding").inputValue(), "windows-1252");
    await run(dialog);
    await dialog.getByText("The import is complete.").waitFor();
    assert.deepEqual(await rest.query("cut", "SELECT a FROM t"), [{ a: "one" }, { a: "München" }]);
  });

  test("tells which lines are not known to be in when the server goes, and stops when asked to", async () => {
    const watched = await open("gone", "CREATE TABLE t (a INTEGER)", "t");
    const { page } = watched;
    const text = `a\n${Array.from({ length: 3_000 }, (_, at) => at + 1).join("\n")}\n`;
    let count = 0;
    await page.route("**/raw", async (route) => {
      if (!route.request().postData().includes("INSERT")) return route.continue();
      count += 1;
      return count === 3 ? route.abort() : route.continue();
    });
    let dialog = await chooseCsv(page, "t.csv", text);
    await run(dialog);
    await dialog.getByText("whether its last lines are in is not known").waitFor();
    await dialog.getByText("1,000 rows are in t, up to line 1,001").waitFor();
    await dialog.getByText("That is of lines 1002 to 1501.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    assert.ok(watched.complaints.splice(0).every((each) => each.includes("ERR_FAILED")));

    await page.unrouteAll({ behavior: "wait" });
    let goOn;
    const held = new Promise((resolve) => (goOn = resolve));
    count = 0;
    await page.route("**/raw", async (route) => {
      if (!route.request().postData().includes("INSERT")) return route.continue();
      count += 1;
      if (count === 2) await held;
      return route.continue();
    });
    dialog = await chooseCsv(page, "t.csv", text);
    await run(dialog);
    await dialog.getByText("500 rows are in").waitFor();
    assert.equal(await dialog.getByRole("progressbar").count(), 1);
    await dialog.getByRole("button", { name: "Stop" }).click();
    goOn();
    await dialog.getByText("The import was stopped.").waitFor();
    await dialog.getByText("1,000 rows are in t, up to line 1,001").waitFor();
    assert.equal((await rest.query("gone", "SELECT count(*) AS n FROM t"))[0].n, 2_000);
  });

  test("guards what a spreadsheet would run, unless it is told not to", async () => {
    const { page } = await open("formulas", `CREATE TABLE t (a, b);
      INSERT INTO t VALUES ('=cmd()', -5), ('-5', -1.5), ('-1+1', '@x'), ('+', NULL)`, "t");
    await page.getByRole("grid").waitFor();
    assert.equal(await download(page, "Export CSV"), "a,b\r\n'=cmd(),-5\r\n-5,-1.5\r\n'-1+1,'@x\r\n'+,\r\n");
    await page.getByLabel("Guard formulas").uncheck();
    assert.equal(await download(page, "Export CSV"), "a,b\r\n=cmd(),-5\r\n-5,-1.5\r\n-1+1,@x\r\n+,\r\n");
  });

  test("makes a file of a table as it is at one moment", async () => {
    const { page } = await open("moment", `CREATE TABLE t (a INTEGER PRIMARY KEY, b);
      WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 5000)
        INSERT INTO t SELECT i, CASE i % 3 WHEN 0 THEN x'00ff' WHEN 1 THEN 'é' END FROM i`, "t");
    await page.getByRole("grid").waitFor();
    let pages = 0;
    await page.route("**/raw?as_of=*", async (route) => {
      pages += 1;
      if (pages === 2) await rest.query("moment", "DELETE FROM t");
      await route.continue();
    });
    const lines = (await download(page, "Export CSV")).split("\r\n");
    assert.equal(pages, 3);
    assert.equal(lines.length, 5_002);
    assert.deepEqual(lines.slice(0, 4), ["a,b", "1,é", "2,", "3,00ff"]);
    assert.equal(lines[5_000], "5000,");
  });

  test("runs a file of SQL, and puts SQLite's file in place of all there is", async () => {
    const watched = await open("whole", "CREATE TABLE old (a)", "old");
    const { page } = watched;
    const choose = async (name, buffer) => {
      await page.getByRole("button", { name: "Import SQL or SQLite" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("File").setInputFiles({ name, mimeType: "", buffer });
      return dialog;
    };
    let dialog = await choose("bad.sql", Buffer.from("INSERT INTO old VALUES (1); INSERT INTO missing VALUES (1);"));
    await dialog.getByText("The statements run on what is in the database.").waitFor();
    await run(dialog);
    await dialog.getByRole("alert").getByText("no such table: missing").waitFor();
    await page.keyboard.press("Escape");
    dialog = await choose("good.sql", Buffer.from("CREATE TABLE by_sql (a); INSERT INTO by_sql VALUES (7);"));
    await run(dialog);
    await page.getByText("Imported good.sql.").waitFor();
    await page.getByRole("link", { name: "by_sql" }).waitFor();
    assert.deepEqual(await rest.query("whole", "SELECT a FROM by_sql"), [{ a: 7 }]);

    const folder = mkdtempSync(join(tmpdir(), "isolite-console-"));
    try {
      const path = join(folder, "x.sqlite");
      const file = new DatabaseSync(path);
      file.exec("CREATE TABLE by_file (a); INSERT INTO by_file VALUES ('in the file')");
      file.close();
      dialog = await choose("x.sqlite", readFileSync(path));
    } finally {
      rmSync(folder, { recursive: true });
    }
    await dialog.getByText("it takes the place of all that is in the database").waitFor();
    await dialog.getByRole("button", { name: "Import", exact: true }).click({ force: true });
    assert.deepEqual(await rest.query("whole", "SELECT a FROM by_sql"), [{ a: 7 }]);
    await dialog.getByLabel("Type the name of the database").fill("whole");
    await watched.screenshot("tables-file-light");
    await run(dialog);
    await page.getByText("Imported x.sqlite.").waitFor();
    await page.getByRole("link", { name: "by_file" }).waitFor();
    await page.getByText("There is no table “old”.").waitFor();
    assert.deepEqual(await rest.query("whole", "SELECT a FROM by_file"), [{ a: "in the file" }]);
    const refused = watched.complaints.splice(0);
    assert.ok(refused.every((each) => each.includes("400")), refused.join("\n"));
  });
});
