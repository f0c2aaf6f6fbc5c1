// Runs clients on a database of a world, and keeps what they tell.
//
// A client whose connection breaks is gone, and what it was doing has an outcome that is not known:
// that may have happened, but not twice.

import { FINAL, ROWS, SCHEMA } from "../workers/consistency/register.mjs";
import { violations } from "./checker.mjs";

export class History {
  #world;
  #database;
  #operations = [];
  #planned = new Map();
  id;

  constructor(world, database) {
    this.#world = world;
    this.#database = database;
  }

  async create() {
    const rest = this.#world.rest();
    ({ uuid: this.id } = await rest.create(this.#database));
    await rest.query(this.#database, SCHEMA);
  }

  get operations() {
    return this.#operations;
  }

  /** Runs all of these plans at once, until a time. */
  async run(plans, until_ms) {
    await Promise.all(plans.map((plan) => this.#work({ ...plan, until_ms })));
  }

  /** Hands a session from client to client; resolves with its last bookmark. */
  async chain(workload, name, until_ms, bookmark = null) {
    while (Date.now() < until_ms) {
      const told = await this.#work({ ...workload.link(name, bookmark), until_ms });
      if (told === null) return bookmark;
      bookmark = told.at(-1)?.bookmark_after ?? bookmark;
    }
    return bookmark;
  }

  /** Lets one come after the other, each with a handle of his own. */
  async visits(workload, name, until_ms) {
    while (Date.now() < until_ms) {
      if ((await this.#work({ ...workload.visitor(name), until_ms })) === null) return;
    }
  }

  /** What was broken, now that nobody works any more. */
  async check() {
    const final = await this.#world.rest().query(this.#database, FINAL);
    const lost = [...this.#planned.values()];
    const operations = [...this.#operations, ...lost];
    return violations({ operations, final, rows: ROWS });
  }

  /** What a client tells; null if its connection broke. */
  async #work(plan) {
    const { client } = plan;
    const told = [];
    for (const { op, kind } of plan.operations) {
      this.#planned.set(op, { op, kind, ...client, ok: false, error: "no answer" });
    }
    try {
      await this.#world.work(plan, (entry) => {
        this.#planned.delete(entry.op);
        this.#operations.push({ ...entry, version: entry.version ?? 0 });
        told.push(entry);
      });
    } catch {
      return null;
    }
    // What was not begun in time never will be.
    for (const { op } of plan.operations) this.#planned.delete(op);
    return told;
  }
}
