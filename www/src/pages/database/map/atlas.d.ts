/** As little of the atlas as is used; else its thousands of numbers would be types. */
declare module "world-atlas/land-110m.json" {
  import type { GeometryCollection, Topology } from "topojson-specification";
  const land: Topology<{ land: GeometryCollection<Record<string, never>> }>;
  export default land;
}
