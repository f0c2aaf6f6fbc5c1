// What a person sees of something that takes longer than two seconds. It goes to stderr, as the output
// may be a file: to a terminal one line that is rewritten, to a log few plain lines.

const FIRST_MS = 2_000;
const terminal = process.stderr.isTTY === true;
const INTERVAL_MS = terminal ? 100 : 5_000;
const WIDTH = 30;

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

export class Progress {
  #next = Date.now() + FIRST_MS;
  #shown = false;

  /** `total` may be unknown. */
  bytes(label, done, total) {
    if (total === undefined) return this.text(`${label} ${megabytes(done)} MB`);
    const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
    const bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
    this.text(`${label} [${bar}] ${megabytes(done)} of ${megabytes(total)} MB`);
  }

  text(text) {
    if (Date.now() < this.#next) return;
    this.#next = Date.now() + INTERVAL_MS;
    this.#shown = true;
    process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** Makes room for what is printed next. */
  end() {
    if (terminal && this.#shown) process.stderr.write("\r\x1b[K");
  }
}

/** The same bytes, counted. */
export async function* counted(stream, count) {
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    count(bytes);
    yield piece;
  }
}
