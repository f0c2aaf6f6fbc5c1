// Bundles the console: www/ into build/www, which the Worker serves as static assets. Of `npm run dev`
// these are in build/dev: the same, and the demo's page, to which the console there has a link.
//
//   node scripts/www.mjs
//
// Names of files have a hash of what is in them, so that browsers keep them for good; the page alone
// has one name. Files that are as they were are not written: a running `wrangler dev` reloads for each.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { grouped } from "./progress.mjs";
import { main, root } from "./toolchain.mjs";

const from = join(root, "www");
const to = join(root, "build/www");
const toDev = join(root, "build/dev");

/** The entries of the pages, by the names that the pages have for them. */
const ENTRIES = {
  "www/src/main.tsx": "main",
  "www/src/theme.ts": "theme",
  "www/src/demo/main.tsx": "demo",
};

/** By which the console knows that there is a demo. */
const DEMO_MARK = '<meta name="isolite-demo" content="demo">\n';

async function bundled(entry) {
  // Here, since it is there only after setup, by which this module may have been loaded.
  const { build } = await import("esbuild");
  const options = {
    absWorkingDir: root,
    bundle: true,
    charset: "utf8",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    metafile: true,
    minify: true,
    outdir: join(to, "assets"),
    target: ["chrome123", "firefox121", "safari17.5"],
    write: false,
    legalComments: "none",
  };
  return Promise.all([
    build({
      ...options,
      entryPoints: [entry],
      format: "esm",
      splitting: true,
      jsx: "automatic",
      jsxImportSource: "preact",
    }),
    // A script of its own, before the first paint.
    build({ ...options, entryPoints: ["www/src/theme.ts"], format: "iife" }),
  ]);
}

function names(results) {
  const found = {};
  for (const { metafile } of results) {
    for (const [path, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
      const name = ENTRIES[entryPoint];
      if (name === undefined) continue;
      found[`${name}.js`] = relative("build/www", path);
      if (cssBundle !== undefined) found[`${name}.css`] = relative("build/www", cssBundle);
    }
  }
  return found;
}

function icon() {
  const bytes = readFileSync(join(from, "src/icon.svg"));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  return [`assets/icon-${hash}.svg`, bytes];
}

/** All files of a page, by their paths below build/www. */
async function files(source, entry) {
  const results = await bundled(entry);
  const all = new Map();
  for (const { outputFiles } of results) {
    for (const { path, contents } of outputFiles) all.set(relative(to, path), contents);
  }
  const [iconPath, iconBytes] = icon();
  all.set(iconPath, iconBytes);
  const named = { ...names(results), "icon.svg": iconPath };
  const page = readFileSync(join(from, source), "utf8");
  const filled = page.replaceAll(/{{(.*?)}}/g, (_, name) => named[name] ?? fail(source, name));
  all.set(source, Buffer.from(filled));
  all.set("_headers", readFileSync(join(from, "_headers")));
  return all;
}

function fail(source, name) {
  throw new Error(`www/${source} asks for ${name}, and there is none`);
}

function withMark(page) {
  return Buffer.from(page.toString().replace("<link", `${DEMO_MARK}<link`));
}

function write(to, all) {
  const there = existsSync(to) ? readdirSync(to, { recursive: true, withFileTypes: true }) : [];
  const isFile = (entry) => entry.isFile();
  for (const { parentPath, name } of there.filter(isFile)) {
    const path = relative(to, join(parentPath, name));
    if (!all.has(path)) rmSync(join(to, path));
  }
  for (const [path, bytes] of all) {
    const target = join(to, path);
    if (existsSync(target) && readFileSync(target).equals(bytes)) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}

export async function buildConsole() {
  const all = await files("index.html", "www/src/main.tsx");
  write(to, all);
  const demo = await files("demo.html", "www/src/demo/main.tsx");
  write(toDev, new Map([...all, ...demo, ["index.html", withMark(all.get("index.html"))]]));
  const compressed = [...all.values()].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
  console.log(`${to}: ${all.size} files, ${grouped(compressed)} bytes with gzip`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(buildConsole);
