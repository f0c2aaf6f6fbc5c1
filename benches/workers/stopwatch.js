/**
 * Durations of operations, finer than the clock they are taken by.
 *
 * A Worker's clock moves in steps of a millisecond or more. So each operation starts at a step,
 * and after its end the stopwatch reads the clock until the next one, where the operation that
 * follows starts. How often it could read it tells how much of that last step came after the
 * operation: whole steps now and then tell how many readings make a millisecond, and their median
 * keeps those out in which the machine did something else.
 */

const WHOLE_STEPS_AHEAD = 5;
const LAPS_PER_WHOLE_STEP = 8;
/** After so long a whole step is waited for too, whatever the number of laps. */
const PAUSE_INTERVAL_MS = 100;

/**
 * The stopwatch errs by some tens of microseconds, and between laps it reads the clock for up to a
 * step, after which the first calls are slower: in a short lap of fast ones both would show.
 */
const LAP_US_MIN = 2_000;

/** How many operations of this duration make one lap. */
export function groupSize(duration_us) {
  return Math.max(1, Math.floor(LAP_US_MIN / Math.max(1, duration_us)));
}

export class Stopwatch {
  #start_ms;
  #reads_per_ms = [];
  #laps = [];
  #paused_ms;

  constructor() {
    nextStep();
    for (let i = 0; i < WHOLE_STEPS_AHEAD; i++) this.#learn();
  }

  /** Whether the next lap begins at a step of its own, so that before it time may pass. */
  get pauses() {
    const due = performance.now() - this.#paused_ms >= PAUSE_INTERVAL_MS;
    return due || this.#laps.length % LAPS_PER_WHOLE_STEP === 0;
  }

  start() {
    if (this.pauses) this.resume();
  }

  /** Starts after a pause: time may have passed since the last step. */
  resume() {
    nextStep();
    this.#learn();
  }

  stop() {
    const step = nextStep();
    this.#laps.push({ ms: step.now_ms - this.#start_ms, reads: step.reads });
    this.#start_ms = step.now_ms;
  }

  #learn() {
    const step = nextStep();
    this.#reads_per_ms.push(step.reads / step.ms);
    this.#start_ms = step.now_ms;
    this.#paused_ms = step.now_ms;
  }

  /** Microseconds of each lap. */
  durations_us() {
    const reads_per_ms = this.#reads_per_ms.sort((a, b) => a - b)[this.#reads_per_ms.length >> 1];
    return this.#laps.map(({ ms, reads }) => Math.max(0, 1_000 * (ms - reads / reads_per_ms)));
  }
}

function nextStep() {
  const before_ms = performance.now();
  let now_ms;
  let reads = 0;
  do {
    now_ms = performance.now();
    reads++;
  } while (now_ms === before_ms);
  return { now_ms, ms: now_ms - before_ms, reads };
}
