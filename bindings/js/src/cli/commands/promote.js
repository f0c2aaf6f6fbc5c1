// `isolite promote`: moves the primary of a database to another region.

import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline/promises";

import { Mistake, Unanswered } from "../mistake.js";
import { read } from "../options.js";
import { Progress } from "../progress.js";
import { patiently, Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "moves the primary of a database to another region";

const USAGE = `isolite promote NAME REGION [--yes]
isolite promote NAME --status
isolite promote NAME --abandon

  REGION      wnam, enam, sam, weur, eeur, apac, oc, afr or me
  --yes       without being asked
  --status    how far it is, or the last one
  --abandon   gives up the one that is under way: the primary stays where it is

  Reads and writes go on meanwhile. At the end writes wait for a moment, and then go to the new primary. It goes
  on without this program; the same command again looks on.`;

const OPTIONS = {
  yes: { type: "boolean", short: "y" },
  status: { type: "boolean" },
  abandon: { type: "boolean" },
};

const POLL_MS = 1_000;

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const moves = !args.some((arg) => arg === "--status" || arg === "--abandon");
  const names = moves ? ["which database", "which region"] : ["which database"];
  const asked = read(args, USAGE, names, OPTIONS);
  if (asked === undefined) return 0;
  const { values, positionals: [database, region] } = asked;
  if (values.status && values.abandon) throw new Mistake(`Say one of --status and --abandon.\n\n${USAGE}`);
  const rest = new Rest(context);
  if (values.status) return status(rest, database);
  if (values.abandon) return abandon(rest, database);
  return promote(rest, database, region.toLowerCase(), values.yes);
}

const ask = (rest, method, database, body) => rest.ask(method, [database, "promote"], { body });

async function status(rest, database) {
  const told = await ask(rest, "GET", database);
  const { status: state, region, previous_region, messages } = told;
  const from = previous_region ? ` from ${previous_region}` : "";
  const text = {
    active: `The primary of ${database} is being moved${from} to ${region}`,
    complete: `The primary of ${database} was moved${from} to ${region}`,
    abandoned: `The primary of ${database} stays where it was: moving it to ${region} is given up`,
  }[state];
  process.stdout.write(`${[text, ...messages, ...paused(told)].join("\n")}\n`);
  return 0;
}

async function abandon(rest, database) {
  await ask(rest, "DELETE", database);
  process.stderr.write(`It is given up: the primary of ${database} stays where it is\n`);
  return 0;
}

async function promote(rest, database, region, agreed) {
  const { running_in_region } = await rest.ask("GET", [database]);
  const from = running_in_region ? ` from ${running_in_region.toLowerCase()}` : "";
  if (!agreed) await agree(`Move the primary of ${database}${from} to ${region}?`);
  const progress = new Progress();
  try {
    const told = await withProgress(rest, database, progress, () => untilMoved(rest, database, region, progress));
    progress.end();
    process.stderr.write(`${[`The primary of ${database} is in ${region} now`, ...paused(told)].join("\n")}\n`);
    return 0;
  } catch (error) {
    throw nextStep(error, database);
  } finally {
    progress.end();
  }
}

const paused = ({ pause_ms }) =>
  pause_ms === undefined ? [] : [`Writes waited for ${Math.round(pause_ms)} ms`];

async function agree(question) {
  if (!process.stdin.isTTY) throw new Mistake(`${question} Say --yes, as nobody can be asked here.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Mistake("Nothing was done.");
  } finally {
    terminal.close();
  }
}

/** Each request waits for its end as long as one may. */
async function untilMoved(rest, database, region, progress) {
  for (let begun = false; ; begun = true) {
    try {
      const told = await ask(rest, "POST", database, { region });
      if (told.status === "complete") return told;
    } catch (error) {
      if (error instanceof Unanswered) {
        progress.text(`${error.message}; it goes on, and is asked for again`);
        await sleep(POLL_MS);
      } else if (!begun) {
        throw error;
      }
      // What was begun may have come to its end between two requests.
      const told = await patiently(() => ask(rest, "GET", database), progress).catch(() => undefined);
      if (told?.status === "complete" && told.region === region) return told;
      if (!(error instanceof Unanswered)) throw error;
    }
  }
}

async function withProgress(rest, database, progress, work) {
  const show = async () => {
    const { messages, region } = await ask(rest, "GET", database);
    progress.text(messages.at(-1) ?? `Moving to ${region}`);
  };
  // Whatever fails, the request that waits tells of it.
  const showing = setInterval(() => show().catch(() => {}), POLL_MS);
  try {
    return await work();
  } finally {
    clearInterval(showing);
  }
}

function nextStep(error, database) {
  if (!(error instanceof Mistake) || !error.message.includes("is being moved to")) return error;
  return new Mistake(
    `${error.message}\n  isolite promote ${database} --status    how far that is\n` +
      `  isolite promote ${database} --abandon   gives it up`,
  );
}
