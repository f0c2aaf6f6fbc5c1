// Aim: the checker of histories finds each broken guarantee, and nothing in a history that is in
// order.
// Method: one small history by hand that is in order, and for each guarantee changes to it that
// break that one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { GUARANTEES, violations } from "./consistency/checker.mjs";

const ROWS = 8;
const at = (version) => `00000001-00000000-${`${version}`.padStart(8, "0")}-${"a".repeat(32)}`;
const write_of = (version) => `w${version}`;

let clock_ms;

/** An operation that takes 2 ms, 8 ms after the last one, in a line of its own unless told. */
function operation(kind, version, more = {}) {
  clock_ms += 8;
  const sent_ms = clock_ms;
  clock_ms += 2;
  const op = kind === "write" ? write_of(version) : `r${sent_ms}`;
  return {
    op, kind, version, ok: true, line: op, region: "weur", way: "embedded", start: null, after: 0,
    low: version, high: version, commits: version, sum: 0, rows: ROWS,
    newest: version > 0 ? write_of(version) : null,
    bookmark_before: null, bookmark_after: null, sent_ms, done_ms: clock_ms, ...more,
  };
}

const read = (version, more) => operation("read", version, more);
const write = (version, more) => operation("write", version, more);
const lost = (version) => write(version, { ok: false, error: "Network connection lost." });

/** A read at a time of its own. */
function readAt(sent_ms, version, more) {
  return read(version, { ...more, sent_ms, done_ms: sent_ms + 1 });
}

let lines;

/** Operations of one handle, each after the one before. */
function handle(...operations) {
  const line = `line ${lines++}`;
  return operations.map((it, after) => ({ ...it, line, after }));
}

/** Operations of one session, with bookmarks as they should be. */
function session(start, ...operations) {
  let bookmark = start.startsWith("first-") ? null : start;
  return handle(...operations).map((it) => {
    const bookmark_before = bookmark;
    if (it.ok && !(bookmark > at(it.version))) bookmark = at(it.version);
    return { ...it, start, bookmark_before, bookmark_after: bookmark };
  });
}

/** The guarantees that are broken when to a history in order more is added. */
function broken(add) {
  clock_ms = 1_000_000;
  lines = 0;
  const operations = [
    ...handle(read(0), write(1), lost(9), read(1)),
    ...session("first-unconstrained", read(1), write(2), read(2)),
    write(3),
    ...session(at(2), read(2), read(3)),
    ...session("first-primary", read(3)),
    read(3, { bound_ms: 0 }),
  ];
  const final = [1, 2, 3].map((version) => ({ op: write_of(version), version }));
  operations.push(...add(final, operations));
  operations.sort((a, b) => a.done_ms - b.done_ms);
  const found = violations({ operations, final, rows: ROWS });
  return [...new Set(found.map(({ guarantee }) => guarantee))].sort();
}

/** Has a write in the end, under the next version. */
function happen(final, op) {
  final.push({ op, version: final.length + 1 });
}

const BREACHES = {
  "a row of another version": [["atomic batches"], () => [read(3, { low: 2 })]],
  "half of a movement": [["atomic batches"], () => [read(3, { sum: 5 })]],
  "a row too few": [["atomic batches"], () => [read(3, { rows: 7 })]],
  "a log that lacks a write": [["atomic batches"], () => [read(3, { commits: 2 })]],
  "a write that only some have seen": [["one history"], () => [read(3, { newest: "w9" })]],
  "a write that was seen and is lost": [["one history"], () => [lost(4), read(4)]],
  "an acknowledged write that is lost": [
    ["exactly once", "one history"],
    () => [write(4)],
  ],
  "a write that happens twice": [
    ["exactly once"],
    (final) => {
      happen(final, "w2");
      return [];
    },
  ],
  "a write without an answer that happens twice": [
    ["exactly once"],
    (final) => {
      happen(final, "w9");
      happen(final, "w9");
      return [];
    },
  ],
  "a handle that does not see its write": [
    ["read your writes"],
    (final) => {
      happen(final, "w4");
      return handle(write(4), read(3));
    },
  ],
  "a session that does not see its write": [
    ["read your writes"],
    (final) => {
      happen(final, "w4");
      const operations = session("first-unconstrained", write(4), read(3));
      // Bookmarks apart: the order within the session is enough.
      return operations.map((it) => ({ ...it, bookmark_before: null, bookmark_after: null }));
    },
  ],
  "a handle that goes back": [["monotonic reads"], () => handle(read(3), read(2))],
  "a handle that goes back after a failure": [
    ["monotonic reads"],
    () => handle(lost(9), read(3), lost(9), read(2)),
  ],
  "a bookmark of a write that is not waited for": [
    ["bookmarks go forward", "read your writes"],
    (final) => {
      happen(final, "w4");
      return [...session("first-primary", write(4)), mark(read(3), at(4))];
    },
  ],
  "a bookmark of a read that is not waited for": [
    ["bookmarks go forward", "monotonic reads"],
    () => [...session("first-primary", read(3)), mark(read(2), at(3))],
  ],
  "writes of a handle the other way round": [
    ["monotonic writes", "strict writes"],
    (final) => {
      happen(final, "w4");
      happen(final, "w5");
      return handle(write(5), write(4));
    },
  ],
  "a write before what its handle has read": [
    ["writes follow reads"],
    (final) => {
      happen(final, "w4");
      happen(final, "w5");
      return [lost(5), ...handle(read(5), write(4))];
    },
  ],
  "a write before a bookmark": [
    ["bookmarks go forward", "writes follow reads"],
    (final) => {
      happen(final, "w4");
      happen(final, "w5");
      return [lost(5), ...session("first-primary", read(5)), mark(write(4), at(5))];
    },
  ],
  "a bookmark that goes back": [
    ["bookmarks go forward"],
    () => [read(3, { bookmark_before: at(3), bookmark_after: at(2), after: 1 })],
  ],
  "a bookmark of two positions": [
    ["bookmarks go forward"],
    () => [...session("first-primary", read(3)), read(2, { bookmark_after: at(3) })],
  ],
  "a read just older than its bound": [
    ["bounded staleness"],
    (_, operations) => [readAt(third(operations).done_ms + 251, 2, { bound_ms: 250 })],
  ],
  "a read of a default handle that is older than a second": [
    ["bounded staleness"],
    (_, operations) => [readAt(third(operations).done_ms + 1_001, 2)],
  ],
  "a session's read that is older than ten seconds": [
    ["bounded staleness"],
    (_, operations) => {
      return [readAt(third(operations).done_ms + 10_001, 2, { start: "first-unconstrained" })];
    },
  ],
  "a strict read of what was": [
    ["strict reads"],
    (_, operations) => [readAt(third(operations).done_ms + 1, 2, { bound_ms: 0 })],
  ],
  "a session that begins at an old primary": [
    ["strict reads"],
    (_, operations) => [readAt(third(operations).done_ms + 1, 2, { start: "first-primary" })],
  ],
  "a bookmark that is refused": [
    ["no refusal"],
    () => [read(0, { ok: false, error: "invalid bookmark: it is ahead of the database" })],
  ],
};

/**
 * An operation that begins at a bookmark and stays there, whatever it saw: a session never goes
 * back.
 */
function mark(it, bookmark) {
  return { ...it, start: bookmark, bookmark_before: bookmark, bookmark_after: bookmark };
}

const third = (operations) => operations.find(({ op }) => op === "w3");

test("a history that is in order has no violation", () => {
  assert.deepEqual(broken(() => []), []);
});

describe("each guarantee has a history that breaks it", () => {
  for (const [name, [guarantees, change]] of Object.entries(BREACHES)) {
    test(name, () => assert.deepEqual(broken(change), guarantees));
  }

  test("none is left out", () => {
    const covered = new Set(Object.values(BREACHES).flatMap(([guarantees]) => guarantees));
    assert.deepEqual([...covered].sort(), Object.keys(GUARANTEES).sort());
  });
});

describe("what may be", () => {
  for (const [name, late_ms, more] of [
    ["a read as old as its bound", 250, { bound_ms: 250 }],
    ["a read of a default handle within a second", 1_000],
    ["a strict read in the millisecond of the answer", 0, { bound_ms: 0 }],
  ]) {
    test(name, () => {
      const late = (_, operations) => [readAt(third(operations).done_ms + late_ms, 2, more)];
      assert.deepEqual(broken(late), []);
    });
  }

  test("a write without an answer may have happened, and been seen", () => {
    const add = (final) => {
      happen(final, "w9");
      return [read(4, { newest: "w9" })];
    };
    assert.deepEqual(broken(add), []);
  });

  test("operations beside each other may see each other or not", () => {
    const add = () => handle(read(3), read(2)).map((it) => ({ ...it, after: 0 }));
    assert.deepEqual(broken(add), []);
  });
});
