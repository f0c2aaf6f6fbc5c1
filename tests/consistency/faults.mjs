// Ends objects of a database while clients work: at once, with every call in flight, or when at
// rest, as the platform does to an object that idles.

import { setTimeout as sleep } from "node:timers/promises";

import { HOME, REGIONS } from "./world.mjs";

const PAUSE_MS_MAX = 500;

/** A primary that writes come to is never at rest. */
const KINDS = { evict: ["replica"], abort: ["primary", "replica"] };

export class Faults {
  /** How often each kind of object was ended in which way. */
  counts = {};
  #world;
  #id;
  #random;

  /** `id` is the database's. */
  constructor(world, id, random) {
    this.#world = world;
    this.#id = id;
    this.#random = random;
  }

  /** Both ways beside each other: one waits until an object is at rest. */
  async until(until_ms) {
    await Promise.all(["evict", "abort"].map((how) => this.#end(how, until_ms)));
  }

  async #end(how, until_ms) {
    while (Date.now() < until_ms) {
      await sleep(this.#random.between(0, PAUSE_MS_MAX));
      const kind = this.#random.pick(KINDS[how]);
      const { ok } = await this.#world.fault({ how, kind, ...this.#object(kind) });
      // What is aborted cannot answer that it was.
      if (ok || how === "abort") this.#count(`${how} ${kind}`);
    }
  }

  #object(kind) {
    if (kind === "primary") return { region: HOME, object: this.#id };
    const region = this.#random.pick(REGIONS.filter((each) => each !== HOME));
    return { region, object: `${this.#id}/${region}` };
  }

  #count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}
