// Aim: programs that were written for libSQL run over Isolite as they are, whichever client they have.
// Method: the packages themselves, unmodified, at one running Worker. Each case has a database of its own,
// and those of @libsql/client run over HTTP and over a WebSocket.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { createClient } from "@libsql/client";
import { openHttp, openWs } from "@libsql/hrana-client";

import { clientCases } from "./libsql/client_cases.mjs";
import { drizzleLibsqlCases, drizzleOf } from "./libsql/drizzle_cases.mjs";
import { hranaCases } from "./libsql/hrana_cases.mjs";
import { replicaCases } from "./libsql/replica_cases.mjs";
import { serverlessCases } from "./libsql/serverless_cases.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

let server;
let rest;
before(async () => {
  const state = temporaryDirectory("libsql");
  server = await PlainWorkerd.start(await bundle(), { state, token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
});
after(async () => {
  await server?.crash();
  assertNoCrash(server.log);
});

const files = temporaryDirectory("replicas");
let count = 0;

/** The base URL of a new database: with its slash, or clients over HTTP take the name for that of a file. */
async function created() {
  const name = `case-${++count}`;
  await rest.create(name);
  return `${server.origin}/db/${name}/`;
}

const overWebSocket = (url) => url.replace(/^http/, "ws");

/** Opens clients of one database, and closes them in the end. */
async function withClients(open, use) {
  const opened = [];
  try {
    await use((...args) => {
      const client = open(...args);
      opened.push(client);
      return client;
    });
  } finally {
    for (const client of opened) client.close();
  }
}

const libsql = (rewrite) => async (run) => {
  const url = rewrite(await created());
  const open = (config) => createClient({ url, authToken: TOKEN, ...config });
  await withClients(open, run);
};

const suites = {
  "@libsql/client over HTTP": [clientCases, libsql((url) => url)],
  "@libsql/client over a WebSocket": [clientCases, libsql(overWebSocket)],
  "@libsql/client with a replica in a file": [
    replicaCases,
    async (run) => {
      const url = await created();
      const remote = createClient({ url, authToken: TOKEN });
      const replica = () =>
        createClient({ url: `file:${join(files, `${++count}.db`)}`, syncUrl: url, authToken: TOKEN });
      await run({ remote, replica });
      remote.close();
    },
  ],
  "@libsql/hrana-client over HTTP, in protobuf": [
    hranaCases,
    async (run) => {
      const url = await created();
      await withClients(() => openHttp(url, TOKEN, undefined, undefined, 3), run);
    },
  ],
  "@libsql/hrana-client over HTTP, in JSON": [
    hranaCases.filter(({ since }) => since !== 3),
    async (run) => {
      const url = await created();
      await withClients(() => openHttp(url, TOKEN, undefined, undefined, 2), run);
    },
  ],
  "@libsql/hrana-client over a WebSocket": [
    hranaCases,
    async (run) => {
      const url = overWebSocket(await created());
      await withClients(() => openWs(url, TOKEN, 3), run);
    },
  ],
  "@tursodatabase/serverless": [
    serverlessCases,
    async (run) => run({ url: await created(), authToken: TOKEN }),
  ],
  "drizzle over HTTP": [
    drizzleLibsqlCases,
    async (run) => {
      const url = await created();
      await withClients(() => createClient({ url, authToken: TOKEN }), (open) => run(drizzleOf(open())));
    },
  ],
};

describe("libSQL's clients", { concurrency: true }, () => {
  for (const [title, [cases, withDatabase]] of Object.entries(suites)) {
    describe(title, { concurrency: 1 }, () => {
      for (const { name, run } of cases) test(name, () => withDatabase(run));
    });
  }

  test("a token that is wrong is told as such", async () => {
    const url = await created();
    for (const wrong of [{ url }, { url: overWebSocket(url) }]) {
      const client = createClient({ ...wrong, authToken: "wrong" });
      await assert.rejects(client.execute("SELECT 1"), /401|token/);
      client.close();
    }
  });
});
