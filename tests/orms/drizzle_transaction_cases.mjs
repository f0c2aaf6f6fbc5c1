// drizzle's transactions, which are SQL that a handle with the option `transactions` takes; and drizzle
// over a transaction of the database's own.

import assert from "node:assert/strict";

import { eq, TransactionRollbackError } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";

import { ADA, BOB, TABLES } from "./drizzle_database.mjs";
import * as schema from "./drizzle_schema.mjs";

const { posts, users } = schema;

const D1_HAS_NONE = { d1: "D1 has no transactions of several requests" };

/** The `run` of a case: drizzle over a handle that takes transactions, and over another one. */
const withTransactions = (work) => async ({ DB, open }) => {
  const others = drizzle(open({ max_staleness_ms: 0 }), { schema });
  await migrate(drizzle(DB), TABLES);
  await work(drizzle(open({ transactions: true }), { schema }), others);
};

const emails = async (db) => {
  const found = await db.query.users.findMany({ columns: { email: true }, orderBy: users.id });
  return found.map(({ email }) => email);
};

const user = (n) => ({ email: `${n}@x.test` });

export const drizzleTransactionCases = [
  {
    name: "a transaction is committed, and not seen before",
    except: D1_HAS_NONE,
    run: withTransactions(async (db, others) => {
      const title = await db.transaction(async (tx) => {
        const [{ id }] = await tx.insert(users).values(ADA).returning();
        await tx.insert(posts).values({ authorId: id, title: "one" });
        assert.deepEqual([await emails(tx), await emails(others)], [[ADA.email], []]);
        const found = await tx.query.users.findFirst({ with: { posts: true } });
        return found.posts[0].title;
      });
      assert.equal(title, "one");
      assert.deepEqual([await emails(db), await emails(others)], [[ADA.email], [ADA.email]]);
    }),
  },
  {
    name: "its behaviours",
    except: D1_HAS_NONE,
    run: withTransactions(async (db, others) => {
      const behaviors = ["deferred", "immediate", "exclusive"];
      for (const [n, behavior] of behaviors.entries()) {
        await db.transaction((tx) => tx.insert(users).values(user(n)), { behavior });
      }
      assert.equal((await emails(others)).length, 3);
    }),
  },
  {
    name: "rollback() takes it back",
    except: D1_HAS_NONE,
    run: withTransactions(async (db, others) => {
      const work = async (tx) => {
        await tx.insert(users).values(ADA);
        tx.rollback();
      };
      await assert.rejects(db.transaction(work), TransactionRollbackError);
      assert.deepEqual([await emails(db), await emails(others)], [[], []]);
    }),
  },
  {
    name: "an error takes it back",
    except: D1_HAS_NONE,
    run: withTransactions(async (db, others) => {
      const work = async (tx) => {
        await tx.insert(users).values(BOB);
        await tx.insert(users).values(BOB);
      };
      await assert.rejects(db.transaction(work), ({ cause }) =>
        /UNIQUE constraint failed: users\.email/.test(cause.message));
      await db.insert(users).values(ADA);
      assert.deepEqual(await emails(others), [ADA.email]);
    }),
  },
  {
    name: "a nested one is taken back alone",
    except: D1_HAS_NONE,
    run: withTransactions(async (db, others) => {
      await db.transaction(async (tx) => {
        await tx.insert(users).values(ADA);
        const inner = async (nested) => {
          await nested.insert(users).values(BOB);
          await nested.transaction((innermost) => innermost.insert(users).values(user(3)));
          nested.rollback();
        };
        await assert.rejects(tx.transaction(inner), TransactionRollbackError);
        await tx.transaction((nested) => nested.insert(users).values(user(4)));
        assert.deepEqual(await emails(tx), [ADA.email, "4@x.test"]);
      });
      assert.deepEqual(await emails(others), [ADA.email, "4@x.test"]);
    }),
  },
  {
    name: "without the option it fails, as on D1",
    async run({ DB }) {
      const db = drizzle(DB, { schema });
      await migrate(db, TABLES);
      const failed = db.transaction((tx) => tx.insert(users).values(ADA));
      await assert.rejects(failed, ({ cause }) => /To execute a transaction, /.test(cause.message));
      assert.deepEqual(await emails(db), []);
    },
  },
  {
    name: "drizzle over a transaction of the database",
    except: D1_HAS_NONE,
    async run({ DB }) {
      const db = drizzle(DB, { schema });
      await migrate(db, TABLES);
      await DB.transaction(async (transaction) => {
        const tx = drizzle(transaction, { schema });
        const [[{ id }]] = await tx.batch([
          tx.insert(users).values(ADA).returning(),
          tx.insert(users).values(BOB),
        ]);
        const [{ n }] = await tx.select({ n: users.name }).from(users).where(eq(users.id, id));
        assert.equal(n, ADA.name);
      });
      assert.deepEqual(await emails(db), [ADA.email, BOB.email]);
    },
  },
];
