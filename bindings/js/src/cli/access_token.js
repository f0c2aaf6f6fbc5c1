// Tokens of libSQL's clients, and the keys that sign them: JWTs by Ed25519, as the Worker checks them.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";

import { Mistake } from "./mistake.js";

// What comes before the 32 bytes of a public key in DER.
const DER_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** @returns {{ pem: string, publicText: string }} The private one as PEM. */
export function newKeys() {
  for (;;) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const text = publicText(publicKey);
    // One that begins with a dash would be taken for an option where it is given as an argument.
    if (text.startsWith("-")) continue;
    return { pem: privateKey.export({ type: "pkcs8", format: "pem" }), publicText: text };
  }
}

/** The public key of either: URL-safe base64 of its 32 bytes, which is one line of a configuration. */
export const publicText = (key) => key.export({ format: "jwk" }).x;

/** `what` is where the text is from, for the error: never the text itself. */
export function privateKey(text, what) {
  if (text.includes("PUBLIC KEY")) {
    throw new Mistake(`${what} is the public key: tokens are made with the private one`);
  }
  return ed25519(() => createPrivateKey(text), `${what} is not a private key in PEM`, what);
}

/** PEM, or base64 in either alphabet; of a private key its public one. */
export function publicKey(text, what) {
  const unreadable = `${what} is not a public key: give PEM, or base64 of its 32 bytes`;
  if (text.includes("-----")) return ed25519(() => createPublicKey(text), unreadable, what);
  const bytes = Buffer.from(text.trim(), "base64");
  if (bytes.length !== 32) throw new Mistake(unreadable);
  const key = Buffer.concat([DER_PREFIX, bytes]);
  return ed25519(() => createPublicKey({ key, format: "der", type: "spki" }), unreadable, what);
}

function ed25519(read, unreadable, what) {
  let key;
  try {
    key = read();
  } catch {
    throw new Mistake(unreadable);
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Mistake(
      `${what} is a key of ${key.asymmetricKeyType}, and it must be one of Ed25519: make one by ` +
        "isolite token keys",
    );
  }
  return key;
}

export function signed(claims, key) {
  const text = `${part({ alg: "EdDSA", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

/** What a token says; nothing was checked. @returns {{ header, claims, isSignedBy(key): boolean }} */
export function parsed(token) {
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url"));
  const [header, claims] = parts.slice(0, 2).map(object);
  const spelling = parts.map((part) => part.toString("base64url")).join(".");
  if (parts.length !== 3 || !header || !claims || parts[2].length !== 64 || spelling !== token) {
    throw new Mistake("This is no token: one has three parts with dots between them, eyJ….eyJ….…");
  }
  const text = Buffer.from(token.slice(0, token.lastIndexOf(".")));
  return { header, claims, isSignedBy: (key) => verify(null, text, key, parts[2]) };
}

function object(bytes) {
  try {
    const value = JSON.parse(bytes.toString());
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
