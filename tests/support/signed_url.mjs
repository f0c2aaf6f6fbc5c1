// Signs URLs as REST does (docs/protocol.md), so that a test can have one that is wrong or expired.

import { createHash, createHmac } from "node:crypto";

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/** `parameters` are a query part, or empty. */
export function signedUrl(origin, token, method, path, { parameters = "", expires_s }) {
  const key = hmac(createHash("sha256").update(token).digest(), "isolite signed url");
  const signed = `${parameters}${parameters && "&"}expires=${expires_s}`;
  const signature = hmac(key, `${method}\n${path}\n${signed}`).toString("hex");
  return `${origin}${path}?${signed}&signature=${signature}`;
}
