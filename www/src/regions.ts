/** The places of databases: location hints and jurisdictions, as REST and as people call them. */

export const REGIONS: Readonly<Record<string, string>> = {
  wnam: "Western North America",
  enam: "Eastern North America",
  sam: "South America",
  weur: "Western Europe",
  eeur: "Eastern Europe",
  apac: "Asia-Pacific",
  "apac-ne": "Asia-Pacific, north-east",
  "apac-se": "Asia-Pacific, south-east",
  oc: "Oceania",
  afr: "Africa",
  me: "Middle East",
};

export const JURISDICTIONS: Readonly<Record<string, string>> = {
  eu: "European Union",
  us: "United States",
  fedramp: "FedRAMP (United States)",
};

/** REST tells of regions in capitals. */
export const regionName = (hint: string): string => REGIONS[hint.toLowerCase()] ?? hint;

export const jurisdictionName = (code: string): string => JURISDICTIONS[code] ?? code;
