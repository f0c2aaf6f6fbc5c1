// What is wrong with a history: a pure function from what clients have seen to the guarantees that
// were broken.
//
// An operation has the version that it saw, its own if it is a write. Versions count the commits,
// so that they order everything that has happened. Beside other operations of its line (its handle,
// or its session), `after` says how many of these had ended when it began; entries of a line come
// in the order in which they ended. Times are of one clock and in whole milliseconds, rounded down.
//
// No slack is allowed for the bound. A replica counts its age from before it was asked for, and the
// reader asks the clock after it was sent; whoever rounds down on both ends loses nothing.

/** What is checked, each with what it means to whoever reads a failure. */
export const GUARANTEES = {
  "atomic batches": "a reader sees all of a batch or nothing",
  "one history": "everybody sees the same writes in the same order, and they stay",
  "exactly once": "an acknowledged write is there once, any other at most once",
  "read your writes": "a session, a chain of bookmarks and a handle see what they have written",
  "monotonic reads": "and never less than they have read",
  "monotonic writes": "and write in their own order",
  "writes follow reads": "and after what they have read",
  "bookmarks go forward": "bookmarks are ordered as the positions that they stand for",
  "bounded staleness": "a read sees what anybody was answered longer ago than its bound",
  "strict reads": "a read from the primary sees what anybody was answered before it was sent",
  "strict writes": "a write comes after what anybody was answered before it was sent",
  "no refusal": "what is in order is not refused",
};

/** What may come of an object's or the machine's end. All else is a refusal. */
const LOST = /the test ends this object|Network connection lost|object to be reset|no answer/;

/**
 * The violations of a history: `operations` in the order in which they ended, `final`, the writes
 * that there are in the end, each with its version, and how many rows a reader must see.
 */
export function violations({ operations, final, rows }) {
  const done = operations.filter(({ ok }) => ok);
  return [
    ...done.flatMap((it) => torn(it, rows)),
    ...rewritten(done, final),
    ...counted(operations, final),
    ...linesOf(operations).flatMap(disordered),
    ...unmarked(operations),
    ...misplaced(operations),
    ...late(done),
    ...operations.filter(({ ok, error }) => !ok && !LOST.test(error)).map(refused),
  ];
}

function violation(guarantee, operation, what) {
  const { op, kind, region, way, start, bound_ms, sent_ms, done_ms, version } = operation;
  return { guarantee, what, op, kind, region, way, start, bound_ms, sent_ms, done_ms, version };
}

function refused(operation) {
  return violation("no refusal", operation, operation.error);
}

function torn(it, rows) {
  const { low, high, sum, commits, version } = it;
  const whole = low === version && high === version && commits === version && sum === 0;
  if (whole && it.rows === rows) return [];
  const seen = JSON.stringify({ low, high, sum, commits, version, rows: it.rows });
  return [violation("atomic batches", it, `it saw ${seen}`)];
}

function rewritten(done, final) {
  const opOf = new Map(final.map(({ version, op }) => [version, op]));
  return done
    .filter(({ version, newest }) => version > 0 && opOf.get(version) !== newest)
    .map((it) => {
      const what = `it saw ${it.newest} as ${it.version}, which became ${opOf.get(it.version)}`;
      return violation("one history", it, what);
    });
}

function counted(operations, final) {
  const writes = new Map();
  for (const it of operations) if (it.kind === "write") writes.set(it.op, it);
  const times = new Map();
  for (const { op } of final) times.set(op, (times.get(op) ?? 0) + 1);
  const wrong = [];
  for (const [op, count] of times) {
    const it = writes.get(op);
    if (it && count > 1) wrong.push(violation("exactly once", it, `it happened ${count} times`));
  }
  for (const it of writes.values()) {
    if (it.ok && !times.has(it.op)) {
      wrong.push(violation("exactly once", it, "it was acknowledged and did not happen"));
    }
  }
  return wrong;
}

/** Those that failed count as well: they have ended. */
function linesOf(operations) {
  return [...Map.groupBy(operations, ({ line }) => line).values()];
}

/** Before anything was seen. */
const START = { read: 0, wrote: 0 };

/** What the order within a handle or a session forbids. */
function disordered(line) {
  const floors = floorsOf(line);
  return line.flatMap((it) => (it.ok ? below(it, floors[it.after], "earlier") : []));
}

/**
 * What is known after each of a line's operations has ended: the newest that was read and written.
 */
function floorsOf(line) {
  const floors = [START];
  for (const { ok, kind, version } of line) {
    const { read, wrote } = floors.at(-1);
    const [reads, writes] = [ok && kind !== "write", ok && kind === "write"];
    floors.push({
      read: reads ? Math.max(read, version) : read,
      wrote: writes ? Math.max(wrote, version) : wrote,
    });
  }
  return floors;
}

function below(it, { read, wrote }, when) {
  const wrong = [];
  const { kind, version } = it;
  const say = (guarantee, what) => wrong.push(violation(guarantee, it, `${what} ${when}`));
  if (kind === "write") {
    if (version <= wrote) say("monotonic writes", `it is ${version}, after ${wrote} written`);
    if (version <= read) say("writes follow reads", `it is ${version}, after ${read} read`);
  } else {
    if (version < wrote) say("read your writes", `it saw ${version}, after ${wrote} written`);
    if (version < read) say("monotonic reads", `it saw ${version}, after ${read} read`);
  }
  return wrong;
}

/** What bookmarks forbid, whoever has carried them where. */
function unmarked(operations) {
  const known = new Map();
  for (const line of linesOf(operations)) {
    const floors = floorsOf(line);
    line.forEach((it, i) => known.set(it, floors[i + 1]));
  }
  const floors = new Map();
  return operations
    .filter(({ ok }) => ok)
    .flatMap((it) => {
      const { bookmark_before, bookmark_after } = it;
      const floor = floors.get(bookmark_before);
      // It was handed out before anybody has begun with it: what comes later does not count.
      const wrong = floor ? below(it, floor, "at its bookmark") : [];
      if (bookmark_after === null) return wrong;
      const [mine, theirs] = [known.get(it), floors.get(bookmark_after) ?? START];
      floors.set(bookmark_after, {
        read: Math.max(mine.read, theirs.read),
        wrote: Math.max(mine.wrote, theirs.wrote),
      });
      return wrong;
    });
}

/** Bookmarks whose order is not that of the versions they stand for. */
function misplaced(operations) {
  const wrong = operations
    .filter(({ bookmark_before, bookmark_after }) => bookmark_before > (bookmark_after ?? ""))
    .map((it) => violation("bookmarks go forward", it, "its session's bookmark went back"));
  // Beside others a session's bookmark may be theirs.
  const alone = linesOf(operations).flatMap((line) => line.filter(({ after }, i) => after === i));
  const marked = alone.filter(({ ok, bookmark_after }) => ok && bookmark_after !== null);
  marked.sort((a, b) => (a.bookmark_after < b.bookmark_after ? -1 : 1));
  for (let i = 1; i < marked.length; i++) {
    const [one, it] = [marked[i - 1], marked[i]];
    const same = one.bookmark_after === it.bookmark_after;
    if (same ? one.version === it.version : one.version <= it.version) continue;
    const what = `bookmarks in order stand for ${one.version} and ${it.version}`;
    wrong.push(violation("bookmarks go forward", it, what));
  }
  return wrong;
}

/** Reads that are older than they may be, and writes that come before what was there. */
function late(done) {
  const newestBefore = acknowledged(done);
  return done.flatMap((it) => {
    const bound_ms = age_ms_max(it);
    const least = newestBefore(it.sent_ms - bound_ms);
    const { kind, version } = it;
    if (kind === "write" ? version > least : version >= least) return [];
    const strict = kind === "write" ? "strict writes" : "strict reads";
    const guarantee = bound_ms > 0 ? "bounded staleness" : strict;
    const what = `it saw ${version}, and ${least} was there ${bound_ms} ms before`;
    return [violation(guarantee, it, what)];
  });
}

/** How old the answer to an operation may be. */
function age_ms_max({ kind, start, bound_ms, after, bookmark_before }) {
  const first = start === "first-primary" && bookmark_before === null;
  if (kind === "write" || first) return 0;
  return bound_ms ?? (start === null ? 1_000 : 10_000);
}

/** The newest version of the writes that were acknowledged before a time. */
function acknowledged(done) {
  const writes = done.filter(({ kind }) => kind === "write");
  writes.sort((a, b) => a.done_ms - b.done_ms);
  let newest = 0;
  const versions = writes.map(({ version }) => (newest = Math.max(newest, version)));
  return (time_ms) => {
    let [from, to] = [0, writes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (writes[middle].done_ms < time_ms) from = middle + 1;
      else to = middle;
    }
    return from > 0 ? versions[from - 1] : 0;
  };
}
