// The books of databases that a client has created and deleted, and the audit after a crash.

import assert from "node:assert/strict";

const TABLE = "CREATE TABLE IF NOT EXISTS mark (id TEXT)";

// Each is opened and written to in every audit.
const NAMES_MAX = 12;

export class NameLedger {
  /** By name: the database's id, or null when there is none, or undefined when it is not known. */
  #ids = new Map();

  /** Names that were created, or deleted, without an answer are not touched until the audit. */
  choose(random) {
    const known = [...this.#ids].filter(([, id]) => id !== undefined).map(([name]) => name);
    const full = this.#ids.size >= NAMES_MAX;
    if (known.length > 0 && (full || random.chance(0.6))) return random.pick(known);
    return `db-${this.#ids.size + 1}`;
  }

  /** Creates the database of that name, or deletes it when it is there. */
  async toggle(rest, name) {
    const id = this.#ids.get(name);
    this.#ids.set(name, undefined);
    if (id) {
      await rest.result("DELETE", `/${id}`);
      this.#ids.set(name, null);
    } else {
      const { uuid } = await rest.create(name);
      this.#ids.set(name, uuid);
    }
  }

  /** A database is there as a whole, usable and with an id of its own, or not there at all. */
  async audit(rest, others) {
    const listed = new Map((await rest.result("GET", "")).map(({ name, uuid }) => [name, uuid]));
    for (const name of others) assert.ok(listed.delete(name), `${name} is listed`);
    for (const [name, id] of this.#ids) {
      const found = listed.get(name) ?? null;
      if (id !== undefined) assert.equal(found, id, `database ${name}`);
      this.#ids.set(name, found);
      if (found !== null) {
        await rest.query(found, `${TABLE}; INSERT INTO mark VALUES (?)`, [found]);
        assert.deepEqual(await rest.query(name, "SELECT DISTINCT id FROM mark"), [{ id: found }]);
      } else {
        assert.equal((await rest.request("GET", `/${name}`)).status, 404);
      }
      listed.delete(name);
    }
    assert.deepEqual([...listed], [], "databases that nobody created");
  }
}
