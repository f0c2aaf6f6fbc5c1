// Chromium for tests of pages: one browser for a test file, and a page that remembers what went wrong.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { inRepository } from "./repository.mjs";

const PLACES = [
  process.env.ISOLITE_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const program = PLACES.find((path) => path && existsSync(path));

/** For a test's `skip`: why there is no browser, or false. */
export const noBrowser =
  program === undefined &&
  "no Chromium: `npm run setup` installs it on Debian; elsewhere name one in ISOLITE_CHROMIUM";

const SCREENSHOTS = inRepository("build/screenshots");
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };
const ACTION_MS_MAX = 10_000;

export class Browser {
  #browser;

  constructor(browser) {
    this.#browser = browser;
  }

  static async start() {
    // Its own sandbox needs rights that a container and root do not give.
    const args = ["--no-sandbox", "--disable-dev-shm-usage"];
    return new Browser(await chromium.launch({ executablePath: program, args }));
  }

  /** A page with cookies and storage of its own. */
  async open(url, { phone = false, theme = "light" } = {}) {
    const context = await this.#browser.newContext({
      viewport: phone ? PHONE : DESKTOP,
      hasTouch: phone,
      colorScheme: theme,
      locale: "en-GB",
      timezoneId: "UTC",
      acceptDownloads: true,
    });
    context.setDefaultTimeout(ACTION_MS_MAX);
    const page = await context.newPage();
    const watched = new Watched(page, new URL(url).origin);
    await page.goto(url);
    return watched;
  }

  stop() {
    return this.#browser.close();
  }
}

/** A page, what its console complained of, and which other hosts it asked. */
export class Watched {
  complaints = [];
  strangers = [];

  constructor(page, origin) {
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "data:") this.strangers.push(request.url());
    });
  }

  /** Kept under build/screenshots, to be looked at. */
  async screenshot(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  close() {
    return this.page.context().close();
  }
}
