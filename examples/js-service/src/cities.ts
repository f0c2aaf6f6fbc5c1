/** Cities by the beginning of their name, if the table has been loaded; null if it has not. */

const TABLE = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'cities'";
const CITIES = "SELECT * FROM cities WHERE name LIKE ?1 || '%' ORDER BY name LIMIT 10";

export async function findCities(db: D1Database, start: string): Promise<unknown[] | null> {
  const table = await db.prepare(TABLE).first("name");
  if (table === null) return null;
  const { results } = await db.prepare(CITIES).bind(start).all();
  return results;
}
