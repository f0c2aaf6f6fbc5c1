// Aim: a file that is sent arrives whole or not at all, whatever its client does, and only by a URL
// that was signed for it; and nothing of it is kept for longer than it is needed.
// Method: workerd alone, since the proxy of `wrangler dev` holds an answer back until the body was sent;
// the object called directly, and the door by HTTP, with clients that repeat, cheat and vanish. What
// lies in the object is read back and compared.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { signedUrl } from "./support/signed_url.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const MIB = 1 << 20;
const EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e";

let worker;
let rest;
before(async () => {
  const configuration = await bundle({ own: "tests/workers/files/wrangler.toml" });
  const state = temporaryDirectory("state");
  worker = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.crash());

const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");

/** One call of an upload object. */
async function call(name, path, body = new Uint8Array()) {
  const url = `${worker.origin}/object/${name}?call=${encodeURIComponent(path)}`;
  const response = await fetch(url, { method: "POST", body });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, text: response.headers.get("text"), bytes };
}

const write = (name, offset, bytes, writer = "w") =>
  call(name, `/write?writer=${writer}&offset=${offset}`, bytes);

const finish = (name, bytes, md5, writer = "w") =>
  call(name, `/finish?writer=${writer}&bytes=${bytes}&md5=${md5}`);

async function read(name, size) {
  const parts = [];
  for (let offset = 0; offset < size; offset += 4 * MIB) {
    const { status, bytes } = await call(name, `/read?offset=${offset}&count=${4 * MIB}`);
    assert.equal(status, 200);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

describe("the object", () => {
  test("what was written is read, in any pieces", async () => {
    const file = randomBytes(5 * MIB + 123);
    for (const [begin, end] of [[0, 2 * MIB], [2 * MIB, 3 * MIB], [3 * MIB, file.length]]) {
      assert.equal((await write("pieces", begin, file.subarray(begin, end))).status, 200);
    }
    assert.equal((await finish("pieces", file.length, md5(file))).status, 200);
    const { text } = await call("pieces", "/info");
    assert.deepEqual(JSON.parse(text), { bytes: file.length, md5: md5(file) });
    for (const [offset, count] of [
      [0, 16], [0, MIB], [MIB - 1, 2], [MIB, MIB], [2 * MIB + 7, 3 * MIB], [5 * MIB, 8 * MIB],
      [file.length, 5], [file.length + 9, 5], [7, 0],
    ]) {
      const { status, bytes } = await call("pieces", `/read?offset=${offset}&count=${count}`);
      assert.equal(status, 200);
      assert.ok(bytes.equals(file.subarray(offset, offset + count)), `${count} from ${offset}`);
    }
  });

  test("a write that is repeated changes nothing", async () => {
    const file = randomBytes(3 * MIB);
    await write("repeated", 0, file.subarray(0, MIB));
    for (let i = 0; i < 3; i++) await write("repeated", MIB, file.subarray(MIB, 2 * MIB));
    for (let i = 0; i < 2; i++) await write("repeated", 2 * MIB, file.subarray(2 * MIB));
    for (let i = 0; i < 2; i++) {
      assert.equal((await finish("repeated", file.length, md5(file))).status, 200);
    }
    assert.ok((await read("repeated", file.length)).equals(file));
  });

  test("a gap, a wrong offset and a wrong length are refused", async () => {
    assert.equal((await write("gap", MIB, randomBytes(5))).status, 404);
    await write("gap", 0, randomBytes(MIB));
    assert.equal((await write("gap", 2 * MIB, randomBytes(5))).status, 409);
    assert.equal((await write("gap", 5, randomBytes(5))).status, 400);
    assert.equal((await write("gap", -1, randomBytes(5))).status, 400);
    assert.equal((await write("gap", 0, randomBytes(9 * MIB))).status, 400);
    assert.equal((await finish("gap", 2 * MIB, EMPTY_MD5)).status, 409);
    assert.equal((await finish("gap", MIB, "x")).status, 400);
  });

  test("a file that is not whole cannot be read", async () => {
    assert.equal((await call("none", "/info")).status, 404);
    assert.equal((await call("none", "/read?offset=0&count=1")).status, 404);
    await write("half", 0, randomBytes(10));
    assert.deepEqual(JSON.parse((await call("half", "/info")).text), { bytes: 10, md5: null });
    assert.equal((await call("half", "/read?offset=0&count=1")).status, 409);
    await finish("half", 10, EMPTY_MD5);
    await write("half", 0, randomBytes(10));
    assert.equal((await call("half", "/read?offset=0&count=1")).status, 409);
  });

  test("two writers do not mix", async () => {
    await write("two", 0, randomBytes(MIB), "first");
    const file = randomBytes(MIB + 5);
    await write("two", 0, file.subarray(0, MIB), "second");
    assert.equal((await write("two", MIB, randomBytes(5), "first")).status, 409);
    assert.equal((await finish("two", MIB, EMPTY_MD5, "first")).status, 409);
    await write("two", MIB, file.subarray(MIB), "second");
    assert.equal((await finish("two", file.length, md5(file), "second")).status, 200);
    assert.ok((await read("two", file.length)).equals(file));
  });

  test("after a delete, and after its time, nothing is there", async () => {
    await write("deleted", 0, randomBytes(10));
    for (let i = 0; i < 2; i++) assert.equal((await call("deleted", "/delete")).status, 200);
    assert.equal((await call("deleted", "/info")).status, 404);
    await write("expired", 0, randomBytes(10));
    await fetch(`${worker.origin}/object/expired?expire=1`, { method: "POST" });
    assert.equal((await call("expired", "/info")).status, 404);
    assert.equal((await write("expired", 0, randomBytes(10))).status, 200);
  });

  test("no other path", async () => {
    assert.equal((await call("none", "/nope")).status, 404);
  });
});

describe("the door", () => {
  let uuid;
  before(async () => ({ uuid } = await rest.create("uploads")));

  const init = (etag) => rest.result("POST", "/uploads/import", { action: "init", etag });
  const put = (url, body, init = {}) => fetch(url, { method: "PUT", body, duplex: "half", ...init });

  /** Random bytes by and by, so that no request knows how many will come. */
  function stream(size) {
    const hash = createHash("md5");
    let left = size;
    const body = new ReadableStream({
      pull(controller) {
        if (left === 0) return controller.close();
        const piece = randomBytes(Math.min(left, 300_000));
        left -= piece.length;
        hash.update(piece);
        controller.enqueue(piece);
      },
    });
    return { body, md5: () => hash.digest("hex") };
  }

  test("a large body of unknown length is streamed", async () => {
    const size = 100 * MIB + 1;
    const { upload_url, filename } = await init("0".repeat(32));
    const { body, md5: expected } = stream(size);
    const response = await put(upload_url, body);
    assert.equal(response.status, 200, await response.clone().text());
    const digest = expected();
    assert.equal(response.headers.get("etag"), `"${digest}"`);
    const name = `${uuid}/${filename}`;
    const { text } = await call(name, "/info");
    assert.deepEqual(JSON.parse(text), { bytes: size, md5: digest });
    assert.equal(md5(await read(name, size)), digest);
  });

  test("parts, one of them sent twice", async () => {
    const file = randomBytes(11 * MIB + 3);
    const { upload_url, filename } = await init(md5(file));
    const part = (first, end, total = file.length) =>
      put(upload_url, file.subarray(first, end), {
        headers: { "content-range": `bytes ${first}-${end - 1}/${total}` },
      });
    assert.equal((await part(0, 5 * MIB)).status, 202);
    // A gap, a part that is shorter than it says, and one that begins within a block.
    assert.equal((await part(6 * MIB, 7 * MIB)).status, 400);
    const headers = { "content-range": `bytes ${5 * MIB}-${6 * MIB}/${file.length}` };
    assert.equal((await put(upload_url, "x", { headers })).status, 400);
    assert.equal((await part(5, 7)).status, 400);
    assert.equal((await part(0, 5, 5 * 1024 ** 3 + 1)).status, 413);
    for (let i = 0; i < 2; i++) assert.equal((await part(5 * MIB, 10 * MIB)).status, 202);
    assert.equal(JSON.parse((await call(`${uuid}/${filename}`, "/info")).text).md5, null);
    const last = await part(10 * MIB, file.length);
    assert.equal(last.status, 200, await last.clone().text());
    assert.equal(last.headers.get("etag"), `"${md5(file)}"`);
    assert.ok((await read(`${uuid}/${filename}`, file.length)).equals(file));
  });

  test("an empty file", async () => {
    const { upload_url, filename } = await init(EMPTY_MD5);
    const headers = { "content-length": "0" };
    const response = await put(upload_url, undefined, { headers });
    assert.equal(response.headers.get("etag"), `"${EMPTY_MD5}"`);
    const { text } = await call(`${uuid}/${filename}`, "/info");
    assert.deepEqual(JSON.parse(text), { bytes: 0, md5: EMPTY_MD5 });
  });

  test("only what was signed, and not for longer than an hour", async () => {
    const { upload_url } = await init("1".repeat(32));
    const url = new URL(upload_url);
    const expires_s = Number(url.searchParams.get("expires"));
    assert.ok(Math.abs(expires_s - 3600 - Date.now() / 1000) < 60);
    const sign = (expires_s, path = url.pathname, token = TOKEN, method = "PUT") =>
      signedUrl(worker.origin, token, method, path, { expires_s });
    assert.equal(sign(expires_s), upload_url);

    const refused = async (url, text, method = "PUT", headers = {}) => {
      const response = await fetch(url, { method, headers, body: method === "GET" ? undefined : "x" });
      assert.equal(response.status, 403, url);
      const { success, errors } = await response.json();
      assert.equal(success, false);
      assert.match(errors[0].message, text);
    };
    const now_s = Math.floor(Date.now() / 1000);
    await refused(sign(now_s - 1), /expired/);
    await refused(sign(expires_s + 1).replace(/expires=\d+/, `expires=${expires_s}`), /signature/);
    await refused(sign(expires_s, url.pathname, "another token"), /signature/);
    await refused(sign(expires_s, url.pathname, TOKEN, "GET"), /signature/);
    const digit = upload_url.at(-1) === "0" ? "1" : "0";
    await refused(upload_url.slice(0, -1) + digit, /signature/);
    await refused(upload_url.replace("/upload/1", "/upload/2"), /signature/);
    // The token is no substitute: a URL is either signed or not.
    const authorization = `Bearer ${TOKEN}`;
    await refused(worker.origin + url.pathname, /signature/, "PUT", { authorization });
    const download = url.pathname.replace("/upload/", "/export/");
    await refused(worker.origin + download, /signature/, "GET", { authorization });
  });

  test("of a database that is not there", async () => {
    const path = `/client/v4/accounts/a/d1/database/${crypto.randomUUID()}/upload/x`;
    const expires_s = Math.floor(Date.now() / 1000) + 60;
    const response = await put(signedUrl(worker.origin, TOKEN, "PUT", path, { expires_s }), "x");
    assert.equal(response.status, 404);
  });

  /** A request whose body is sent, or not, by hand. */
  function sender(url, headers) {
    const request = httpRequest(url, { method: "PUT", headers });
    const response = new Promise((done, failed) => {
      request.on("response", (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => done([response.statusCode, Buffer.concat(parts).toString()]));
        response.on("error", failed);
      });
      request.on("error", failed);
    });
    return { request, response };
  }

  test("a file of more than 5 GiB is refused before it is sent", async () => {
    const { upload_url } = await init("2".repeat(32));
    const { request, response } = sender(upload_url, { "content-length": 5 * 1024 ** 3 + 1 });
    request.flushHeaders();
    const [status, text] = await response;
    request.destroy();
    assert.equal(status, 413);
    assert.match(text, /larger than 5368709120 bytes/);
  });

  for (const [how, headers] of [
    ["told how much comes", { "content-length": 20 * MIB }],
    ["did not", { "transfer-encoding": "chunked" }],
  ]) {
    test(`a client that vanishes, and ${how}, leaves nothing to import`, async () => {
      const etag = md5(how);
      const { upload_url, filename } = await init(etag);
      const { request, response } = sender(upload_url, headers);
      response.catch(() => {});
      for (let i = 0; i < 9; i++) {
        const sent = Promise.withResolvers();
        request.write(randomBytes(MIB), sent.resolve);
        await sent.promise;
      }
      const info = () => call(`${uuid}/${filename}`, "/info").then(({ text }) => JSON.parse(text));
      while (!((await info()).bytes > 0)) await sleep(20);
      request.destroy();
      await sleep(300);
      assert.equal((await info()).md5, null);
      const body = { action: "ingest", etag, filename };
      const { status, envelope } = await rest.request("POST", "/uploads/import", body);
      assert.equal(status, 400);
      assert.match(envelope.errors[0].message, /not uploaded, or not to its end/);
    });
  }

  test("a file that is not what was announced is not imported, and goes", async () => {
    const etag = md5("what was announced");
    const { upload_url, filename } = await init(etag);
    assert.equal((await put(upload_url, "something else")).status, 200);
    const body = { action: "ingest", etag, filename };
    const { status, envelope } = await rest.request("POST", "/uploads/import", body);
    assert.equal(status, 400);
    assert.match(envelope.errors[0].message, /has the MD5 [0-9a-f]{32}, not [0-9a-f]{32}/);
    assert.equal((await call(`${uuid}/${filename}`, "/info")).status, 404);
  });

  test("a file of the wrong format is not imported, and its bytes go", async () => {
    const answer = await rest.request("POST", "/uploads/import?format=sqlite", "SELECT 1");
    assert.equal(answer.status, 400);
    assert.match(answer.envelope.errors[0].message, /is sql, .* not sqlite/);
  });
});
