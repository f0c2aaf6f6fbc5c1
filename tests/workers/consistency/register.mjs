// The data that makes histories cheap to check: each write moves amounts between rows that all
// carry the same version, counts the version up, and enters itself into a log under it. So what a
// read sees is one number, the writes' total order is known exactly, and a torn write shows.

/** Rows, far enough apart for a write to change several pages. */
export const ROWS = 8;

export const SCHEMA = [
  `CREATE TABLE register
    (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, amount INTEGER NOT NULL, filler BLOB)`,
  "CREATE TABLE log (version INTEGER NOT NULL, op TEXT NOT NULL)",
  "CREATE INDEX log_by_version ON log (version)",
  `WITH RECURSIVE c (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c WHERE id < ${ROWS})
    INSERT INTO register SELECT id, 0, 0, randomblob(1500) FROM c`,
].join(";\n");

/** All writes that have happened, in their order. */
export const FINAL = "SELECT version, op FROM log ORDER BY version, rowid";

const VIEW = `SELECT min(version) AS low, max(version) AS high,
  sum(amount) AS sum, count(*) AS rows,
  (SELECT max(version) FROM log) AS version, (SELECT count(*) FROM log) AS commits,
  (SELECT op FROM log ORDER BY version DESC LIMIT 1) AS newest FROM register`;

/** By kind, the statements of an operation; the last one gives its view. */
export const statements = {
  read: () => [{ sql: VIEW }],
  read_batch: () => [{ sql: "SELECT count(*) FROM log" }, { sql: VIEW }],
  write: (op) => {
    const amount = op.length;
    const change =
      "UPDATE register SET version = version + 1, amount = amount + ? WHERE id % 2 = ?";
    return [
      { sql: change, params: [amount, 0] },
      { sql: change, params: [-amount, 1] },
      { sql: "INSERT INTO log SELECT max(version), ? FROM register", params: [op] },
      { sql: VIEW },
    ];
  },
};
