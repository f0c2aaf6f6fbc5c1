// An Isolite Worker with a bucket for its backups, and Litestream, which restores from there.

import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ProcessGroup } from "./process_group.mjs";
import { inRepository, temporaryDirectory } from "./repository.mjs";
import { isoliteConfiguration, TOKEN, WranglerDev } from "./wrangler.mjs";

const RESTORE_MS_MAX = 60_000;
const SHIPPED_MS_MAX = 60_000;
const BUCKET = "isolite-backup";

/** Serves Isolite and its bucket; the same `state` brings back both. `entry` is Isolite's main module. */
export function startWithBucket({ vars = {}, state, entry } = {}) {
  const isolite = isoliteConfiguration(vars, entry);
  appendFileSync(
    isolite,
    `\n[[r2_buckets]]\nbinding = "ISOLITE_BACKUP"\nbucket_name = "${BUCKET}"\n`,
  );
  return WranglerDev.start(["tests/workers/bucket/wrangler.toml", isolite], { state });
}

/** The objects of the bucket. */
export class BucketClient {
  #base;

  constructor(origin) {
    this.#base = `${origin}/${BUCKET}`;
  }

  /** The keys with a prefix, in order. */
  async keys(prefix = "") {
    const keys = [];
    for (let token; ; ) {
      const asked = new URLSearchParams({ prefix, ...(token && { "continuation-token": token }) });
      const text = await (await fetch(`${this.#base}/?list-type=2&${asked}`)).text();
      keys.push(...Array.from(text.matchAll(/<Key>(.*?)<\/Key>/g), ([, key]) => key));
      token = text.match(/<NextContinuationToken>(.*?)</)?.[1];
      if (!token) return keys;
    }
  }

  async get(key) {
    return Buffer.from(await (await fetch(`${this.#base}/${key}`)).arrayBuffer());
  }

  /** `timestamp` is what Litestream notes beside an object. */
  put(key, body, timestamp) {
    const headers = timestamp && { "x-amz-meta-litestream-timestamp": timestamp };
    return fetch(`${this.#base}/${key}`, { method: "PUT", body, headers });
  }

  delete(key) {
    return fetch(`${this.#base}/${key}`, { method: "DELETE" });
  }
}

/** How the backup of a database stands, once it has all that was committed. */
export async function shipped(rest, database) {
  for (const end = Date.now() + SHIPPED_MS_MAX; ; await sleep(50)) {
    const told = await rest.result("GET", `/${database}/backup`);
    if (told.lag_commits === 0 && told.state === "shipping") return told;
    assert.ok(Date.now() < end, `the backup lags: ${JSON.stringify(told)}`);
  }
}

/** The primary's own file at a bookmark, or of now. */
export async function ownFile(origin, database, bookmark) {
  const query = bookmark ? `&bookmark=${bookmark}` : "";
  const path = `/client/v4/accounts/a/d1/database/${database}/export?format=sqlite${query}`;
  const response = await fetch(origin + path, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200, await response.clone().text());
  return Buffer.from(await response.arrayBuffer());
}

/**
 * Restores a path of the bucket by Litestream, over S3's API; resolves with the file that it has written.
 * `args` are options of its command.
 */
export async function litestreamRestore(origin, path, ...args) {
  const directory = temporaryDirectory("litestream");
  const configuration = join(directory, "litestream.yml");
  const [database, output] = [join(directory, "database"), join(directory, "restored.sqlite")];
  const replica = {
    type: "s3",
    endpoint: origin,
    bucket: BUCKET,
    path,
    region: "auto",
    "force-path-style": true,
    "access-key-id": "key",
    "secret-access-key": "secret",
  };
  writeFileSync(configuration, JSON.stringify({ dbs: [{ path: database, replica }] }));
  const group = new ProcessGroup(
    inRepository(".tools/bin/litestream"),
    ["restore", "-config", configuration, "-o", output, ...args, database],
    { env: { AWS_CA_BUNDLE: undefined } },
  );
  try {
    let status;
    group.ended.then((it) => (status = it));
    await group.until(() => status !== undefined, "litestream restore ends", RESTORE_MS_MAX);
    if (status !== 0) throw new Error(`litestream restore: ${status}\n${group.log}`);
    return output;
  } finally {
    await group.stop();
  }
}
