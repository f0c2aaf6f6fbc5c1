// Hrana as its specification has it, without a client of libSQL between: pipelines and cursors by fetch,
// and a WebSocket whose messages are matched by their numbers.

import assert from "node:assert/strict";

const ANSWER_MS_MAX = 60_000;

/** A statement with values by position or by name. */
export const stmt = (sql, args) =>
  args === undefined || Array.isArray(args)
    ? { sql, args: args?.map(value) }
    : { sql, named_args: Object.entries(args).map(([name, it]) => ({ name, value: value(it) })) };

export const execute = (sql, args) => ({ type: "execute", stmt: stmt(sql, args) });

export const CLOSE = { type: "close" };

/** A value of JavaScript as Hrana has it: whole numbers are integers. */
export function value(it) {
  if (it === null) return { type: "null" };
  if (typeof it === "bigint" || Number.isInteger(it)) return { type: "integer", value: `${it}` };
  if (typeof it === "number") return { type: "float", value: it };
  if (typeof it === "string") return { type: "text", value: it };
  return { type: "blob", base64: Buffer.from(it).toString("base64") };
}

/** And back. */
export function plain({ type, value, base64 }) {
  if (type === "integer") return Number(value);
  return type === "blob" ? Buffer.from(base64, "base64") : (value ?? null);
}

export class Hrana {
  #token;

  /** Of one database; `base` is its URL, which ends without a slash. */
  constructor(base, token) {
    this.base = base;
    this.#token = token;
  }

  /** One request; `body` is text, bytes, or a value sent as JSON. */
  async request(method, path, body, headers = {}) {
    const raw = body === undefined || typeof body === "string" || ArrayBuffer.isView(body);
    const response = await fetch(this.base + path, {
      method,
      headers: { ...(this.#token && { authorization: `Bearer ${this.#token}` }), ...headers },
      body: raw ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    return { status: response.status, headers: response.headers, bytes, text, json: parsed(text) };
  }

  get(path, headers) {
    return this.request("GET", path, undefined, headers);
  }

  post(path, body, headers) {
    return this.request("POST", path, body, headers);
  }

  /** A pipeline that has to be taken; resolves with its body. */
  async pipeline(requests, baton) {
    const { status, json, text } = await this.post("/v3/pipeline", { baton, requests });
    assert.equal(status, 200, `${JSON.stringify(requests).slice(0, 300)}: ${text.slice(0, 500)}`);
    assert.equal(json.results.length, requests.length);
    return json;
  }

  /** One request on a stream of its own: its response, or `{ error }`. */
  async one(request) {
    const { results } = await this.pipeline([request, CLOSE]);
    return outcome(results[0]);
  }

  /** The rows of one statement, as arrays of JavaScript's values. */
  async rows(sql, args) {
    return rowsOf(await this.one(execute(sql, args)));
  }

  stream() {
    return new HranaStream(this);
  }
}

/** A stream that lasts from one request to the next. */
export class HranaStream {
  #hrana;
  baton;

  constructor(hrana) {
    this.#hrana = hrana;
  }

  /** Whatever is answered, with its status; the baton is the newest. */
  async post(requests) {
    const answer = await this.#hrana.post("/v3/pipeline", { baton: this.baton, requests });
    if (answer.status === 200) this.baton = answer.json.baton;
    return answer;
  }

  async ask(...requests) {
    const { status, json, text } = await this.post(requests);
    assert.equal(status, 200, text.slice(0, 500));
    return json.results.map(outcome);
  }

  /** Runs statements; the outcome of the last is resolved with. */
  async run(...statements) {
    return (await this.ask(...statements.map((sql) => execute(sql)))).at(-1);
  }

  /** Runs statements, none of which may fail; resolves with the rows of the last. */
  async rows(...statements) {
    const outcomes = await this.ask(...statements.map((sql) => execute(sql)));
    return outcomes.map(rowsOf).at(-1);
  }

  /** The code of the error that a statement has to have. */
  async code(sql) {
    const { error, ...rest } = await this.run(sql);
    assert.ok(error, `${sql}: ${JSON.stringify(rest)}`);
    return error.code;
  }

  async isAutocommit() {
    return (await this.ask({ type: "get_autocommit" }))[0].is_autocommit;
  }

  async close() {
    await this.ask(CLOSE);
  }
}

/** A WebSocket on which requests are numbered. */
export class HranaSocket {
  #socket;
  #waiting = new Map();
  #hellos = [];
  #next = 0;
  /** Numbers of requests in the order in which they were answered. */
  answered = [];
  closed;

  constructor(base, subprotocols = ["hrana3"]) {
    this.#socket = new WebSocket(base.replace(/^http/, "ws"), subprotocols);
    this.#socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    this.closed = new Promise((done) => {
      this.#socket.addEventListener("close", ({ code, reason }) => done({ code, reason }));
    });
    this.closed.then((event) => {
      const error = new Error(`closed: ${JSON.stringify(event)}`);
      for (const { fail } of [...this.#waiting.values(), ...this.#hellos]) fail(error);
    });
  }

  static async open(base, token, subprotocols) {
    const socket = new HranaSocket(base, subprotocols);
    await socket.opened();
    assert.deepEqual(await socket.hello(token), { type: "hello_ok" });
    return socket;
  }

  opened() {
    return new Promise((done, fail) => {
      this.#socket.addEventListener("open", () => done(this));
      this.#socket.addEventListener("error", () => fail(new Error("the WebSocket did not open")));
    });
  }

  get protocol() {
    return this.#socket.protocol;
  }

  #take(message) {
    if (message.type.startsWith("hello")) return this.#hellos.shift().done(message);
    this.answered.push(message.request_id);
    const { done } = this.#waiting.get(message.request_id);
    this.#waiting.delete(message.request_id);
    done(message.error ? { error: message.error } : message.response);
  }

  say(text) {
    this.#socket.send(text);
  }

  hello(jwt) {
    return new Promise((done, fail) => {
      this.#hellos.push({ done, fail });
      this.say(JSON.stringify({ type: "hello", jwt }));
    });
  }

  /** The response to a request, or `{ error }`. */
  ask(request) {
    const request_id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(request_id, { done, fail });
      this.say(JSON.stringify({ type: "request", request_id, request }));
    });
  }

  openStream(stream_id) {
    return this.ask({ type: "open_stream", stream_id });
  }

  run(stream_id, sql, args) {
    return this.ask({ type: "execute", stream_id, stmt: stmt(sql, args) });
  }

  async rows(stream_id, sql, args) {
    return rowsOf(await this.run(stream_id, sql, args));
  }

  close() {
    this.#socket.close();
    return this.closed;
  }
}

export function rowsOf(response) {
  assert.equal(response.error, undefined, JSON.stringify(response.error));
  return response.result.rows.map((row) => row.map(plain));
}

function outcome(result) {
  return result.type === "ok" ? result.response : { error: result.error };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
