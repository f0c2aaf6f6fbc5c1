// Writes the configurations of the Workers that simulate regions, for `wrangler dev`.
//
// Each region has an Isolite Worker with the objects of that region, and an app's Worker if there
// is an app; the front stands before all of them. Every one of them but the front is bound to the
// objects of every region.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Failure } from "../toolchain.mjs";
import { REGIONS, RoundTrips } from "./round_trips.mjs";

const COMPATIBILITY_DATE = "2026-08-01";

/** The objects' bindings and their classes, which worker.mjs exports. */
const OBJECTS = {
  ISOLITE_PRIMARY: "IsolitePrimary",
  ISOLITE_DIRECTORY: "IsoliteDirectory",
  ISOLITE_REPLICA: "IsoliteReplica",
  ISOLITE_UPLOAD: "IsoliteUpload",
};

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const isoliteIn = (region) => `isolite-${region}`;

/** The app's Worker of a region; also the beginning of its paths at the front. */
export const appIn = (region) => `app-${region}`;

/**
 * Writes into `directory` and returns the paths, the front's first.
 *
 * The first of `regions` is home: the directory is there, and every object without a location hint.
 * The objects of the regions that are `down` answer nobody. `buckets` are R2's, by the bindings' names.
 * `vars` are variables and `token` the REST token of the Isolite Workers. `app` is a module `main`,
 * with `vars` of its own, compatibility `flags`, and `databases`: by a binding's name the props of a
 * service binding to the region's Isolite Worker.
 */
export function writeConfigurations(
  directory,
  { regions, down = [], roundTrips = RoundTrips.realistic, vars = {}, buckets = {}, token, app },
) {
  checkRegions(regions);
  const wan = { regions, down, roundTrips };
  const secrets = token ? { ISOLITE_ADMIN_TOKEN: token } : {};
  return [
    write(directory, front(regions, app)),
    ...regions.map((region) => write(directory, isolite(wan, region, vars, buckets), secrets)),
    ...(app ? regions.map((region) => write(directory, appWorker(wan, region, app))) : []),
  ];
}

/** Secrets lie beside each configuration, where wrangler looks for them and shows only names. */
function write(directory, worker, secrets = {}) {
  const own = join(directory, worker.name);
  mkdirSync(own, { recursive: true });
  const path = join(own, "wrangler.json");
  const whole = { compatibility_date: COMPATIBILITY_DATE, ...worker };
  writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
  const lines = Object.entries(secrets).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(join(own, ".dev.vars"), lines.join(""));
  return path;
}

export function checkRegions(regions) {
  const unknown = regions.find((region) => !REGIONS.includes(region));
  if (unknown !== undefined) {
    throw new Failure(`no region "${unknown}"; there are ${REGIONS.join(", ")}`);
  }
  if (regions.length === 0 || new Set(regions).size < regions.length) {
    throw new Failure("name at least one region, and each once");
  }
}

function isolite(wan, region, vars, buckets) {
  return {
    name: isoliteIn(region),
    main: here("worker.mjs"),
    assets: { directory: here("../../build/www"), binding: "ASSETS", run_worker_first: ["/"] },
    vars: { ...variables(wan, region), ...vars },
    r2_buckets: Object.entries(buckets).map(([binding, bucket_name]) => ({ binding, bucket_name })),
    durable_objects: { bindings: objects(wan, region) },
    migrations: [{ tag: "isolite-1", new_sqlite_classes: Object.values(OBJECTS) }],
  };
}

function appWorker(wan, region, { main, vars = {}, databases = {}, flags = [] }) {
  return {
    name: appIn(region),
    main: here("app.mjs"),
    alias: { "regions:app": resolve(main) },
    compatibility_flags: flags,
    vars: { ...variables(wan, region), ...vars },
    durable_objects: { bindings: objects(wan) },
    services: Object.entries(databases).map(([binding, props]) => {
      return { binding, service: isoliteIn(region), entrypoint: "Database", props };
    }),
  };
}

function front(regions, app) {
  const services = [
    ...regions.map((region) => ({ binding: region, service: isoliteIn(region) })),
    ...(app ? regions.map((region) => ({ binding: appIn(region), service: appIn(region) })) : []),
  ];
  const vars = { WORKERS: services.map(({ binding }) => binding) };
  return { name: "regions", main: here("front.mjs"), vars, services };
}

function variables({ regions, down, roundTrips }, region) {
  const WAN = {
    down,
    objects: Object.keys(OBJECTS),
    home: regions[0],
    places: roundTrips.places(regions),
    round_trips_ms: Object.fromEntries(regions.map((to) => [to, roundTrips.ms(region, to)])),
  };
  return { ISOLITE_REGION: region, WAN };
}

/** Bindings to the objects of every region; `own` is the region that has them itself. */
function objects({ regions }, own) {
  return regions.flatMap((region) =>
    Object.entries(OBJECTS).map(([binding, class_name]) => ({
      name: `${binding}_${region}`,
      class_name,
      ...(region !== own && { script_name: isoliteIn(region) }),
    })),
  );
}
