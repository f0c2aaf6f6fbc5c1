// A `wrangler dev` that is started, watched and stopped by a script.
//
// It runs in a process group of its own. Ctrl-C reaches only this script, which asks wrangler to
// end and makes sure of the whole group afterwards: no workerd is left with port or storage.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import { environment, Failure, logFile, root } from "./toolchain.mjs";

const HEALTHY_MS_MAX = 120_000;
const STOP_MS_MAX = 5_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

export class Wrangler {
  #child;
  #log = logFile("wrangler.log");
  #shown = false;
  #stopping = false;
  /** Resolves when wrangler has ended: with 0 after a stop that was asked for, else with 1. */
  ended;

  constructor(args) {
    this.#child = spawn(
      "wrangler",
      ["dev", "--show-interactive-dev-session=false", ...args.map(String)],
      {
        cwd: root,
        env: { ...environment, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    for (const [from, to] of [
      [this.#child.stdout, process.stdout],
      [this.#child.stderr, process.stderr],
    ]) {
      from.on("data", (bytes) => {
        this.#log.write(bytes);
        if (this.#shown) to.write(bytes);
      });
    }
    this.ended = new Promise((done) => {
      this.#child.on("error", () => done(1));
      this.#child.on("exit", () => done(this.#stopping ? 0 : 1));
    });
    for (const signal of SIGNALS) process.on(signal, () => this.stop());
  }

  /** From here on wrangler's output goes to the terminal as well. */
  show() {
    this.#shown = true;
  }

  /** Waits for `work`, but not beyond wrangler's end. */
  async orEnd(work) {
    const end = this.ended.then(() => {
      throw this.#failure();
    });
    end.catch(() => {});
    // What fails because wrangler is being stopped is no failure of its own.
    const outcome = work.catch((error) => (this.#stopping ? end : Promise.reject(error)));
    return Promise.race([outcome, end]);
  }

  async healthy(url) {
    const deadline = Date.now() + HEALTHY_MS_MAX;
    const poll = async () => {
      while (!this.#stopping) {
        const status = await fetch(url).then((response) => response.status, () => 0);
        if (status === 200) return;
        if (Date.now() > deadline) throw new Failure(`${url} does not answer\n${this.#log.text()}`);
        await sleep(100);
      }
    };
    await this.orEnd(poll());
  }

  async stop() {
    if (this.#stopping || this.#child.pid === undefined) return;
    this.#stopping = true;
    if (this.#signal("SIGINT")) {
      const late = sleep(STOP_MS_MAX, "late", { ref: false });
      await Promise.race([this.ended, late]);
    }
    this.#signal("SIGKILL");
  }

  /** Signals the group; false when nothing of it is left. */
  #signal(signal) {
    try {
      return process.kill(-this.#child.pid, signal);
    } catch {
      return false;
    }
  }

  #failure() {
    return this.#stopping
      ? new Failure("stopped")
      : new Failure(`wrangler dev ended by itself:\n${this.#log.text()}`);
  }
}
