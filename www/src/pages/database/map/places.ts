/**
 * Where on the map each region is drawn. A region is wide, and the platform chooses a city in it: the
 * place is one that such a city is likely to be near.
 */

import { projected } from "./world.ts";

/** On which side of the place its label stands, so that labels do not lie over each other. */
export type Side = "left" | "right" | "above" | "below";

export interface Spot {
  region: string;
  x: number;
  y: number;
  side: Side;
}

const AT: readonly [region: string, longitude: number, latitude: number, side: Side][] = [
  ["wnam", -121, 38.5, "left"],
  ["enam", -77.5, 39, "right"],
  ["sam", -46.6, -23.5, "right"],
  ["weur", 0.5, 48.5, "left"],
  ["eeur", 24, 50.5, "right"],
  ["me", 54, 25, "below"],
  ["afr", 27.5, -25, "right"],
  ["apac", 104, 15, "left"],
  ["apac-ne", 138, 36.5, "right"],
  ["apac-se", 109, -4, "below"],
  ["oc", 150, -33, "left"],
];

/** In the order in which the tab key goes: from west to east. */
export const SPOTS: readonly Spot[] = AT.map(([region, longitude, latitude, side]) => {
  const [x, y] = projected(longitude, latitude);
  return { region, x, y, side };
});

export const spotOf = (region: string | null): Spot | undefined =>
  SPOTS.find((spot) => spot.region === region?.toLowerCase());
