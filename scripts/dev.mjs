// `npm run dev`: from a fresh clone to a running Isolite with a database to try.
//
//   npm run dev -- [--port N] [--persist-to DIR] [options of wrangler dev]

import { resolve } from "node:path";

import { DEMO, DEMO_QUERY, prepareDemo, wranglerSettings } from "./demo.mjs";
import { DevServer, option } from "./dev_server.mjs";
import { grouped } from "./progress.mjs";
import { adminToken, Rest } from "./rest.mjs";
import { exists, Failure, main, root } from "./toolchain.mjs";

function guide(origin, cities) {
  return `
Isolite is at ${origin}; its database "${DEMO}" has a table of ${grouped(cities)} cities.
Open in a browser:

  ${origin}/demo   every city as you type, answered from the isolate's memory
  ${origin}/       the console; it asks for the token ISOLITE_ADMIN_TOKEN of .dev.vars

Try in another terminal, in this directory:

  curl ${origin}/health

${wranglerSettings(origin)}
  npx wrangler d1 execute ${DEMO} --remote --command "${DEMO_QUERY}"

After a change to the code, "npm run build" brings it into the running server. Ctrl-C stops it.
`;
}

await main(async () => {
  const args = process.argv.slice(2);
  const server = new DevServer("npm run dev", args);
  const state = resolve(option(args, "--persist-to", resolve(root, ".wrangler/state")));
  await server.prepare();
  if (!exists("wrangler.toml")) throw new Failure("no wrangler.toml");

  const { origin } = server;
  // What wrangler.toml has and a deployment gets, but for the main module and the static assets.
  const demo = ["scripts/demo/worker.mjs", "--assets", "build/dev"];
  await server.run([...demo, "--persist-to", state, ...args], "/health", async () =>
    guide(origin, await prepareDemo(new Rest(origin, adminToken()))),
  );
});
