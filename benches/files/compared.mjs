// Whether one file is as another, found out in a thread of its own: it takes minutes, and a process that
// looks at nothing for so long asks its next question by a connection that the server has given up.

import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";

import { Failure } from "../../scripts/toolchain.mjs";
import { assertGapless, assertSame, assertWhole } from "./sample.mjs";

/** Fails unless `file` is whole and has what `sample` has. */
export async function compared(sample, file, options) {
  const thread = new Worker(new URL(import.meta.url), { workerData: { sample, file, options } });
  const [status] = await once(thread, "exit").catch((error) => {
    throw new Failure(error.message);
  });
  if (status !== 0) throw new Failure(`the comparison of ${file} ended with ${status}`);
}

if (!isMainThread) {
  const { sample, file, options } = workerData;
  assertWhole(file);
  assertSame(sample, file, options);
  assertGapless(file);
}
