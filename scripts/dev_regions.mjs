// `npm run dev:regions`: several regions on this machine, as far from each other as real ones.
//
//   npm run dev:regions -- [--regions enam,weur,apac] [--app FILE] [--port N] [--persist-to DIR]
//                          [options of wrangler dev]
//
// The first region is home. The app, a Worker's main module, runs in each of them with the database
// "demo" bound to DB.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { DEMO, DEMO_QUERY, prepareDemo, wranglerSettings } from "./demo.mjs";
import { DevServer, option } from "./dev_server.mjs";
import { grouped } from "./progress.mjs";
import { appIn, checkRegions, writeConfigurations } from "./regions/configuration.mjs";
import { RoundTrips } from "./regions/round_trips.mjs";
import { adminToken, Rest } from "./rest.mjs";
import { Failure, main, root } from "./toolchain.mjs";

const PLACED = "placed";

function guide(origin, regions, cities) {
  const [home] = regions;
  const away = regions.at(-1);
  return `
Regions, and the round trips between them:

${RoundTrips.realistic.table(regions)}

${regions.map((region) => `  ${region}  ${origin}/${region}/`).join("\n")}

Each of these is also the address of a console, which asks for the token ISOLITE_ADMIN_TOKEN of .dev.vars.

The directory of databases is in ${home}. A database lies where it was created, unless a location hint
says otherwise; "${DEMO}", with a table of ${grouped(cities)} cities, in ${home}.

An app runs in each region. Ask it from ${away} until it has the database in its memory, which the first
requests begin; a write takes the way to ${home}, and is seen at once by reads of its session:

  curl ${origin}/${appIn(away)}/
  curl -X POST ${origin}/${appIn(away)}/

Try in another terminal, in this directory, what wrangler sees from ${away}; REST asks the primary:

${wranglerSettings(`${origin}/${away}`)}
  npx wrangler d1 execute ${DEMO} --remote --command "${DEMO_QUERY}"

Put a database near to ${away}, and time queries. Through REST each asks the directory first, where
a Worker would remember the place:

  npx wrangler d1 create ${PLACED} --location ${away}
  query() {
    curl -s -o /dev/null -w "$1 from $2: %{time_total} s\\n" --json '{"sql":"SELECT 1"}' \\
      -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \\
      ${origin}/$2/client/v4/accounts/local/d1/database/$1/query
  }
  query ${DEMO} ${home}; query ${DEMO} ${away}; query ${PLACED} ${away}

After a change to the code, "npm run build" brings it into the running regions. Ctrl-C stops them.
`;
}

await main(async () => {
  const args = process.argv.slice(2);
  const server = new DevServer("npm run dev:regions", args);
  const regions = option(args, "--regions", "enam,weur,apac").split(",");
  const module = resolve(option(args, "--app", join(root, "scripts/regions/demo.mjs")));
  if (!existsSync(module)) throw new Failure(`no such app: ${module}`);
  checkRegions(regions);
  // Where an object is depends on which regions there are, hence a state for each list of them.
  const own = join(root, ".wrangler/regions", regions.join("-"));
  const state = resolve(option(args, "--persist-to", join(own, "state")));
  await server.prepare();

  const token = adminToken();
  const app = { main: module, databases: { DB: { database: DEMO, create: true } } };
  const paths = writeConfigurations(own, { regions, token, app }).flatMap((path) => ["-c", path]);
  const { origin } = server;
  const home = `/${regions[0]}`;
  await server.run([...paths, "--persist-to", state, ...args], `${home}/health`, async () =>
    guide(origin, regions, await prepareDemo(new Rest(origin + home, token))),
  );
});
