// Where the things under test are, and directories for what a test leaves behind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../../..");

export const inRepository = (...path) => resolve(root, ...path);

const temporary = [];
process.on("exit", () => {
  // What still runs in one is killed on exit as well, and may write a last file meanwhile.
  for (const path of temporary) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
});

/** A new directory that is removed when this process ends. */
export function temporaryDirectory(name) {
  const path = mkdtempSync(join(tmpdir(), `isolite-${name}-`));
  temporary.push(path);
  return path;
}
