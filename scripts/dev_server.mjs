// What every development server here does: build, start `wrangler dev`, welcome, and stop it all.

import { createConnection } from "node:net";

import { build } from "./build.mjs";
import { attended } from "./progress.mjs";
import { Failure, setup } from "./toolchain.mjs";
import { Wrangler } from "./wrangler.mjs";

const HOST = "127.0.0.1";
const PORT = "8787";

/** Takes `--name value` or `--name=value` out of `args`. */
export function option(args, name, fallback) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return fallback;
  const [arg] = args.splice(at, 1);
  const value = arg.includes("=") ? arg.slice(name.length + 1) : args.splice(at, 1)[0];
  if (!value) throw new Failure(`${name} needs a value`);
  return value;
}

export class DevServer {
  #port;
  #command;

  /** `command` is what the server was started by, and `args` loses the port. */
  constructor(command, args) {
    this.#command = command;
    this.#port = Number(option(args, "--port", PORT));
    if (!Number.isInteger(this.#port) || this.#port < 1 || this.#port > 65_535) {
      throw new Failure("no such port");
    }
    this.origin = `http://${HOST}:${this.#port}`;
  }

  /** Makes all that the server needs, unless its port is taken. */
  async prepare() {
    await this.#refuseTakenPort();
    await setup();
    await build();
  }

  /**
   * Runs until Ctrl-C. `health` is a path that answers once the Workers run, and `welcome` resolves
   * with the text to begin with.
   */
  async run(args, health, welcome) {
    const wrangler = new Wrangler(["--ip", HOST, "--port", this.#port, ...args]);
    try {
      await attended("starting wrangler dev", wrangler.healthy(this.origin + health));
      console.log(await wrangler.orEnd(welcome()));
      wrangler.show();
      if ((await wrangler.ended) !== 0) throw new Failure("wrangler dev ended by itself");
    } finally {
      await wrangler.stop();
    }
  }

  #refuseTakenPort() {
    return new Promise((free, taken) => {
      const socket = createConnection({ host: HOST, port: this.#port })
        .on("connect", () => {
          socket.destroy();
          const other = `${this.#command} -- --port ${this.#port + 1}`;
          taken(new Failure(`port ${this.#port} is in use; try: ${other}`));
        })
        .on("error", () => free());
    });
  }
}
