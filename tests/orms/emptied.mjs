// An empty database for each case: every table is dropped, those that refer to another one first.
//
// Dropping a table deletes its rows, with all that foreign keys demand, and that fails when a table
// on the way is gone already.

const OWN =
  "s.type IN ('table', 'view') AND s.name NOT GLOB 'sqlite_*' AND s.name NOT GLOB '_cf_*'";
const TABLES = `SELECT type, name FROM sqlite_schema AS s WHERE ${OWN}`;
const REFERENCES =
  'SELECT s.name AS child, f."table" AS parent FROM sqlite_schema AS s, ' +
  `pragma_foreign_key_list(s.name) AS f WHERE ${OWN} AND s.name <> f."table"`;

export async function empty(database) {
  const [{ results: left }, { results: references }] = await database.batch([
    database.prepare(TABLES),
    database.prepare(REFERENCES),
  ]);
  const drops = [];
  while (left.length > 0) {
    const isFree = ({ name }) =>
      !references.some(({ child, parent }) =>
        parent === name && left.some((other) => other.name === child));
    const at = left.findIndex(isFree);
    const [{ type, name }] = left.splice(Math.max(at, 0), 1);
    drops.push(database.prepare(`DROP ${type} "${name}"`));
  }
  if (drops.length > 0) {
    await database.batch([database.prepare("PRAGMA defer_foreign_keys = ON"), ...drops]);
  }
}
