// Aim: pages of other origins cannot use a login of the console that the same browser has.
// Method: Chromium, logged in, opens a page of a server at another port of the same host. The browser takes
// both for one site, so it sends the cookie along: what refuses is the Worker.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { Browser, noBrowser } from "./support/browser.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

describe("a page of another origin", { skip: noBrowser }, () => {
  let worker;
  let rest;
  let neighbour;
  let browser;
  let page;
  let cookies = [];
  before(async () => {
    worker = await WranglerDev.start(["wrangler.toml"]);
    rest = new RestClient(worker.origin, TOKEN);
    neighbour = createServer((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader("content-type", "text/html").end("<!doctype html><title>neighbour</title>");
    }).listen(0, "127.0.0.1");
    await once(neighbour, "listening");
    browser = await Browser.start();
    ({ page } = await browser.open(worker.origin));
    await page.getByLabel("Admin token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Databases" }).waitFor();
    await page.goto(`http://127.0.0.1:${neighbour.address().port}/`);
    assert.match(cookies[0], /^isolite-console=/, "the browser sends the cookie to neighbours");
  });
  after(async () => {
    await browser?.stop();
    neighbour?.close();
    await worker?.stop();
  });

  const names = async () => (await rest.result("GET", "")).map(({ name }) => name);

  const url = (path) => `${worker.origin}${path}`;
  const databases = "/client/v4/accounts/a/d1/database";

  test("reads nothing", async () => {
    for (const headers of [{}, { "x-isolite-console": "1" }]) {
      for (const path of [databases, "/console/session"]) {
        const failed = await page.evaluate(
          ([to, sent]) =>
            fetch(to, { credentials: "include", headers: sent }).then(() => "an answer", String),
          [url(path), headers],
        );
        assert.match(failed, /Failed to fetch/);
      }
    }
  });

  test("changes nothing, by script or by a form", async () => {
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.evaluate(([to]) =>
      fetch(to, { method: "POST", mode: "no-cors", credentials: "include", body: '{"name":"evil"}' }),
    [url(databases)]);
    assert.equal((await answered).status(), 403);
    const here = page.url();
    const submitted = page.waitForResponse((response) => response.request().method() === "POST");
    await page.evaluate(([to]) => {
      const form = document.createElement("form");
      Object.assign(form, { action: to, method: "post", enctype: "text/plain" });
      const field = document.createElement("input");
      Object.assign(field, { name: '{"name":"evil","x":"', value: '"}' });
      form.append(field);
      document.body.append(form);
      form.submit();
    }, [url(databases)]);
    const response = await submitted;
    assert.equal(response.status(), 403);
    assert.match((await response.request().allHeaders()).cookie, /isolite-console=/);
    assert.deepEqual(await names(), []);
    await page.goto(here);
  });

  test("shows the console in no frame", async () => {
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await page.evaluate((to) => {
      const frame = document.createElement("iframe");
      frame.src = to;
      document.body.append(frame);
    }, worker.origin);
    await refused;
  });
});
