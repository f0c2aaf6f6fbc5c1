// Aim: a visitor of a web app sees what the same visitor has written, whichever isolate answers next,
// and no cookie or header, however wrong, makes a request fail.
// Method: an app of two isolates in the real runtime, each with the database in its memory, and a
// browser's part played by hand. Sessions may read what is ten seconds old, so that an isolate which
// did not wait for the bookmark would answer from before the write.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { WranglerDev } from "./support/wrangler.mjs";

const COOKIE = /^isolite-bookmark=([0-9a-f-]+); Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/;
const HEADER = "x-d1-bookmark";
const WRONG = [
  "nonsense",
  "",
  "00000001-00000000-00000009-00000000000000000000000000000000-",
  // Ahead of the database, as after a restore.
  "00000009-00000000-00000009-00000000000000000000000000000000",
  // Another database's.
  "00000001-00000000-00000001-0000000000000000123456789abcdef0",
];

async function ask(url, { method = "GET", headers = {} } = {}) {
  const signal = AbortSignal.timeout(60_000);
  const response = await fetch(url, { method, headers, signal });
  const text = await response.text();
  assert.ok(response.ok, text);
  const [set] = response.headers.getSetCookie();
  if (set !== undefined) assert.match(set, COOKIE);
  const [, cookie] = set?.match(COOKIE) ?? [];
  return { body: text && JSON.parse(text), cookie, header: response.headers.get(HEADER) };
}

const withCookie = (bookmark) => ({ cookie: `theme=dark; isolite-bookmark=${bookmark}` });

describe("a visitor's session", { concurrency: 1 }, () => {
  let workers;
  before(async () => {
    const own = ["one", "two"].map((name) => `tests/workers/visitor/${name}.toml`);
    workers = await WranglerDev.start([...own, "wrangler.toml"]);
  });
  after(() => workers?.stop());

  for (const way of ["embedded", "service"]) {
    const database = way === "service" ? "visitor" : "visitor-embedded";
    const here = (options) => ask(`${workers.origin}/${way}/${database}`, options);
    const there = (options) => ask(`${workers.origin}/other/${way}/${database}`, options);

    test(`the table, ${way}`, async () => {
      const { cookie } = await here({ method: "PUT" });
      for (const isolate of [here, there]) {
        for (let tries = 0; !(await isolate({ headers: withCookie(cookie) })).body.local; tries++) {
          assert.ok(tries < 100, "the database never came into memory");
          await new Promise((done) => setTimeout(done, 20));
        }
      }
    });

    for (const [kind, carry] of [
      ["cookie", ({ cookie }) => withCookie(cookie)],
      ["header", ({ header }) => ({ [HEADER]: header })],
    ]) {
      test(`carried by ${kind} it sees what it wrote in the other isolate, ${way}`, async () => {
        let visit = await here();
        for (let i = 0; i < 10; i++) {
          const [write, read] = i % 2 ? [here, there] : [there, here];
          const written = await write({ method: "POST", headers: carry(visit) });
          assert.equal(written.cookie, written.header);
          visit = await read({ headers: carry(written) });
          assert.equal(visit.body.n, written.body.n);
          // A response that has nothing new to tell leaves the cookie as it is.
          visit = { ...written, ...Object.fromEntries(Object.entries(visit).filter(([, it]) => it)) };
        }
      });
    }

    test(`the header comes before the cookie, ${way}`, async () => {
      const first = await here({ method: "POST" });
      const headers = { ...withCookie("nonsense"), [HEADER]: first.header };
      const { body } = await there({ headers });
      assert.equal(body.n, first.body.n);
    });

    test(`a request that asks nothing sets nothing, ${way}`, async () => {
      const { cookie, header } = await here({ headers: { "x-silent": "1" } });
      assert.deepEqual([cookie, header], [undefined, null]);
    });

    test(`a wrong bookmark starts anew at the primary, ${way}`, async () => {
      const { body } = await here({ method: "POST" });
      for (const wrong of WRONG) {
        const visit = await there({ headers: withCookie(wrong) });
        if (wrong !== "") assert.equal(visit.body.n, body.n, wrong);
        assert.match(visit.cookie, /^[0-9a-f-]{59}$/);
      }
    });

    test(`without the cookie, or with names of its own, ${way}`, async () => {
      const options = { "x-options": JSON.stringify({ cookie: null, header: "x-seen" }) };
      const url = `${workers.origin}/${way}/${database}`;
      const response = await fetch(url, { method: "POST", headers: options });
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.match(response.headers.get("x-seen"), /^[0-9a-f-]{59}$/);
      assert.equal(response.headers.get(HEADER), null);
    });
  }
});

describe("a visitor's session in Rust", { concurrency: 1 }, () => {
  let workers;
  before(async () => {
    workers = await WranglerDev.start(["tests/workers/contract/rust.toml"]);
  });
  after(() => workers?.stop());

  const visit = (options) => ask(`${workers.origin}/visitor`, options);

  test("it is carried by cookie and header, and a wrong one starts anew", async () => {
    const first = await visit({ method: "POST" });
    assert.equal(first.body, 1);
    assert.equal(first.cookie, first.header);
    for (const headers of [withCookie(first.cookie), { [HEADER]: first.header }]) {
      assert.equal((await visit({ headers })).body, 1);
    }
    for (const wrong of WRONG) {
      const { body, cookie } = await visit({ headers: withCookie(wrong) });
      assert.deepEqual([body, cookie], [1, first.cookie], wrong);
    }
  });
});
