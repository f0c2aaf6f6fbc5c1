// `isolite token`: keys and tokens for libSQL's clients. No Worker is asked: it has the public key
// alone, and who has the private one makes as many tokens as they like.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";

import { newKeys, parsed, privateKey, publicKey, publicText, signed } from "../access_token.js";
import { Mistake } from "../mistake.js";
import { read } from "../options.js";

export const summary = "keys and tokens for libSQL's clients";

const USAGE = `isolite token keys [--out FILE | --of FILE]
isolite token create --key FILE [--database NAME] [--read-only] [--expires TIME]
isolite token inspect TOKEN [--public-key KEY]

keys     a new pair: the private key goes to FILE, the public one to the output
  --out FILE         isolite-jwt.pem if it is not given; in a directory, the same in there
  --of FILE          no new pair: the public key of that private one

create   a token to the output
  --key FILE         the private key
  --database NAME    by name or id, the one database; without it all that take the key
  --read-only        statements that do not write
  --expires TIME     from now on: 7d, 12h, 30m or several of them, as 1d12h; never if it is not given

inspect  what a token says; - reads it from the input
  --public-key KEY   whether this key, or a file with it, has signed it`;

const KEY_FILE = "isolite-jwt.pem";

const SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 };

const COMMANDS = {
  keys: {
    run: keys,
    names: [],
    options: { out: { type: "string", default: KEY_FILE }, of: { type: "string" } },
  },
  create: {
    run: create,
    names: [],
    options: {
      key: { type: "string" },
      database: { type: "string" },
      "read-only": { type: "boolean" },
      expires: { type: "string", default: "never" },
    },
  },
  inspect: { run: inspect, names: ["which token"], options: { "public-key": { type: "string" } } },
};

export async function run([action, ...args]) {
  if (action === "--help" || action === "-h") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (!Object.hasOwn(COMMANDS, action ?? "")) {
    const what = action === undefined ? "Say what to do" : `There is no ${action}`;
    throw new Mistake(`${what}: keys, create or inspect.\n\n${USAGE}`);
  }
  const command = COMMANDS[action];
  const asked = read(args, USAGE, command.names, command.options);
  return asked === undefined ? 0 : command.run(asked);
}

function keys({ values: { out, of } }) {
  if (of !== undefined) {
    process.stdout.write(`${publicText(privateKey(fileOf(of), of))}\n`);
    return 0;
  }
  const path = existsSync(out) && statSync(out).isDirectory() ? join(out, KEY_FILE) : out;
  const made = newKeys();
  try {
    writeFileSync(path, made.pem, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error.code === "EEXIST") {
      throw new Mistake(
        `${path} is there already: say --of ${path} for its public key, or another --out`,
      );
    }
    const why = error.code === "ENOENT" ? "there is no such directory" : error.code;
    throw new Mistake(`${path} cannot be written: ${why}`);
  }
  process.stdout.write(`${made.publicText}\n`);
  process.stderr.write(`
This is the public key. Give it to the Worker:

  npx wrangler secret put ISOLITE_JWT_KEY

The private key is in ${path}: whoever has it makes tokens, so keep it out of the repository. To make one:

  npx isolite token create --key ${path}
`);
  return 0;
}

function create({ values: { key: path, database, expires, "read-only": readOnly } }) {
  if (!path) {
    throw new Mistake(
      `Say which private key, by --key FILE: isolite token keys makes one.\n\n${USAGE}`,
    );
  }
  if (database === "") throw new Mistake("--database is empty: leave it out for all databases");
  const key = privateKey(fileOf(path), path);
  const iat = Math.floor(Date.now() / 1_000);
  const exp = expiry(expires, iat);
  const a = readOnly ? "ro" : "rw";
  // What is undefined is left out.
  process.stdout.write(`${signed({ a, id: database, iat, exp }, key)}\n`);
  const where = database ?? "all databases that take this key";
  process.stderr.write(`It may ${readOnly ? "read" : "read and write"} ${where}, ${until(exp)}.\n`);
  if (exp === undefined) {
    process.stderr.write("It ends only with its key: --expires 30d makes one that ends by itself.\n");
  }
  return 0;
}

async function inspect({ values, positionals: [given] }) {
  const token = (given === "-" ? await textOf(process.stdin) : given).trim();
  const { header, claims, isSignedBy } = parsed(token);
  const { "public-key": keyOrFile } = values;
  const key = keyOrFile === undefined ? undefined : publicKey(...keyText(keyOrFile));
  const isSigned = key !== undefined && isSignedBy(key);
  const lines = [
    ["database", claims.id ?? "all that take the key"],
    ["access", { ro: "read", rw: "read and write" }[claims.a ?? "rw"] ?? `unknown: ${claims.a}`],
    ["made", time(claims.iat) ?? "not told"],
    ["ends", time(claims.exp) ?? "never"],
  ];
  if (isSigned) lines.push(["signed by", publicText(key)]);
  const own = ["id", "a", "iat", "exp"];
  for (const [name, value] of Object.entries(claims)) {
    if (!own.includes(name)) lines.push([name, JSON.stringify(value)]);
  }
  process.stdout.write(lines.map(([name, value]) => `${name.padEnd(10)}${value}\n`).join(""));
  const faults = faultsOf(header, claims);
  if (key !== undefined && !isSigned) faults.push(`${publicText(key)} has not signed it`);
  if (key === undefined) process.stderr.write("Its signature was not checked: say --public-key.\n");
  if (faults.length === 0) return 0;
  throw new Mistake(`The Worker refuses this token: ${faults.join("; ")}`);
}

/** Why the Worker would refuse it, whoever has signed it. */
function faultsOf(header, { id, a, p, exp, nbf }) {
  const now = Date.now() / 1_000;
  const isOf = (type, value) => value === undefined || value === null || typeof value === type;
  const typed = isOf("string", id) && isOf("number", exp) && isOf("number", nbf);
  return [
    [header.alg !== "EdDSA", "its algorithm is not EdDSA"],
    ["crit" in header, "it has a crit header"],
    [!isOf("undefined", p), "it has a claim p"],
    [!["ro", "rw"].includes(a ?? "rw"), "its claim a is neither ro nor rw"],
    [!typed, "a claim is of another type"],
    [Math.floor(exp ?? Infinity) <= now, "it has expired"],
    [Math.ceil(nbf ?? 0) > now, "it is not valid yet"],
  ].flatMap(([is, fault]) => (is ? [fault] : []));
}

/** Seconds since 1970, or undefined. */
function expiry(text, now) {
  if (text === "never") return undefined;
  const found = text.match(/^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/);
  const [d = 0, h = 0, m = 0, s = 0] = found?.slice(1).map((count) => Number(count ?? 0)) ?? [];
  const seconds = d * SECONDS.d + h * SECONDS.h + m * SECONDS.m + s * SECONDS.s;
  const exp = now + seconds;
  // What no date can say is not told by one.
  if (seconds === 0 || Number.isNaN(new Date(exp * 1_000).getTime())) {
    throw new Mistake(`--expires is '${text}': say a time like 7d, 12h, 30m or 1d12h, or never`);
  }
  return exp;
}

const until = (exp) => (exp === undefined ? "and does not expire" : `until ${time(exp)}`);

function time(seconds) {
  if (seconds === undefined || seconds === null) return undefined;
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? JSON.stringify(seconds) : date.toISOString();
}

function fileOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error.code === "ENOENT" ? "is not there" : `cannot be read: ${error.code}`;
    throw new Mistake(`${path} ${why}: isolite token keys makes a pair of keys`);
  }
}

/** The text of a public key, and what to call it. */
const keyText = (keyOrFile) =>
  existsSync(keyOrFile) ? [fileOf(keyOrFile), keyOrFile] : [keyOrFile, "--public-key"];
