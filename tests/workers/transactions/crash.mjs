// The Isolite Worker with doors for a test that kills it:
//
//   POST /open    begins a transaction, writes, answers, and leaves it open
//   POST /write   writes one row
//   POST /rows    the rows

import { isolite } from "../../../bindings/js/src/embedded.ts";

export {
  Database, default as Entrypoint, IsoliteDirectory, IsolitePrimary, IsoliteReplica, IsoliteUpload,
} from "../../../bindings/js/src/worker.ts";

export default {
  async fetch(request, env, context) {
    const DB = isolite(env, "crash");
    await DB.exec("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, text)");
    const row = "INSERT INTO t (text) VALUES (printf('%.*c', 3000, 'x'))";
    switch (new URL(request.url).pathname) {
      case "/open":
        await new Promise((written, failed) => {
          const transaction = DB.transaction(async (tx) => {
            // So many that SQLite's cache does not hold them.
            for (let i = 0; i < 10; i++) await tx.batch(Array(300).fill(tx.prepare(row)));
            await tx.exec("CREATE TABLE u (a)");
            written();
            await scheduler.wait(60_000);
          });
          context.waitUntil(transaction.catch(failed));
        });
        break;
      case "/write":
        await DB.prepare(row).run();
    }
    const count = await DB.withSession("first-primary").prepare("SELECT count(*) AS c FROM t").first("c");
    const tables = await DB.prepare("SELECT name FROM sqlite_schema WHERE name = 'u'").raw();
    return Response.json([count, tables.length]);
  },
};
