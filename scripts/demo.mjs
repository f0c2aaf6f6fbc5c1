// The database that a development server begins with, and how its guide shows it.

import { loadCities, loadedCities } from "./cities.mjs";
import { prepareSearch } from "./city_search.mjs";
import { DEMO } from "./demo/database.mjs";

export { DEMO };

export const DEMO_QUERY =
  "SELECT name, population FROM cities WHERE country = 'JP' ORDER BY 2 DESC LIMIT 5";

/** Makes it unless it is there; resolves with how many cities it has. */
export async function prepareDemo(rest) {
  const { uuid } = (await rest.find(DEMO)) ?? (await rest.create(DEMO));
  const count = (await loadedCities(rest, uuid)) ?? (await loadCities(rest, uuid));
  await prepareSearch(rest, uuid);
  return count;
}

/** What a shell needs in order to have wrangler talk to the server at `origin`. */
export function wranglerSettings(origin) {
  return `\
  export CLOUDFLARE_API_BASE_URL=${origin}/client/v4 CLOUDFLARE_ACCOUNT_ID=local
  export CLOUDFLARE_API_TOKEN=$(sed -n 's/^ISOLITE_ADMIN_TOKEN="\\(.*\\)"/\\1/p' .dev.vars)`;
}
