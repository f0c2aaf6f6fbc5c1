// `npm run dev`: from a fresh clone to a running Isolite with a database to try.
//
//   npm run dev -- [--port N] [--persist-to DIR] [options of wrangler dev]

import { createConnection } from "node:net";
import { resolve } from "node:path";

import { build } from "./build.mjs";
import { loadCities, loadedCities } from "./cities.mjs";
import { attended, grouped } from "./progress.mjs";
import { adminToken, Rest } from "./rest.mjs";
import { exists, Failure, main, root, setup } from "./toolchain.mjs";
import { Wrangler } from "./wrangler.mjs";

const HOST = "127.0.0.1";
const DATABASE = "demo";

/** Takes `--name value` or `--name=value` out of `args`. */
function option(args, name, fallback) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return fallback;
  const [arg] = args.splice(at, 1);
  const value = arg.includes("=") ? arg.slice(name.length + 1) : args.splice(at, 1)[0];
  if (!value) throw new Failure(`${name} needs a value`);
  return value;
}

function refuseTakenPort(port) {
  return new Promise((free, taken) => {
    const socket = createConnection({ host: HOST, port })
      .on("connect", () => {
        socket.destroy();
        taken(new Failure(`port ${port} is in use; try: npm run dev -- --port ${port + 1}`));
      })
      .on("error", () => free());
  });
}

async function prepareDemo(rest) {
  const { uuid } = (await rest.find(DATABASE)) ?? (await rest.create(DATABASE));
  return (await loadedCities(rest, uuid)) ?? (await loadCities(rest, uuid));
}

function guide(origin, cities) {
  const query = "SELECT name, population FROM cities WHERE country = 'JP' ORDER BY 2 DESC LIMIT 5";
  return `
Isolite is at ${origin}; its database "${DATABASE}" has a table of ${grouped(cities)} cities.
Try in another terminal, in this directory:

  curl ${origin}/health

  export CLOUDFLARE_API_BASE_URL=${origin}/client/v4 CLOUDFLARE_ACCOUNT_ID=local
  export CLOUDFLARE_API_TOKEN=$(sed -n 's/^ISOLITE_ADMIN_TOKEN="\\(.*\\)"/\\1/p' .dev.vars)
  npx wrangler d1 execute ${DATABASE} --remote --command "${query}"

After a change to the code, "npm run build" brings it into the running server. Ctrl-C stops it.
`;
}

await main(async () => {
  const args = process.argv.slice(2);
  const port = Number(option(args, "--port", "8787"));
  const state = resolve(option(args, "--persist-to", resolve(root, ".wrangler/state")));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Failure("no such port");
  await refuseTakenPort(port);

  await setup();
  await build();
  if (!exists("wrangler.toml")) throw new Failure("no wrangler.toml");

  const origin = `http://${HOST}:${port}`;
  const wrangler = new Wrangler(["--ip", HOST, "--port", port, "--persist-to", state, ...args]);
  try {
    await attended("starting wrangler dev", wrangler.healthy(`${origin}/health`));
    const cities = await wrangler.orEnd(prepareDemo(new Rest(origin, adminToken())));
    console.log(guide(origin, cities));
    wrangler.show();
    if ((await wrangler.ended) !== 0) throw new Failure("wrangler dev ended by itself");
  } finally {
    await wrangler.stop();
  }
});
