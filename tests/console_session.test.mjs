// Aim: the console's login stands for the admin token where a page of the console asks, and nowhere else.
// Method: requests by hand to one running Worker, each with one thing wrong; sessions are signed here,
// by the rule in docs/protocol.md, to have some that have expired.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const MARKER = { "x-isolite-console": "1" };
const DATABASES = "/client/v4/accounts/a/d1/database";
const LIFE_S = 12 * 3_600;

let worker;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
});
after(() => worker?.stop());

const ask = (method, path, headers = {}, origin = worker.origin) =>
  fetch(origin + path, { method, headers, redirect: "manual" });

const statusOf = async (...request) => (await ask(...request)).status;

const login = (token = TOKEN, headers = MARKER) =>
  ask("POST", "/console/session", { ...headers, authorization: `Bearer ${token}` });

async function cookieOf(response) {
  assert.equal(response.status, 200);
  return response.headers.get("set-cookie").split(";")[0];
}

const told = async (cookie) => {
  const response = await ask("GET", "/console/session", { ...MARKER, cookie });
  assert.equal(response.status, 200);
  return (await response.json()).result;
};

const now_s = () => Math.floor(Date.now() / 1_000);

/** A session as the Worker would sign it. */
function signed(expires_s, token = TOKEN) {
  const hash = createHash("sha256").update(token).digest();
  const key = createHmac("sha256", hash).update("isolite console session").digest();
  const signature = createHmac("sha256", key).update(String(expires_s)).digest("hex");
  return `isolite-console=${expires_s}.${signature}`;
}

describe("a login", () => {
  test("by the admin token is a cookie for half a day, out of reach of scripts", async () => {
    const response = await login();
    const cookie = response.headers.get("set-cookie");
    assert.match(
      cookie,
      /^isolite-console=\d+\.[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    assert.equal(response.headers.get("cache-control"), "no-store");
    const { result } = await response.json();
    assert.equal(result.logged_in, true);
    const left_s = result.expires_at_ms / 1_000 - now_s();
    assert.ok(left_s > LIFE_S - 60 && left_s <= LIFE_S, `${left_s}`);
    assert.deepEqual(await told(await cookieOf(response)), result);
  });

  test("by another token is refused, whichever", async () => {
    const rest = new RestClient(worker.origin, TOKEN);
    const { value } = await rest.result("POST", "/../tokens", { access: "write" });
    for (const token of ["", "x", TOKEN.slice(0, -1), `${TOKEN}x`, value]) {
      const response = await login(token);
      assert.equal(response.status, 401, token);
      assert.equal(response.headers.get("set-cookie"), null);
      assert.equal((await response.json()).errors[0].message, "Authentication error");
    }
    assert.equal(await statusOf("POST", "/console/session", MARKER), 401);
  });

  test("is for the console's own page", async () => {
    for (const headers of [
      {},
      { "x-isolite-console": "yes" },
      { ...MARKER, origin: "https://evil.example" },
      { ...MARKER, origin: "null" },
      { ...MARKER, "sec-fetch-site": "cross-site" },
      { ...MARKER, "sec-fetch-site": "same-site" },
    ]) {
      const response = await login(TOKEN, headers);
      assert.equal(response.status, 403, JSON.stringify(headers));
      assert.equal(response.headers.get("set-cookie"), null);
    }
  });

  test("over HTTPS is a cookie that no other host sets or gets", async () => {
    // So the Worker sees requests to https://isolite.example.
    const options = ["--host", "isolite.example", "--upstream-protocol", "https"];
    const other = await WranglerDev.start(["wrangler.toml"], { options });
    try {
      const headers = { ...MARKER, authorization: `Bearer ${TOKEN}` };
      const response = await ask("POST", "/console/session", headers, other.origin);
      assert.match(
        response.headers.get("set-cookie"),
        /^__Host-isolite-console=.*; Path=\/; .*; HttpOnly; SameSite=Strict; Secure$/,
      );
      const cookie = await cookieOf(response);
      assert.equal(await statusOf("GET", DATABASES, { ...MARKER, cookie }, other.origin), 200);
      const plain = cookie.replace("__Host-", "");
      assert.equal(await statusOf("GET", DATABASES, { ...MARKER, cookie: plain }, other.origin), 401);
    } finally {
      await other.stop();
    }
  });

  test("ends with a logout, in this browser", async () => {
    const cookie = await cookieOf(await login());
    const response = await ask("DELETE", "/console/session", { ...MARKER, cookie });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("set-cookie"), /^isolite-console=; Path=\/; Max-Age=0; /);
  });

  test("has three methods", async () => {
    const response = await ask("PUT", "/console/session", MARKER);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, POST, DELETE");
  });
});

describe("a session", () => {
  let cookie;
  before(async () => {
    cookie = await cookieOf(await login());
  });

  test("lets in where the token does", async () => {
    for (const headers of [
      MARKER,
      { ...MARKER, origin: worker.origin },
      { ...MARKER, "sec-fetch-site": "same-origin" },
    ]) {
      assert.equal(await statusOf("GET", DATABASES, { ...headers, cookie }), 200);
    }
    // Tokens are for the admin token alone, and so is what is not there.
    assert.equal(await statusOf("GET", "/client/v4/accounts/a/d1/tokens", { ...MARKER, cookie }), 200);
    assert.equal(await statusOf("GET", "/client/v4/nothing", { ...MARKER, cookie }), 404);
  });

  test("without the header, or from elsewhere, lets nobody in", async () => {
    for (const headers of [
      {},
      { "x-isolite-console": "0" },
      { origin: worker.origin, "sec-fetch-site": "same-origin" },
      { ...MARKER, origin: "https://evil.example" },
      { ...MARKER, origin: `${worker.origin}0` },
      { ...MARKER, origin: "null" },
      { ...MARKER, "sec-fetch-site": "cross-site" },
      { ...MARKER, "sec-fetch-site": "same-site" },
      { ...MARKER, "sec-fetch-site": "none" },
    ]) {
      for (const [method, path] of [["GET", DATABASES], ["POST", DATABASES], ["GET", "/nowhere"]]) {
        const status = await statusOf(method, path, { ...headers, cookie });
        assert.equal(status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
      }
    }
    assert.equal(await statusOf("GET", DATABASES, MARKER), 401);
    assert.equal(await statusOf("GET", DATABASES), 401);
  });

  test("that was changed, or has expired, is none", async () => {
    const [expires, signature] = cookie.slice("isolite-console=".length).split(".");
    assert.equal(cookie, signed(Number(expires)), "the rule in docs/protocol.md");
    const flipped = (signature[0] === "0" ? "1" : "0") + signature.slice(1);
    for (const changed of [
      `isolite-console=${expires}.${flipped}`,
      `isolite-console=${Number(expires) + 3_600}.${signature}`,
      `isolite-console=${expires}.`,
      `isolite-console=${expires}`,
      `isolite-console=.${signature}`,
      `isolite-console=${"0".repeat(5_000)}`,
      `__Host-${cookie}`,
      signed(now_s() - 1),
      signed(now_s() + 600, "another-token"),
    ]) {
      assert.equal(await statusOf("GET", DATABASES, { ...MARKER, cookie: changed }), 401, changed);
      assert.deepEqual(await told(changed), { logged_in: false, expires_at_ms: null });
    }
    assert.equal(await statusOf("GET", DATABASES, { ...MARKER, cookie: signed(now_s() + 600) }), 200);
  });

  test("counts for nothing beside a token", async () => {
    const wrong = { ...MARKER, cookie, authorization: "Bearer wrong" };
    assert.equal(await statusOf("GET", DATABASES, wrong), 401);
    const right = { cookie: "isolite-console=1.2", authorization: `Bearer ${TOKEN}` };
    assert.equal(await statusOf("GET", DATABASES, { ...right, origin: "https://else.example" }), 200);
  });

  test("is none for libSQL's clients", async () => {
    await new RestClient(worker.origin, TOKEN).create("hrana");
    const response = await fetch(`${worker.origin}/db/hrana/v2/pipeline`, {
      method: "POST",
      headers: { ...MARKER, cookie },
      body: JSON.stringify({ requests: [{ type: "close" }] }),
    });
    assert.equal(response.status, 401);
  });

  test("ends with the admin token", async () => {
    const other = await WranglerDev.start(["wrangler.toml"], { token: "the-token-after" });
    try {
      assert.equal(await statusOf("GET", DATABASES, { ...MARKER, cookie }, other.origin), 401);
    } finally {
      await other.stop();
    }
  });
});

test("without a configured token there is no login, and the answer says why", async () => {
  const closed = await WranglerDev.start(["wrangler.toml"], { token: null });
  try {
    const headers = { ...MARKER, cookie: signed(now_s() + 600, "") };
    for (const [method, path] of [
      ["GET", "/console/session"], ["POST", "/console/session"], ["GET", DATABASES],
    ]) {
      const response = await ask(method, path, headers, closed.origin);
      assert.equal(response.status, 503, path);
      const { errors } = await response.json();
      assert.match(errors[0].message, /wrangler secret put ISOLITE_ADMIN_TOKEN/);
    }
  } finally {
    await closed.stop();
  }
});

describe("the page", () => {
  test("has a strict policy, and is asked for each time; what it loads is kept for good", async () => {
    const page = await ask("GET", "/");
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    assert.match(page.headers.get("cache-control"), /max-age=0, must-revalidate/);
    const html = await page.text();
    assert.doesNotMatch(html, /<script>|<style|style=|onload|https?:/);
    const paths = [...html.matchAll(/(?:src|href)="(.*?)"/g)].map(([, path]) => path);
    assert.equal(paths.length, 4);
    for (const path of paths) {
      assert.match(path, /^assets\/[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/);
      const asset = await ask("GET", `/${path}`);
      assert.equal(asset.status, 200);
      assert.equal(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
      checkPolicy(asset.headers);
    }
    checkPolicy(page.headers);
  });

  function checkPolicy(headers) {
    const policy = headers.get("content-security-policy").split("; ");
    assert.deepEqual(policy, [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
      "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("x-frame-options"), "DENY");
  }

  test("takes no path from the interfaces", async () => {
    assert.equal(await statusOf("GET", "/health"), 200);
    assert.equal(await statusOf("GET", "/v2"), 200);
    assert.equal(await statusOf("GET", "/v3"), 200);
    assert.equal(await statusOf("GET", "/version"), 200);
    assert.equal(await statusOf("POST", "/"), 401);
    assert.equal(await statusOf("GET", "/assets/none.js"), 401);
    const socket = new WebSocket(`${worker.origin.replace("http", "ws")}/`, "hrana2");
    await new Promise((open, failed) => {
      socket.onopen = open;
      socket.onerror = () => failed(new Error("the socket of libSQL's clients did not open"));
    });
    socket.close();
  });
});
