// What the clients of a database do, as plans that one seed makes.
//
// Handles and sessions each live in one request. A chain is a session that is handed from client to
// client by its bookmark, across regions and ways of binding, as a cookie carries it. A visitor has
// a new handle for a few operations, so that nothing but the bound tells what he sees.

const WAYS = ["embedded", "service"];
/** Longer than any run: the end comes first. */
const OPERATIONS = 2_000;

/** How busy a workload's clients are. */
export const PACE = {
  pause_ms_max: 40,
  writes: 0.12,
  long_pauses: 0.04,
  /** In parts of the bound: to meet what is just too old. */
  long_pause: [0.7, 1.1],
  beside: 0.1,
};

export class Workload {
  #database;
  #regions;
  #random;
  #pace;
  #lines = 0;
  #operations = 0;

  constructor(database, regions, random, pace = PACE) {
    this.#database = database;
    this.#regions = regions;
    this.#random = random;
    this.#pace = { ...PACE, ...pace };
  }

  /** The plans of one handle for each region, way and bound. */
  handles(bounds = [undefined, 250, 0], ways = WAYS) {
    return this.#everywhere(ways, bounds.map((bound_ms) => ({ start: null, bound_ms })));
  }

  /** The plans of sessions from constraints. */
  sessions(bounds = [undefined, 300]) {
    const starts = ["first-unconstrained", "first-primary"];
    const cases = starts.flatMap((start) => bounds.map((bound_ms) => ({ start, bound_ms })));
    return this.#everywhere(WAYS, cases);
  }

  /** The plans of handles that ask the primary for everything and write much, one for each way. */
  writers() {
    const [home] = this.#regions;
    const pace = { ...PACE, writes: 0.5, long_pauses: 0 };
    return WAYS.map((way) => this.#long({ region: home, way, start: null, bound_ms: 0 }, pace));
  }

  /**
   * Away from home, the plans of a handle that sleeps for longer than its bound and then reads
   * much, and of one in other isolates that reads seldom, and something new: by that the region's
   * replica is 700 ms old when the first one wakes.
   */
  sleepers() {
    const read = (pause_ms) => ({ ...this.#operation(0), kind: "read", pause_ms, beside: false });
    const cycle = () => [read(1_100), ...Array.from({ length: 20 }, () => read(30))];
    const [, ...away] = this.#regions;
    return away.flatMap((region) => [
      {
        client: this.#client({ region, way: "embedded", start: null }),
        operations: Array.from({ length: 10 }, cycle).flat(),
      },
      {
        client: this.#client({ region, way: "service", start: null, bound_ms: 100 }),
        operations: [read(400), ...Array.from({ length: 10 }, () => read(1_740))],
      },
    ]);
  }

  /** The next link of a chain, from the bookmark of the one before. */
  link(chain, bookmark) {
    const start = bookmark ?? this.#random.pick(["first-unconstrained", "first-primary"]);
    return this.#short(chain, { start });
  }

  visitor(name) {
    return this.#short(name, { start: null, bound_ms: this.#random.pick([undefined, 250, 0]) });
  }

  /** A few reads everywhere. */
  warmUp() {
    return this.#everywhere(WAYS, [{ start: null }]).map(({ client }) => {
      const read = () => ({ ...this.#operation(0), kind: "read", pause_ms: 50 });
      return { client, operations: Array.from({ length: 6 }, read) };
    });
  }

  #everywhere(ways, cases) {
    return this.#regions.flatMap((region) => {
      return ways.flatMap((way) => cases.map((it) => this.#long({ region, way, ...it })));
    });
  }

  #long(it, pace = this.#pace) {
    const client = this.#client(it);
    const { bound_ms = 1_000 } = it;
    const operations = Array.from({ length: OPERATIONS }, () => this.#operation(bound_ms, pace));
    return { client, operations };
  }

  #short(name, it) {
    const random = this.#random;
    const [region, way] = [random.pick(this.#regions), random.pick(WAYS)];
    const client = this.#client({ region, way, ...it }, name);
    const operations = Array.from({ length: random.between(1, 3) }, () => this.#operation(0));
    return { client, operations: operations.map((each) => ({ ...each, pause_ms: 0 })) };
  }

  #client(it, name) {
    const line = `${this.#lines++}`;
    return { client: name ?? line, line, database: this.#database, ...it };
  }

  #operation(bound_ms, pace = this.#pace) {
    const random = this.#random;
    const { pause_ms_max, writes, long_pauses, long_pause, beside } = pace;
    const reads = random.chance(0.2) ? "read_batch" : "read";
    const [short, long] = long_pause.map((part) => Math.round(bound_ms * part));
    const pause_ms = random.chance(long_pauses)
      ? random.between(short, long)
      : random.between(0, pause_ms_max);
    return {
      op: `${this.#operations++}`,
      kind: random.chance(writes) ? "write" : reads,
      pause_ms,
      beside: random.chance(beside),
    };
  }
}
