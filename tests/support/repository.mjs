// Where the things under test are, and directories for what a test leaves behind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../../..");

export const inRepository = (...path) => resolve(root, ...path);

/** A new directory that is removed when this process ends. */
export function temporaryDirectory(name) {
  const path = mkdtempSync(join(tmpdir(), `isolite-${name}-`));
  // What still runs in it is killed on exit as well, and may write a last file meanwhile.
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.on("exit", remove);
  return path;
}
