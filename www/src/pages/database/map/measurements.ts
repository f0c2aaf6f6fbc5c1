/** What was measured in this tab of the browser, also before the page was loaded from another region. */

import type { Measured } from "../../../api/replicas.ts";

export interface Measurement extends Measured {
  at_ms: number;
}

const KEY = "isolite-measured";

/** By region; of one that is not known there is an empty key. */
export type Measurements = Readonly<Record<string, Measurement>>;

export function keptMeasurements(database: string): Measurements {
  try {
    const { id, all } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return id === database ? all : {};
  } catch {
    return {};
  }
}

export function keepMeasurement(database: string, measured: Measured): Measurements {
  const all = {
    ...keptMeasurements(database),
    [measured.region ?? ""]: { ...measured, at_ms: Date.now() },
  };
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ id: database, all }));
  } catch {
    // Then it lasts as long as the page.
  }
  return all;
}
