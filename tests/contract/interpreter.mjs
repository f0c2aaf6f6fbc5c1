// Makes the calls of a case on a database with D1's face, inside a Worker.
//
// Each case begins with an empty database, so that no case depends on the ones before it.

const EXOTIC = {
  "undefined": () => undefined,
  "bigint": (digits = "5") => BigInt(digits),
  "wide": () => 2n ** 63n,
  "symbol": () => Symbol("s"),
  "function": () => () => 1,
  "NaN": () => NaN,
  "Infinity": () => Infinity,
  "-0": () => -0,
  "object": () => ({ a: 1 }),
  "Date": () => new Date(0),
  "ArrayBuffer": () => new Uint8Array([1, 2, 255]).buffer,
  "Uint8Array": () => new Uint8Array([0, 1, 2, 255]).subarray(1),
  "Uint16Array": () => new Uint16Array([0, 1, 258]).subarray(1),
  "Float32Array": () => new Float32Array([1.5, 2, -1, 300]),
  "DataView": () => new DataView(new ArrayBuffer(4)),
  "BigInt64Array": () => new BigInt64Array([1n]),
};

const value = (param) => (param?.exotic ? EXOTIC[param.exotic](param.text) : param);

/** Answers a request whose body is the steps of a case, with the outcome of each. */
export async function interpret(request, database) {
  const body = await request.json();
  if (body.cases) return interpretAll(body.cases, database);
  const { outcomes, error } = await takeCase(body, database);
  if (error) return Response.json(error, { status: 500 });
  return new Response(JSON.stringify(outcomes, named));
}

/** The same for many cases, each with the size that the empty database had at its start. */
async function interpretAll(cases, database) {
  const answers = [];
  for (const steps of cases) answers.push(await takeCase(steps, database));
  return Response.json(answers);
}

async function takeCase(steps, database) {
  const emptied = await outcome(() => empty(database));
  if (emptied.error) return { error: emptied.error };
  const sessions = {};
  const outcomes = [];
  for (const step of steps) outcomes.push(await outcome(() => take(step, database, sessions)));
  return { size: emptied.value, outcomes };
}

// What JSON lacks goes back in the words in which it came.
function named(_, each) {
  if (typeof each === "bigint") return { exotic: "bigint", text: `${each}` };
  return each instanceof Uint8Array ? { exotic: "bytes", text: `${each}` } : each;
}

async function outcome(work) {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    const { message, cause } = error;
    return { error: { type: error.constructor.name, message, cause: cause?.message ?? null } };
  }
}

async function take({ call, session, sql, params, args = [], ...step }, database, sessions) {
  const target = session === undefined ? database : sessions[session];
  const prepare = (each) => {
    const statement = target.prepare(each.sql);
    return each.params === undefined ? statement : statement.bind(...each.params.map(value));
  };
  switch (call) {
    case "open": {
      const { constraint, bookmarkOf } = step;
      const start = bookmarkOf ? sessions[bookmarkOf].getBookmark() : constraint;
      sessions[session] = database.withSession(start);
      return null;
    }
    case "bookmark":
      return target.getBookmark();
    case "batch":
      return target.batch(step.statements.map(prepare));
    case "exec":
      return target.exec(sql);
    case "dump":
      return target.dump();
    case "query": {
      const bookmark = step.bookmark === "previous" ? sessions.bookmark : step.bookmark;
      const queries = step.queries.map((each) => ({ ...each, params: each.params.map(value) }));
      const response = await target.query({ queries, ...(bookmark && { bookmark }) });
      sessions.bookmark = response.bookmark;
      return response;
    }
    default:
      return prepare({ sql, params })[call](...args);
  }
}

const OWN_TABLES =
  "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') " +
  "AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' " +
  // A virtual table takes its shadow tables along. Of others the newer may refer to the older.
  "ORDER BY coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL %', rowid DESC";

/** What the last row id is at the start of a case, since it stays with the connection. */
const START = "CREATE TABLE start (id INTEGER PRIMARY KEY)";

/** Answers the size that is left. */
async function empty(database) {
  const { results } = await database.prepare(OWN_TABLES).all();
  const drop = ({ type, name }) => `DROP ${type} IF EXISTS "${name.replaceAll('"', '""')}"`;
  const statements = ["PRAGMA defer_foreign_keys = ON", ...results.map(drop)];
  statements.push("DROP TABLE IF EXISTS sqlite_stat1");
  statements.push(START, "INSERT INTO start VALUES (0)", "DROP TABLE start");
  const dropped = await database.batch(statements.map((sql) => database.prepare(sql)));
  return dropped.at(-1).meta.size_after;
}
