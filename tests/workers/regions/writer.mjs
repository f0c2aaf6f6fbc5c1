// Writes numbers one after the other for a while, reads each back by the same handle, and tells of each
// what came of it and when.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

const handles = {
  embedded: (env, database) => embedded.isolite(env, database),
  service: (env) => isolite(env.SERVICE),
};

async function write(env, { way, database, first, ms, pause_ms = 0 }) {
  const handle = handles[way](env, database);
  const insert = handle.prepare("INSERT INTO t (n) VALUES (?)");
  const read = handle.prepare("SELECT count(*) AS seen FROM t WHERE n = ?");
  const outcomes = [];
  const until_ms = Date.now() + ms;
  for (let n = first; Date.now() < until_ms; n++) {
    const outcome = { n, begin_ms: Date.now() };
    try {
      await insert.bind(n).run();
      outcome.end_ms = Date.now();
      outcome.seen = await read.bind(n).first("seen");
    } catch (error) {
      outcome.error = error.message;
    }
    outcomes.push(outcome);
    if (pause_ms > 0) await scheduler.wait(pause_ms);
  }
  return outcomes;
}

/** A transaction that lasts, and how often its function was run. */
async function transact(env, { way, database, first, ms }) {
  const handle = handles[way](env, database);
  let runs = 0;
  const value = await handle.transaction(async (tx) => {
    runs++;
    await tx.prepare("INSERT INTO t (n) VALUES (?)").bind(first).run();
    await scheduler.wait(runs === 1 ? ms : 0);
    await tx.prepare("INSERT INTO t (n) VALUES (?)").bind(first + 1).run();
    return tx.prepare("SELECT count(*) AS count FROM t WHERE n >= ?").bind(first).first("count");
  });
  return { runs, value };
}

const paths = { "/write": write, "/transact": transact };

export default {
  async fetch(request, env) {
    const act = paths[new URL(request.url).pathname];
    try {
      return Response.json(await act(env, await request.json()));
    } catch (error) {
      return Response.json({ error: error.stack }, { status: 500 });
    }
  },
};
