/**
 * One request at a time, always for the newest wish: what is wished while one is under way waits, and
 * only the last of it is asked for. So answers come in the order of the wishes, and none is stale for
 * longer than one request takes.
 */

export class Newest<W, A> {
  readonly #ask: (wish: W) => Promise<A>;
  readonly #settled: (wish: W, answer: A | undefined, error: unknown) => void;
  #next: { wish: W } | undefined;
  #asks = false;

  constructor(
    ask: (wish: W) => Promise<A>,
    settled: (wish: W, answer: A | undefined, error: unknown) => void,
  ) {
    this.#ask = ask;
    this.#settled = settled;
  }

  wish(wish: W): void {
    this.#next = { wish };
    if (!this.#asks) void this.#run();
  }

  async #run(): Promise<void> {
    this.#asks = true;
    while (this.#next !== undefined) {
      const { wish } = this.#next;
      this.#next = undefined;
      const [answer, error] = await this.#ask(wish).then(
        (came): [A, undefined] => [came, undefined],
        (failed: unknown): [undefined, unknown] => [undefined, failed],
      );
      // What was wished meanwhile makes this answer a stale one.
      if (this.#next === undefined) this.#settled(wish, answer, error);
    }
    this.#asks = false;
  }
}
