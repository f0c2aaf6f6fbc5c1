// How long a message takes to another region and back, in milliseconds: the one table that the
// simulated WAN, its tests and the benchmark use.
//
// The figures are typical of the public Internet between the places that a location hint stands
// for. The diagonal is a call to an object in the same region.

/** Where a hint that names part of a region leads. */
const PARTS = { "apac-ne": "apac", "apac-se": "apac" };

const REALISTIC_MS = {
  wnam: { wnam: 2, enam: 65, sam: 170, weur: 140, eeur: 165, apac: 130, oc: 145, afr: 290, me: 235 },
  enam: { wnam: 65, enam: 2, sam: 120, weur: 85, eeur: 115, apac: 180, oc: 200, afr: 230, me: 180 },
  sam: { wnam: 170, enam: 120, sam: 2, weur: 190, eeur: 215, apac: 290, oc: 310, afr: 330, me: 295 },
  weur: { wnam: 140, enam: 85, sam: 190, weur: 2, eeur: 35, apac: 170, oc: 260, afr: 155, me: 100 },
  eeur: { wnam: 165, enam: 115, sam: 215, weur: 35, eeur: 2, apac: 190, oc: 280, afr: 180, me: 105 },
  apac: { wnam: 130, enam: 180, sam: 290, weur: 170, eeur: 190, apac: 2, oc: 100, afr: 240, me: 110 },
  oc: { wnam: 145, enam: 200, sam: 310, weur: 260, eeur: 280, apac: 100, oc: 2, afr: 290, me: 190 },
  afr: { wnam: 290, enam: 230, sam: 330, weur: 155, eeur: 180, apac: 240, oc: 290, afr: 2, me: 125 },
  me: { wnam: 235, enam: 180, sam: 295, weur: 100, eeur: 105, apac: 110, oc: 190, afr: 125, me: 2 },
};

export const REGIONS = Object.keys(REALISTIC_MS);

/** A table of round trips that is known to be whole. */
export class RoundTrips {
  #ms;

  /** `ms` has a row for each region, and in it a figure for each region. */
  constructor(ms) {
    for (const from of REGIONS) {
      for (const to of REGIONS) {
        const there = ms[from]?.[to];
        if (!Number.isInteger(there) || there < 0) {
          throw new TypeError(`no round trip of whole milliseconds from ${from} to ${to}: ${there}`);
        }
        if (there !== ms[to]?.[from]) {
          throw new TypeError(`from ${from} to ${to} it is another way than back`);
        }
      }
    }
    this.#ms = ms;
  }

  static realistic = new RoundTrips(REALISTIC_MS);

  /** The same from everywhere to everywhere, as 0 for tests that need no distance. */
  static even(ms) {
    const row = Object.fromEntries(REGIONS.map((region) => [region, ms]));
    return new RoundTrips(Object.fromEntries(REGIONS.map((region) => [region, row])));
  }

  ms(from, to) {
    return this.#ms[from][to];
  }

  /** For each location hint, which of these regions an object with that hint is put into. */
  places(regions) {
    const nearest = (place) =>
      regions.includes(place)
        ? place
        : regions.reduce((a, b) => (this.ms(place, b) < this.ms(place, a) ? b : a));
    const whole = REGIONS.map((region) => [region, nearest(region)]);
    const parts = Object.entries(PARTS).map(([part, region]) => [part, nearest(region)]);
    return Object.fromEntries([...whole, ...parts]);
  }

  /** The table for these regions, for a person to read. */
  table(regions) {
    const width = 8;
    const line = (cells) => cells.map((cell) => `${cell}`.padStart(width)).join("");
    const rows = regions.map((from) => [from, ...regions.map((to) => this.ms(from, to))]);
    return [["ms", ...regions], ...rows].map(line).join("\n");
  }
}
