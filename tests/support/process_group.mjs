// A program and all that it starts, as one process group that cannot outlive the test.
//
// `wrangler dev` starts workerd, esbuild and more. A test may fail anywhere, or be killed itself,
// so three things end the group: `stop`, the end of this process, and a guard inside the group that
// reads a pipe from this process and kills the group once the pipe closes, for whatever reason.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

// `exec` makes the program itself the leader of the group, so that its pid is known here. The guard
// reads descriptor 3, because a shell gives background commands an empty standard input.
const GUARDED = 'exec 3<&0; { cat <&3; kill -KILL 0; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

const STOP_MS_MAX = 5_000;

const running = new Set();
process.on("exit", () => running.forEach((group) => group.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export class ProcessGroup {
  /** What the program has written to both of its streams. */
  log = "";
  /** Resolves with the exit status, or the name of the signal, once the program has ended. */
  ended;
  #child;

  constructor(command, args, { cwd, env = {} } = {}) {
    this.#child = spawn("/bin/sh", ["-c", GUARDED, "sh", command, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    running.add(this);
    this.#child.stdin.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.log += text));
    }
    this.ended = new Promise((done) => {
      this.#child.on("error", (error) => done(`${error}`));
      this.#child.on("exit", (code, signal) => done(code ?? signal));
    });
  }

  /** Of the program itself. */
  get pid() {
    return this.#child.pid;
  }

  /** Waits until `probe` gives something, but not beyond the program's end. */
  async until(probe, what, timeoutMs) {
    const deadline = Date.now() + timeoutMs;
    let status;
    this.ended.then((it) => (status = it));
    for (;;) {
      const found = await probe();
      if (found) return found;
      if (status !== undefined) throw new Error(`ended (${status}) before ${what}:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`${what}: not in ${timeoutMs} ms:\n${this.log}`);
      await sleep(20);
    }
  }

  /** Signals every process of the group; false when none is left. */
  kill(signal) {
    try {
      return process.kill(-this.#child.pid, signal);
    } catch {
      return false;
    }
  }

  /** Ends the group: politely first, so that state is closed, and then for certain. */
  async stop() {
    this.kill("SIGINT");
    await Promise.race([this.ended, sleep(STOP_MS_MAX, null, { ref: false })]);
    await this.crash();
  }

  /** Ends the group as a crash of the machine would. */
  async crash() {
    this.kill("SIGKILL");
    running.delete(this);
    await this.ended;
  }
}
