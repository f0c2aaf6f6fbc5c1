/**
 * Primaries that are being moved. A move goes on behind the page, whatever page that is, also once it is
 * loaded anew.
 */

import { signal } from "@preact/signals";
import {
  getPromotion, giveUpPromotion, type NewPromotion, promote, type Promotion,
} from "./api/promotions.ts";
import { Refused } from "./api/failure.ts";
import { tell } from "./messages.ts";
import { regionName } from "./regions.ts";

export interface Move {
  id: string;
  name: string;
  /** Where to. */
  region: string;
  forced: boolean;
  /** Which of all moves it is; 0 until that is known. */
  epoch: number;
  messages: string[];
  /** Somebody has asked to give it up. */
  ends: boolean;
}

/** By the database's id. */
export const moves = signal<ReadonlyMap<string, Move>>(new Map());

/** How many are over: whoever shows a database asks for it anew. */
export const movesDone = signal(0);

const PAUSE_MS = 400;
const KEY = "isolite-moves";

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Rejects if it is refused at once, and resolves once it is over or goes on. */
export async function beginMove(
  database: { uuid: string; name: string },
  body: NewPromotion,
): Promise<void> {
  const { uuid: id, name } = database;
  const { region, force = false } = body;
  const move = { id, name, region, forced: force, epoch: 0, messages: [], ends: false };
  const answered = promote(id, body);
  // What is wrong with the request is told before it is done.
  const soon = await Promise.race([answered, pause()]);
  if (soon?.status === "complete") return done(move, soon);
  show(move);
  void watch(move, answered);
}

export async function giveUp(move: Move): Promise<void> {
  change(move.id, { ends: true });
  try {
    await giveUpPromotion(move.id);
    if (moves.value.has(move.id)) givenUp(move);
  } catch (error) {
    change(move.id, { ends: false });
    throw error;
  }
}

/** Until it is over, or is no longer among the moves. */
async function watch({ id }: Move, answered: Promise<Promotion>): Promise<void> {
  let failure: unknown;
  let settled: Promotion | undefined;
  answered.then((answer) => (settled = answer), (error: unknown) => (failure = error));
  await pause();
  for (;;) {
    await pause();
    const told = settled?.status === "complete" ? settled : await getPromotion(id).catch(none);
    const move = moves.value.get(id);
    if (move === undefined) return;
    if (failure instanceof Refused && !move.ends) return failed(move, failure.message);
    if (told === undefined) continue;
    // Of a request without an answer it is not known what came of it.
    const begun = move.epoch > 0 || settled !== undefined || failure !== undefined;
    const isThis = move.epoch === 0 ? told?.region === move.region : told?.epoch === move.epoch;
    if (told?.status === "active" && isThis) {
      change(id, { messages: told.messages, epoch: told.epoch });
    } else if (told?.status === "complete" && isThis && begun) {
      return done(move, told);
    } else if (begun) {
      return move.ends ? givenUp(move) : failed(move, told?.messages.at(-1) ?? "it was given up");
    }
  }
}

/** Null if there is none; undefined if that could not be asked. */
const none = (error: unknown): null | undefined =>
  error instanceof Refused && error.status === 404 ? null : undefined;

function done(move: Move, { region, pause_ms }: Promotion): void {
  hide(move);
  const paused = pause_ms === undefined ? "" : ` No writes were taken for ${Math.ceil(pause_ms)} ms.`;
  tell(`The primary of ${move.name} is in ${regionName(region)} now.${paused}`);
  movesDone.value++;
}

function givenUp(move: Move): void {
  hide(move);
  tell(`The primary of ${move.name} stays where it was.`);
  movesDone.value++;
}

function failed(move: Move, why: string): void {
  hide(move);
  tell(`The primary of ${move.name} was not moved to ${regionName(move.region)}: ${why}`, "failed");
  movesDone.value++;
}

function show(move: Move): void {
  moves.value = new Map(moves.value).set(move.id, move);
  keep();
}

function change(id: string, changed: Partial<Move>): void {
  const move = moves.value.get(id);
  if (move !== undefined) show({ ...move, ...changed });
}

function hide({ id }: Move): void {
  const left = new Map(moves.value);
  left.delete(id);
  moves.value = left;
  keep();
}

function keep(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...moves.value.values()]));
  } catch {
    // Then they are forgotten when the page is loaded anew.
  }
}

/** Those that went on when the page was loaded anew. */
export function resumeMoves(): void {
  for (const move of kept().filter(({ id }) => !moves.value.has(id))) {
    show({ ...move, ends: false });
    void watch(move, getPromotion(move.id));
  }
}

function kept(): Move[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Move[];
  } catch {
    return [];
  }
}
