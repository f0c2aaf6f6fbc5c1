/** Moving the primary of a database to another region. */

import { ask } from "./rest.ts";

export interface Promotion {
  region: string;
  previous_region: string | null;
  epoch: number;
  status: "active" | "complete" | "abandoned";
  messages: string[];
  /** How long no writes were taken. */
  pause_ms?: number;
}

export interface NewPromotion {
  region: string;
  /** The primary is out of reach; `confirm` names what is to take its place. */
  force?: true;
  confirm?: string;
}

/** What is left of a database whose primary is out of reach: a replica, or the backup. */
export interface PromotionSource {
  confirm: string;
  region?: string;
  path?: string;
  txid: number;
  age_ms: number | null;
  /** Those that are known of. */
  lost_commits: number;
}

export interface PromotionSources {
  primary: { region: string | null; answers: boolean };
  newest_txid: number;
  /** The best first. */
  sources: PromotionSource[];
}

const path = (id: string): string => `/${encodeURIComponent(id)}/promote`;

/** Begins it and waits for its end for a while. */
export const promote = async (id: string, body: NewPromotion): Promise<Promotion> =>
  (await ask<Promotion>("POST", path(id), body)).result;

/** The one that is under way, or the last one. */
export const getPromotion = async (id: string): Promise<Promotion> =>
  (await ask<Promotion>("GET", path(id))).result;

export const giveUpPromotion = async (id: string): Promise<void> => {
  await ask<null>("DELETE", path(id));
};

/** Asks all that there may be, and takes a while where some of it does not answer. */
export const getSources = async (id: string): Promise<PromotionSources> =>
  (await ask<PromotionSources>("GET", `${path(id)}/sources`)).result;
