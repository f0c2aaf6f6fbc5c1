// Prisma's query compiler, as `prisma generate` puts it next to a client for Workers.
//
// The package has it as base64, and a Worker may only run WebAssembly that was uploaded as a module.

import { copyFileSync, writeFileSync } from "node:fs";

import { wasm } from "@prisma/client/runtime/query_compiler_small_bg.sqlite.wasm-base64.mjs";

import { inRepository } from "./repository.mjs";

const NAME = "query_compiler_small_bg";

export function placePrismaEngine() {
  const target = inRepository("tests/orms/prisma", NAME);
  const runtime = inRepository("node_modules/@prisma/client/runtime", `${NAME}.sqlite.mjs`);
  copyFileSync(runtime, `${target}.js`);
  writeFileSync(`${target}.wasm`, Buffer.from(wasm, "base64"));
}
