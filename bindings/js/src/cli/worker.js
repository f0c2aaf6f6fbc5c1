// Whether the Worker is there, asked before somebody waits for another program's retries.

import { Mistake } from "./mistake.js";

const ANSWER_MS_MAX = 10_000;

const START = `Start it with \`npx wrangler dev\` where the Worker is (\`npm run dev\` in a clone of \
Isolite), or set ISOLITE_URL to where it is deployed.`;

/** Resolves if an Isolite Worker answers at this address. */
export async function reach(url) {
  let response;
  try {
    response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch (error) {
    const reason = error.cause?.code ?? error.cause?.message ?? error.message;
    throw new Mistake(`Cannot reach the Worker at ${url}: ${reason}.\n${START}`);
  }
  const health = await response.json().catch(() => undefined);
  if (health?.status !== "ok") {
    throw new Mistake(
      `What answers at ${url} is not an Isolite Worker: /health gave ${response.status}.\n${START}`,
    );
  }
}
