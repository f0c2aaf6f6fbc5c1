// Somebody who reads a database all the time, and somebody who writes, in a thread of their own: what
// this process does besides is not in the times that they take.
//
// Reads are one after another, with a pause between them. The thread tells the durations when it is
// told to end.

import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const PAUSE_MS = 5;
const READ = "SELECT name FROM customers WHERE id = ?";
const WRITE = "INSERT INTO notes (body) VALUES (?)";
/** Customers that the reader asks for; all of them are always there. */
export const READ_IDS = 1_000;

export class Traffic {
  #thread;
  #told;

  /** `access` is `{ url, token }`; with `writes` it writes as well. */
  static async start(access, database, { writes = false } = {}) {
    const traffic = new Traffic();
    traffic.#thread = new Worker(new URL(import.meta.url), { workerData: { access, database, writes } });
    const first = Promise.withResolvers();
    traffic.#told = new Promise((resolve, reject) => {
      traffic.#thread.on("message", (message) => message === "begun" ? first.resolve() : resolve(message));
      traffic.#thread.on("error", (error) => (first.reject(error), reject(error)));
    });
    await first.promise;
    return traffic;
  }

  /** @returns `{ reads, writes, errors }`: durations in ms, and the texts of what failed. */
  async end() {
    this.#thread.postMessage("end");
    const told = await this.#told;
    await this.#thread.terminate();
    return told;
  }
}

async function run({ access: { url, token }, database, writes }) {
  let ended = false;
  parentPort.on("message", () => (ended = true));
  const told = { reads: [], writes: [], errors: [] };
  const query = async (sql, params, durations) => {
    const began_ms = performance.now();
    const response = await fetch(`${url}/client/v4/accounts/bench/d1/database/${database}/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ sql, params }),
    });
    const text = await response.text();
    durations.push(performance.now() - began_ms);
    if (!response.ok) throw new Error(text);
    return JSON.parse(text).result[0].results;
  };
  const repeat = async (act) => {
    for (let i = 1; !ended; i++) {
      await act(i).catch((error) => told.errors.push(error.message));
      await sleep(PAUSE_MS);
    }
  };
  parentPort.postMessage("begun");
  const read = async (i) => {
    const id = 1 + ((i * 7) % READ_IDS);
    const rows = await query(READ, [id], told.reads);
    if (!rows[0]?.name.endsWith(` ${id}`)) throw new Error(`customer ${id}: ${JSON.stringify(rows)}`);
  };
  const write = (i) => query(WRITE, [`note ${i}`], told.writes);
  await Promise.all([repeat(read), writes ? repeat(write) : undefined]);
  parentPort.postMessage(told);
}

if (!isMainThread) await run(workerData);
