/** The world as one shape, in the projection of Natural Earth, without the ice in the south. */

import { geoNaturalEarth1, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import land from "world-atlas/land-110m.json";

export const WIDTH = 1_000;
export const HEIGHT = 440;

/** Cut in the Bering Sea, where there is no land. */
const projection = geoNaturalEarth1().rotate([-11, 0]).scale(181).translate([WIDTH / 2, 255]);

/** South of it there is nothing but ice. */
const SOUTH = -58;

export function projected(longitude: number, latitude: number): [number, number] {
  const [x, y] = projection([longitude, latitude]) ?? [0, 0];
  return [x, y];
}

/** The outline of all land, as a path of SVG. */
export function landPath(): string {
  const path = geoPath(projection).digits(1);
  const { geometry } = onlyFeature(feature(land, land.objects.land));
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  const kept = polygons.filter(([ring]) => ring?.some(([, latitude = 0]) => latitude > SOUTH));
  return path({ type: "MultiPolygon", coordinates: kept }) ?? "";
}

function onlyFeature(found: ReturnType<typeof feature<LandProperties>>) {
  const only = found.type === "FeatureCollection" ? found.features[0] : found;
  if (only === undefined) throw new Error("The atlas has no land.");
  return only;
}

type LandProperties = Record<string, never>;
