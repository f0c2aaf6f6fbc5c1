// Aim: `isolite token` makes keys that the Worker takes and tokens that say what was asked for, loses no
// key, and tells what to do where it was not told enough.
// Method: the program itself, in a directory of its own, with no Worker. Its tokens are checked by
// node's cryptography; the token that the Rust tests read is checked here, and made again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";

import { inRepository, temporaryDirectory } from "./support/repository.mjs";

const program = inRepository("bindings/js/src/cli/main.js");
const cwd = temporaryDirectory("token");

async function isolite(args, input = "") {
  const child = spawn(process.execPath, [program, "token", ...args], { cwd });
  child.stdin.end(input);
  const status = new Promise((ended) => child.on("close", ended));
  const [output, told] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, output, told };
}

async function succeeds(args, input) {
  const { status, output, told } = await isolite(args, input);
  assert.equal(status, 0, told);
  return { output, told };
}

async function fails(args, expected, input) {
  const { status, output, told } = await isolite(args, input);
  assert.equal(status, 1, `${args}: ${output}`);
  assert.match(told, /^error: /m);
  assert.match(told, expected);
  return { output, told };
}

/** A token's claims, and its signature checked. */
function opened(token, publicText) {
  const [header, claims, signature] = token.split(".");
  const key = createPublicKey({
    format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: publicText },
  });
  const bytes = Buffer.from(signature, "base64url");
  assert.ok(verify(null, Buffer.from(`${header}.${claims}`), key, bytes), token);
  const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  assert.equal(json(header).alg, "EdDSA");
  return json(claims);
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("keys", () => {
  test("are a file for one alone, and a line for the Worker", async () => {
    const { output, told } = await succeeds(["keys"]);
    assert.match(output, /^[A-Za-z0-9_][A-Za-z0-9_-]{42}\n$/);
    assert.match(told, /npx wrangler secret put ISOLITE_JWT_KEY/);
    assert.match(told, /npx isolite token create --key isolite-jwt\.pem/);
    const path = join(cwd, "isolite-jwt.pem");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const pem = readFileSync(path, "utf8");
    assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.ok(!(output + told).includes(pem.split("\n")[1]));
    assert.equal((await succeeds(["keys", "--of", path])).output, output);
    const { output: token } = await succeeds(["create", "--key", path]);
    opened(token.trim(), output.trim());
  });

  test("go where they are told to, and never over another", async () => {
    mkdirSync(join(cwd, "below"));
    await succeeds(["keys", "--out", "below"]);
    const path = join(cwd, "below", "isolite-jwt.pem");
    const before = readFileSync(path, "utf8");
    for (const out of ["below", path]) {
      const { output } = await fails(["keys", "--out", out], /is there already: say --of .*isolite-jwt/);
      assert.equal(output, "");
    }
    assert.equal(readFileSync(path, "utf8"), before);
    await succeeds(["keys", "--out", "other.pem"]);
    await fails(["keys", "--out", "nowhere/key.pem"], /cannot be written: there is no such directory/);
    await fails(["keys", "--of", "nowhere.pem"], /nowhere\.pem is not there: isolite token keys/);
  });
});

describe("a token", async () => {
  const publicText = (await succeeds(["keys", "--out", "key.pem"])).output.trim();
  const create = (...args) => succeeds(["create", "--key", "key.pem", ...args]);
  const claimsOf = async (...args) => opened((await create(...args)).output.trim(), publicText);

  test("stands alone on the output, and what it is for beside it", async () => {
    const { output, told } = await create();
    assert.match(output, /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{86}\n$/);
    assert.match(told, /read and write all databases that take this key, and does not expire/);
    assert.match(told, /--expires 30d/);
    assert.ok(!told.includes(output.trim()));
    const { iat, ...claims } = opened(output.trim(), publicText);
    assert.deepEqual(claims, { a: "rw" });
    assert.ok(Math.abs(iat - Date.now() / 1_000) < 60);
  });

  test("is for less if asked for", async () => {
    const { iat, ...claims } = await claimsOf("--database", "demo", "--read-only");
    assert.deepEqual(claims, { a: "ro", id: "demo" });
    const { told } = await create("--database", "demo", "--read-only", "--expires", "1h");
    assert.match(told, /^It may read demo, until \d{4}-\d\d-\d\dT[\d:.]+Z\.\n$/);
  });

  test("expires when asked to", async () => {
    for (const [expires, seconds] of [
      ["7d", 604_800], ["12h", 43_200], ["30m", 1_800], ["45s", 45], ["1d12h", 129_600],
      ["365d", 31_536_000],
    ]) {
      const { iat, exp } = await claimsOf("--expires", expires);
      assert.equal(exp - iat, seconds, expires);
    }
    assert.equal((await claimsOf("--expires", "never")).exp, undefined);
    for (const wrong of ["", "7", "d", "0d", "-1d", "1.5h", "1w", "7 d", "tomorrow", "99999999999d"]) {
      const args = ["create", "--key", "key.pem", `--expires=${wrong}`];
      const { output } = await fails(args, /--expires is '.*': say a time like 7d, 12h, 30m/);
      assert.equal(output, "");
    }
  });

  test("needs a private key of the right kind", async () => {
    const file = (name, key) => {
      writeFileSync(join(cwd, name), key);
      return ["create", "--key", name];
    };
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    const spki = createPublicKey(readFileSync(join(cwd, "key.pem"), "utf8"));
    await fails(["create"], /Say which private key, by --key FILE: isolite token keys makes one/);
    await fails(["create", "--key", "gone.pem"], /gone\.pem is not there: isolite token keys/);
    await fails(["create", "--key", "."], /cannot be read: EISDIR/);
    await fails(file("text.pem", "secret"), /^error: text\.pem is not a private key in PEM\n$/);
    const pem = rsa.export({ type: "pkcs8", format: "pem" });
    await fails(file("rsa.pem", pem), /key of rsa, and it must be one of Ed25519/);
    const other = spki.export({ type: "spki", format: "pem" });
    await fails(file("public.pem", other), /is the public key: tokens are made with the private/);
    await fails(["create", "--key", "key.pem", "--database="], /--database is empty/);
  });

  test("is shown, and checked if there is a key", async () => {
    const { output } = await create("--database", "demo", "--read-only", "--expires", "7d");
    const shown = await succeeds(["inspect", output.trim()]);
    assert.match(shown.output, /^database +demo\naccess +read\nmade +\d{4}.*\nends +\d{4}.*\n$/);
    assert.match(shown.told, /Its signature was not checked/);
    for (const key of [publicText, Buffer.from(publicText, "base64url").toString("base64"), "key.pem"]) {
      const checked = await succeeds(["inspect", "-", `--public-key=${key}`], output);
      assert.match(checked.output, new RegExp(`^signed by ${publicText}$`, "m"));
      assert.equal(checked.told, "");
    }
    const another = (await succeeds(["keys", "--out", "another.pem"])).output.trim();
    const wrong = new RegExp(`${another} has not signed it`);
    const refused = await fails(["inspect", output.trim(), "--public-key", another], wrong);
    assert.match(refused.output, /^database +demo/);
    await fails(["inspect", output.trim(), "--public-key", "c2VjcmV0"], /is not a public key: give/);
  });

  test("that the Worker would refuse is told as such", async () => {
    const none = "A".repeat(86);
    for (const [header, claims, why] of [
      [{ alg: "none" }, {}, /not EdDSA/],
      [{ alg: "EdDSA", crit: ["x"] }, {}, /a crit header/],
      [{ alg: "EdDSA" }, { p: { ro: {} } }, /a claim p/],
      [{ alg: "EdDSA" }, { a: "admin" }, /neither ro nor rw/],
      [{ alg: "EdDSA" }, { exp: 1 }, /has expired/],
      [{ alg: "EdDSA" }, { exp: "9999999999" }, /another type/],
      [{ alg: "EdDSA" }, { nbf: 9_999_999_999 }, /not valid yet/],
    ]) {
      const { output } = await fails(["inspect", `${part(header)}.${part(claims)}.${none}`], why);
      assert.match(output, /^database/);
    }
    const good = (await create()).output.trim();
    for (const token of ["x", "a.b.c", `${good}=`, `${good}.`, good.slice(0, -1), `${part([])}.e30.${none}`]) {
      await fails(["inspect", token], /This is no token/);
    }
  });
});

test("what is not said is asked for", async () => {
  for (const [args, told] of [
    [[], /Say what to do: keys, create or inspect/],
    [["make"], /There is no make: keys, create or inspect/],
    [["toString"], /There is no toString/],
    [["inspect"], /Say which token, and no more/],
    [["create", "--write"], /Unknown option '--write'/],
  ]) {
    await fails(args, told);
  }
  for (const help of [["--help"], ["create", "--help"]]) {
    assert.match((await succeeds(help)).output, /^isolite token keys .*isolite token create/s);
  }
});

test("the token of the Rust tests is signed, and comes out the same", () => {
  const source = readFileSync(inRepository("crates/protocol/src/access_token/tests.rs"), "utf8");
  const constant = (name) =>
    source.match(new RegExp(`const ${name}: &str =\\s*"(.*?)";`, "s"))[1].replace(/\\\n\s*/g, "");
  const pem = constant("PRIVATE_PEM").replaceAll("\\n", "\n");
  const token = constant("TOKEN");
  const claims = { a: "ro", id: "demo", iat: 1_767_225_600, exp: 4_102_444_800 };
  assert.deepEqual(opened(token, constant("KEY")), claims);
  const signed = `${part({ alg: "EdDSA", typ: "JWT" })}.${part(claims)}`;
  assert.equal(token, `${signed}.${sign(null, Buffer.from(signed), pem).toString("base64url")}`);
});
