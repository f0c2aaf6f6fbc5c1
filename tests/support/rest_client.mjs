// A client of the REST interface that shows everything of an answer, refusals included.

import assert from "node:assert/strict";

const ANSWER_MS_MAX = 180_000;

export class RestClient {
  #base;
  #token;

  constructor(origin, token, account = "an-account") {
    this.origin = origin;
    this.#base = `${origin}/client/v4/accounts/${account}/d1/database`;
    this.#token = token;
  }

  /** One request below the databases' path; `body` is text, bytes, or a value sent as JSON. */
  async request(method, path, body, headers = {}) {
    const raw = body === undefined || typeof body === "string" || ArrayBuffer.isView(body);
    const response = await fetch(this.#base + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      body: raw ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, envelope: parsed(text) };
  }

  /** A request that has to succeed; resolves with its result. */
  async result(method, path, body) {
    const { status, envelope, text } = await this.request(method, path, body);
    assert.equal(status, 200, `${method} ${path}: ${status} ${text.slice(0, 500)}`);
    assert.equal(envelope.success, true, text.slice(0, 500));
    return envelope.result;
  }

  create(name) {
    return this.result("POST", "", { name });
  }

  /** Runs statements in one text; resolves with the rows of the last one. */
  async query(database, sql, params = []) {
    const results = await this.result("POST", `/${database}/query`, { sql, params });
    return results.at(-1).results;
  }

  /** Runs statements as one transaction. */
  batch(database, statements) {
    return this.result("POST", `/${database}/query`, { batch: statements });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
