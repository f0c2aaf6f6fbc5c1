// Aim: what the class decides by itself about transactions: what is run again and what never is, which
// requests it sends, and which SQL begins and ends one.
// Method: a transport that plays a script back. What a real server decides is in transactions.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { D1Database } from "../bindings/js/src/database.ts";
import { transactionStatement } from "../bindings/js/src/transaction_statement.ts";
import { bookmark, grid } from "./support/scripted.mjs";

const NAME = "00000000000000ab";
const ROW = JSON.stringify(grid(["a"], [[1]]));
const failure = (code) => JSON.stringify({ success: false, error: "x", code });
const BUSY = failure("TRANSACTION_BUSY");
const ENDED = failure("TRANSACTION_ENDED");
const LOST = new Error("Network connection lost.");

/**
 * A database whose server gives these answers, each a text, a promise of one or an error, by the last part
 * of the path; the last one for ever.
 */
function serving(answers, options) {
  const paths = [];
  const all = { begin: [NAME], query: [ROW], commit: ["{}"], rollback: ["{}"], nest: ["{}"], ...answers };
  const transport = {
    async send(path) {
      paths.push(path);
      const given = all[path.match(/(\w+)\?/)[1]];
      const answer = await (given.length > 1 ? given.shift() : given[0]);
      if (answer instanceof Error) throw answer;
      return { text: answer, bookmark: bookmark(paths.length) };
    },
  };
  return { database: new D1Database(transport, options), paths };
}

const asks = (paths) => paths.map((path) => path.match(/(\w+)\?/)[1]);
const work = (tx) => tx.prepare("S").first("a");

test("it begins, sends its statements by name, and commits", async () => {
  const { database, paths } = serving({});
  assert.equal(await database.transaction(work), 1);
  assert.deepEqual(paths, [
    "/transaction/begin?mode=write",
    `/query?resultsFormat=COMPACT&transaction=${NAME}`,
    `/transaction/commit?transaction=${NAME}`,
  ]);
  await database.transaction(() => {}, { mode: "read" });
  assert.equal(paths[3], "/transaction/begin?mode=read");
});

for (const [what, answers, expected] of [
  ["a begin that is refused", { begin: [BUSY, BUSY, NAME] }, "begin begin begin query commit"],
  ["a statement that comes too late", { query: [ENDED, ROW] }, "begin query begin query commit"],
  ["a commit that comes too late", { commit: [ENDED, "{}"] }, "begin query commit begin query commit"],
]) {
  test(`${what} has it run again`, async () => {
    const { database, paths } = serving(answers);
    assert.equal(await database.transaction(work), 1);
    assert.equal(asks(paths).join(" "), expected);
  });
}

test("retries are bounded", async () => {
  for (const [answers, each] of [
    [{ begin: [BUSY] }, ["begin"]],
    [{ query: [ENDED] }, ["begin", "query"]],
    [{ commit: [ENDED] }, ["begin", "query", "commit"]],
  ]) {
    for (const retries of [0, 2]) {
      const { database, paths } = serving(answers);
      await assert.rejects(database.transaction(work, { retries }), /D1_ERROR: x/);
      assert.deepEqual(asks(paths), Array.from({ length: retries + 1 }, () => each).flat());
    }
  }
});

for (const [what, answer] of [["lost", LOST], ["no answer", "error code: 1031"]]) {
  test(`a commit whose answer is ${what} is not known, and never repeated`, async () => {
    const { database, paths } = serving({ commit: [answer] });
    await assert.rejects(database.transaction(work), ({ message, code }) => {
      assert.match(message, /^D1_ERROR: It is not known whether the transaction was committed: /);
      assert.equal(code, undefined);
      return true;
    });
    assert.deepEqual(asks(paths), ["begin", "query", "commit"]);
  });
}

test("what was lost before the commit is passed on, and the rest taken back", async () => {
  const one = serving({ query: [LOST] });
  await assert.rejects(one.database.transaction(work), (error) => error === LOST);
  assert.deepEqual(asks(one.paths), ["begin", "query", "rollback"]);
  const none = serving({ begin: [LOST] });
  await assert.rejects(none.database.transaction(work), (error) => error === LOST);
  assert.deepEqual(asks(none.paths), ["begin"]);
});

test("an error is passed on even if the rollback fails", async () => {
  for (const rollback of [LOST, ENDED, BUSY]) {
    const { database, paths } = serving({ rollback: [rollback] });
    const thrown = new Error("mine");
    const failing = () => Promise.reject(thrown);
    await assert.rejects(database.transaction(failing), (error) => error === thrown);
    assert.deepEqual(asks(paths), ["begin", "rollback"]);
  }
});

test("the end waits for what nobody awaits", async () => {
  let answer;
  const { database, paths } = serving({ query: [new Promise((resolve) => (answer = resolve))] });
  const done = database.transaction((tx) => void work(tx));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(asks(paths), ["begin", "query"]);
  answer(ROW);
  await done;
  assert.deepEqual(asks(paths), ["begin", "query", "commit"]);
});

test("a session goes on with what was committed", async () => {
  const { database } = serving({});
  const session = database.withSession("first-primary");
  await session.transaction(work);
  assert.equal(session.getBookmark(), bookmark(3));
});

test("a handle's BEGIN and COMMIT are requests of their own", async () => {
  const { database, paths } = serving({}, { transactions: true });
  for (const sql of ["S", "BEGIN", "S", "SAVEPOINT a", "COMMIT", "S"]) await database.prepare(sql).run();
  assert.deepEqual(asks(paths), ["query", "begin", "query", "nest", "commit", "query"]);
  assert.deepEqual(paths.map((path) => path.includes(NAME)), [false, false, true, true, true, false]);
});

test("a BEGIN that fails begins nothing", async () => {
  const { database, paths } = serving({ begin: [BUSY, LOST, NAME] }, { transactions: true });
  const begin = () => database.prepare("BEGIN").run();
  await assert.rejects(begin(), ({ code }) => code === "TRANSACTION_BUSY");
  await assert.rejects(begin(), (error) => error === LOST);
  await database.prepare("S").run();
  await begin();
  assert.deepEqual(asks(paths), ["begin", "begin", "query", "begin"]);
});

for (const [sql, expected] of [
  ["BEGIN", "begin write"],
  [" begin /* a */ transaction ; ", "begin write"],
  ["BEGIN DEFERRED TRANSACTION", "begin write"],
  ["-- a\n/* * */BEGIN IMMEDIATE", "begin write"],
  ["BEGIN EXCLUSIVE -- a", "begin write"],
  ["BEGIN READONLY", "begin read"],
  ["BEGIN TRANSACTION READONLY", "begin read"],
  ["COMMIT", "commit"],
  ["End Transaction;", "commit"],
  ["ROLLBACK", "roll back"],
  ["rollback transaction", "roll back"],
  ["ROLLBACK TO a", "nest"],
  ["ROLLBACK TRANSACTION TO SAVEPOINT a", "nest"],
  ["SAVEPOINT a", "nest"],
  ["release a", "nest"],
  ["BEGIN x", undefined],
  ["BEGIN; COMMIT", undefined],
  ["COMMIT; SELECT 1", undefined],
  ["BEGINS", undefined],
  ["SELECT 'BEGIN'", undefined],
  ["/* BEGIN", undefined],
  ["", undefined],
]) {
  test(`SQL that is ${expected ?? "nothing of it"}: ${JSON.stringify(sql)}`, () => {
    const statement = transactionStatement(sql);
    const told = statement && [statement.does, statement.mode].filter(Boolean).join(" ");
    assert.equal(told, expected);
  });
}

test("a text of many comments is told in no time", () => {
  const begun = Date.now();
  for (const text of ["/**/", "/* a */ -- b\n", "--\n", "/*"]) {
    assert.equal(transactionStatement(`${text.repeat(20_000)} SELECT 1`), undefined);
  }
  assert.ok(Date.now() - begun < 1_000);
});
