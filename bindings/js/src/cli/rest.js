// The Worker's REST interface, as the program's own commands ask it.

import { setTimeout as sleep } from "node:timers/promises";

import { Mistake, Unanswered } from "./mistake.js";

/** How long a Worker may be too busy to answer, as while it builds an index over gigabytes. */
const PATIENCE_MS = 600_000;
const PAUSE_MS = 1_000;

export class Rest {
  #base;
  #token;

  /** One Worker serves one account, whatever it is called. */
  constructor({ url, token, account = "isolite" }) {
    this.url = url;
    this.#base = `${url}/client/v4/accounts/${account}/d1`;
    this.#token = token;
  }

  /** `path` begins with the database's name or id; resolves with the `result`. */
  async ask(method, [database, ...below], { query = {}, body } = {}) {
    const response = await this.open(method, [database, ...below], { query, body });
    return (await response.json()).result;
  }

  /** The same of what is beside the databases. */
  async askBeside(method, path, options = {}) {
    return (await (await this.#send(method, path, options)).json()).result;
  }

  /** As `ask`, before the body was read; what was refused is a mistake. */
  open(method, path, options = {}) {
    return this.#send(method, ["database", ...path], options);
  }

  async #send(method, path, { query = {}, body }) {
    const parameters = new URLSearchParams(query);
    const where = path.map((part) => `/${encodeURIComponent(part)}`).join("");
    const response = await reached(this.url, `${this.#base}${where}?${parameters}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

/** Asks how something stands that goes on in any case, and once more as long as nobody answers. */
export async function patiently(ask, progress) {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unanswered) || Date.now() >= end) throw error;
      progress.text(`${error.message}; it goes on, and is asked for again`);
    }
  }
}

/** A `fetch` whose lost connection is told as such. */
export async function reached(url, ...request) {
  try {
    return await fetch(...request);
  } catch (error) {
    const reason = error.cause?.code ?? error.cause?.message ?? error.message;
    throw new Unanswered(`The connection to ${url} failed: ${reason}`);
  }
}

/** Why a request was refused, as the envelope says, or what else there is. */
export async function refusal(response) {
  const text = await response.text().catch(() => "");
  const Kind = response.status >= 500 ? Unanswered : Mistake;
  try {
    return new Kind(JSON.parse(text).errors.map(({ message }) => message).join("\n"));
  } catch {
    return new Kind(`The Worker answered ${response.status}: ${text.slice(0, 500)}`);
  }
}
