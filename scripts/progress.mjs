// What a person sees of something slow: that it is alive, how far it is, and how long it took.
//
// A terminal gets one line that is rewritten; a log gets plain lines, few of them.

const terminal = process.stdout.isTTY === true;
const LOG_LINE_INTERVAL_MS = 15_000;

export const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
export const grouped = (number) => number.toLocaleString("en-US");

export function heading(title) {
  console.log(`\n== ${title} ==`);
}

/** Shows `label` and the seconds that pass until `promise` settles. */
export async function attended(label, promise) {
  const begin = Date.now();
  const elapsed = () => seconds(Date.now() - begin);
  const show = () => {
    if (terminal) process.stdout.write(`\r\x1b[K${label}: ${elapsed()}`);
    else console.log(`${label}: ${elapsed()}`);
  };
  if (!terminal) console.log(`${label} …`);
  const timer = setInterval(show, terminal ? 1_000 : LOG_LINE_INTERVAL_MS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    if (terminal) process.stdout.write("\r\x1b[K");
    console.log(`${label}: ${elapsed()}`);
  }
}

/** A bar that fills as `advance(count)` is called. */
export class Bar {
  #label;
  #total;
  #begin = Date.now();
  #shown = 0;

  constructor(label, total) {
    this.#label = label;
    this.#total = total;
  }

  advance(count) {
    const now = Date.now();
    const finished = count >= this.#total;
    if (!terminal && !finished && now - this.#shown < 2_000) return;
    this.#shown = now;
    const filled = Math.floor((count / this.#total) * 30);
    const text =
      `${this.#label} [${"#".repeat(filled)}${"-".repeat(30 - filled)}] ` +
      `${grouped(count)} of ${grouped(this.#total)}, ${seconds(now - this.#begin)}`;
    if (terminal) process.stdout.write(`\r\x1b[K${text}${finished ? "\n" : ""}`);
    else console.log(text);
  }
}
