// Puts the WebAssembly build into the package, beside its types.
//
// It stands next to src and dist rather than in either, so that one relative import finds it from
// both: wrangler bundles the sources here, and users get the compiled modules.

import { copyFileSync, existsSync } from "node:fs";

const built = new URL("../../../build/", import.meta.url);
const target = new URL("../wasm/", import.meta.url);

for (const file of ["index.js", "index_bg.wasm"]) {
  const source = new URL(file, built);
  if (!existsSync(source)) {
    console.error(`${source.pathname} is missing: run worker-build in the repository's root.`);
    process.exit(1);
  }
  copyFileSync(source, new URL(file, target));
}
