// Aim: the console is small, and whole in itself.
// Method: the files that the build made are measured and read.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { inRepository } from "./support/repository.mjs";

const FIRST_LOAD_BYTES_MAX = 300_000;

describe("the files of the console", () => {
  const text = (path) => readFileSync(inRepository("build/www", path), "utf8");
  let page;
  let first;
  before(() => {
    page = text("index.html");
    first = [...page.matchAll(/(?:src|href)="(.*?)"/g)].map(([, path]) => path);
    // What is imported at once is loaded at once; what is imported when it is needed is not.
    for (const path of first) {
      const imports = text(path).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g);
      for (const [, name] of imports) {
        if (!first.includes(`assets/${name}`)) first.push(`assets/${name}`);
      }
    }
  });

  test("are soon there", (t) => {
    const compressed = (path) => gzipSync(readFileSync(inRepository("build/www", path))).length;
    const bytes = ["index.html", ...first].reduce((sum, path) => sum + compressed(path), 0);
    t.diagnostic(`${bytes} bytes with gzip, in ${first.length + 1} files`);
    assert.ok(first.length > 4, "the imports of the main module are counted");
    assert.ok(bytes < FIRST_LOAD_BYTES_MAX, `${bytes}`);
  });

  test("leave the tabs of a database for when they are opened", () => {
    const lazy = readdirSync(inRepository("build/www/assets"))
      .filter((name) => name.endsWith(".js") && !first.includes(`assets/${name}`));
    assert.ok(lazy.some((name) => name.startsWith("overview-")), lazy.join());
  });

  test("name no other host", () => {
    for (const name of readdirSync(inRepository("build/www/assets"))) {
      const urls = text(`assets/${name}`).match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]+[^\s"'`)]*/g) ?? [];
      // Names of XML's vocabularies look like addresses.
      assert.deepEqual(urls.filter((url) => !url.startsWith("http://www.w3.org/")), [], name);
    }
  });
});
