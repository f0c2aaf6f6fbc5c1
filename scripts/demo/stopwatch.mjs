// The time of a query that is shorter than a step of the clock.
//
// A Worker's clock moves in steps of a millisecond or more, where it moves at all while code runs. So the
// query is run from one step on until enough of them have passed, and what is told is the mean of its runs.

const MEASURED_MS_MIN = 4;
const RUNS_MAX = 200;
/** A clock that stands still ends no loop. */
const READS_MAX = 1_000_000;

export class Stopwatch {
  #now;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** The mean of some runs; `ms` is null where the clock does not move. */
  async mean(run) {
    const begin_ms = this.#nextStep();
    if (begin_ms === undefined) return { ms: null, runs: 0 };
    let runs = 0;
    let end_ms = begin_ms;
    while (end_ms - begin_ms < MEASURED_MS_MIN && runs < RUNS_MAX) {
      await run();
      runs += 1;
      end_ms = this.#now();
    }
    return { ms: (end_ms - begin_ms) / runs, runs };
  }

  #nextStep() {
    const before = this.#now();
    for (let reads = 0; reads < READS_MAX; reads += 1) {
      const now = this.#now();
      if (now > before) return now;
    }
    return undefined;
  }
}
