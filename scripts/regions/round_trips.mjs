// How long a message takes to another region and back, in milliseconds: the one table that the
// simulated WAN, its tests and the benchmark use.
//
// The figures are typical of the public Internet between the places that a location hint stands
// for. The diagonal is a call to an object in the same region.

/** Where a hint that names part of a region leads. */
const PARTS = { "apac-ne": "apac", "apac-se": "apac" };

export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];

const REALISTIC_MS = [
  // wnam enam  sam weur eeur apac   oc  afr   me
  [     2,  65, 170, 140, 165, 130, 145, 290, 235], // wnam
  [    65,   2, 120,  85, 115, 180, 200, 230, 180], // enam
  [   170, 120,   2, 190, 215, 290, 310, 330, 295], // sam
  [   140,  85, 190,   2,  35, 170, 260, 155, 100], // weur
  [   165, 115, 215,  35,   2, 190, 280, 180, 105], // eeur
  [   130, 180, 290, 170, 190,   2, 100, 240, 110], // apac
  [   145, 200, 310, 260, 280, 100,   2, 290, 190], // oc
  [   290, 230, 330, 155, 180, 240, 290,   2, 125], // afr
  [   235, 180, 295, 100, 105, 110, 190, 125,   2], // me
];

/** A table of round trips that is known to be whole. */
export class RoundTrips {
  #ms;

  /** `ms` has a row for each region, and in it a figure for each region. */
  constructor(ms) {
    for (const from of REGIONS) {
      for (const to of REGIONS) {
        const there = ms[from]?.[to];
        if (!Number.isInteger(there) || there < 0) {
          throw new TypeError(`from ${from} to ${to} it is no number of milliseconds: ${there}`);
        }
        if (there !== ms[to]?.[from]) {
          throw new TypeError(`from ${from} to ${to} it is another way than back`);
        }
      }
    }
    this.#ms = ms;
  }

  static realistic = new RoundTrips(byRegion(REALISTIC_MS.map(byRegion)));

  /** The same from everywhere to everywhere, as 0 for tests that need no distance. */
  static even(ms) {
    const row = byRegion(REGIONS.map(() => ms));
    return new RoundTrips(byRegion(REGIONS.map(() => row)));
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

function byRegion(values) {
  return Object.fromEntries(REGIONS.map((region, i) => [region, values[i]]));
}
