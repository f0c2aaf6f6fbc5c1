// A client of the REST face: D1's API below /client/v4, as Cloudflare's own tools call it.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Failure, root } from "./toolchain.mjs";

/** The token that setup made for local use. */
export function adminToken() {
  const vars = readFileSync(join(root, ".dev.vars"), "utf8");
  const token = vars.match(/^ISOLITE_ADMIN_TOKEN\s*=\s*"?([^"\n]+)"?\s*$/m)?.[1];
  if (!token) throw new Failure("no ISOLITE_ADMIN_TOKEN in .dev.vars");
  return token;
}

export class Rest {
  #base;
  #token;

  constructor(origin, token, account = "local") {
    this.#base = `${origin}/client/v4/accounts/${account}/d1/database`;
    this.#token = token;
  }

  /** The database of that name, or undefined. */
  async find(name) {
    const found = await this.#call("GET", `?name=${encodeURIComponent(name)}`);
    return found.find((database) => database.name === name);
  }

  create(name) {
    return this.#call("POST", "", { name });
  }

  /** Runs one statement; resolves with its rows as objects. */
  async query(id, sql, params = []) {
    return (await this.#call("POST", `/${id}/query`, { sql, params }))[0].results;
  }

  /** Runs statements as one transaction. */
  batch(id, statements) {
    return this.#call("POST", `/${id}/query`, { batch: statements });
  }

  async #call(method, path, body) {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body && { "content-type": "application/json" }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    const envelope = parsed(text);
    if (!envelope?.success) {
      const reasons = envelope?.errors?.map((error) => error.message).join("; ");
      throw new Failure(`${method} ${path || "/"}: ${response.status} ${reasons || text}`);
    }
    return envelope.result;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
