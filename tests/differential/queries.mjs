// SELECT in all its forms: joins, compounds, subqueries, common table expressions, windows.

import { batch } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE a (id INTEGER PRIMARY KEY, g TEXT, n INTEGER)",
  "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER, v TEXT)",
  "CREATE INDEX ba ON b (a)",
  "INSERT INTO a VALUES (1, 'x', 10), (2, 'x', 20), (3, 'y', 30), (4, 'y', NULL), (5, NULL, 50)",
  "INSERT INTO b VALUES (1, 1, 'p'), (2, 1, 'q'), (3, 3, 'r'), (4, 9, 's'), (5, NULL, 't')",
);
const windows = (...columns) => columns.map((each) => `SELECT id, ${each} AS w FROM a ORDER BY id`);
const FRAMES = [
  "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "RANGE BETWEEN 10 PRECEDING AND 10 FOLLOWING", "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
  "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING", "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW", "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP", "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES",
];

export const queries = topic("queries", {
  "joins": [SCHEMA, ...[
    "SELECT a.id, b.v FROM a JOIN b ON b.a = a.id", "SELECT a.id, b.v FROM a LEFT JOIN b ON b.a = a.id", "SELECT a.id, b.v FROM a RIGHT JOIN b ON b.a = a.id", "SELECT a.id, b.id FROM a FULL JOIN b ON b.a = a.id", "SELECT a.id, b.id FROM a FULL OUTER JOIN b ON b.a = a.id WHERE a.id IS NULL", "SELECT count(*) FROM a CROSS JOIN b", "SELECT count(*) FROM a, b",
    "SELECT * FROM a JOIN b USING (id)", "SELECT * FROM a NATURAL JOIN b", "SELECT * FROM a NATURAL LEFT JOIN b", "SELECT id FROM a FULL JOIN b USING (id)", "SELECT x.id, y.id FROM a x JOIN a y ON x.g = y.g AND x.id < y.id", "SELECT a.id FROM a LEFT JOIN b ON b.a = a.id WHERE b.id IS NULL", "SELECT a.*, b.* FROM a INNER JOIN b ON a.id = b.id LIMIT 1",
    "SELECT * FROM a JOIN b ON b.a = a.id JOIN a AS c ON c.id = b.id", "SELECT * FROM (a JOIN b ON a.id = b.a) WHERE v = 'p'", "SELECT a.id FROM a LEFT JOIN (b JOIN a c ON c.id = b.a) ON b.id = a.id",
  ]],
  "groups and orders": [SCHEMA, ...[
    "SELECT g, count(*), sum(n), avg(n), min(n), max(n) FROM a GROUP BY g", "SELECT g, count(n) FROM a GROUP BY g HAVING count(n) > 1", "SELECT g, id, max(n) FROM a GROUP BY g", "SELECT count(DISTINCT g), count(DISTINCT n) FROM a", "SELECT DISTINCT g FROM a", "SELECT DISTINCT g, n > 15 FROM a ORDER BY 1, 2", "SELECT * FROM a ORDER BY n DESC NULLS LAST", "SELECT * FROM a ORDER BY n NULLS LAST, id DESC",
    "SELECT g AS k FROM a GROUP BY k ORDER BY count(*) DESC, k", "SELECT id FROM a ORDER BY g, n DESC LIMIT 2 OFFSET 1", "SELECT id FROM a LIMIT 1, 2", "SELECT group_concat(v ORDER BY id DESC), group_concat(DISTINCT a) FROM b", "SELECT count(*) FILTER (WHERE n > 15), sum(n) FILTER (WHERE 0) FROM a", "SELECT sum(n) FROM a WHERE 0", "SELECT g FROM a WHERE 0 GROUP BY g", "SELECT 1 FROM a GROUP BY ()",
    "SELECT id % 2 AS odd, count(*) FROM a GROUP BY 1", "SELECT g FROM a GROUP BY g HAVING g IS NOT NULL ORDER BY -count(*)", "SELECT n FROM a ORDER BY id + 0 DESC", "SELECT * FROM a NOT INDEXED ORDER BY id DESC LIMIT 1",
  ]],
  "compounds": [SCHEMA, ...[
    "SELECT id FROM a UNION SELECT a FROM b", "SELECT id FROM a UNION ALL SELECT a FROM b", "SELECT id FROM a INTERSECT SELECT a FROM b", "SELECT id FROM a EXCEPT SELECT a FROM b", "SELECT id, g FROM a UNION SELECT id, v FROM b ORDER BY 2 DESC, 1 LIMIT 3", "SELECT 1 AS x UNION SELECT 2 AS y", "VALUES (1, 'a'), (2, 'b')", "VALUES (1) UNION VALUES (2)", "SELECT * FROM (VALUES (1, 2), (3, 4))",
    "SELECT 1 UNION SELECT 1.0", "SELECT 'a' UNION SELECT 'A' COLLATE NOCASE", "SELECT 1 EXCEPT SELECT 1 UNION ALL SELECT 2", "SELECT * FROM (SELECT 1 UNION ALL SELECT 2) ORDER BY 1 DESC", "SELECT id FROM a UNION ALL SELECT id FROM b ORDER BY id LIMIT 4 OFFSET 2",
  ]],
  "subqueries": [SCHEMA, ...[
    "SELECT id, (SELECT count(*) FROM b WHERE b.a = a.id) AS n FROM a", "SELECT id FROM a WHERE id IN (SELECT a FROM b)", "SELECT id FROM a WHERE id NOT IN (SELECT a FROM b)", "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a = a.id)", "SELECT id FROM a WHERE n > (SELECT avg(n) FROM a)", "SELECT (SELECT v FROM b ORDER BY id DESC) AS v", "SELECT (SELECT v FROM b WHERE 0) AS v",
    "SELECT * FROM (SELECT g, sum(n) AS s FROM a GROUP BY g) WHERE s > 30", "SELECT id FROM a WHERE (g, n) IN (SELECT 'x', 10)", "SELECT id FROM a WHERE n = (SELECT max(n) FROM a AS c WHERE c.g IS a.g)", "SELECT a.id, s.v FROM a JOIN (SELECT a, max(v) AS v FROM b GROUP BY a) AS s ON s.a = a.id", "SELECT 1 WHERE (SELECT 0) = 0",
  ]],
  "common table expressions": [SCHEMA, ...[
    "WITH c AS (SELECT * FROM a WHERE n > 10) SELECT count(*) FROM c", "WITH c (x) AS (VALUES (1), (2)), d AS (SELECT x * 2 AS y FROM c) SELECT * FROM c, d", "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT sum(n), count(*) FROM r", "WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT (n * 2) % 7 FROM r) SELECT * FROM r",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r LIMIT 5) SELECT * FROM r", "WITH RECURSIVE t (id, path) AS (SELECT id, v FROM b WHERE id = 1 UNION ALL SELECT b.id, path || '/' || v FROM b JOIN t ON b.id = t.id + 1) SELECT * FROM t", "WITH RECURSIVE f (a, b) AS (VALUES (0, 1) UNION ALL SELECT b, a + b FROM f WHERE b < 100) SELECT group_concat(a) FROM f",
    "WITH c AS MATERIALIZED (SELECT 1 AS x) SELECT * FROM c AS p, c AS q", "WITH c AS NOT MATERIALIZED (SELECT id FROM a) SELECT max(id) FROM c", "WITH a AS (SELECT 'shadow' AS s) SELECT * FROM a", "SELECT * FROM (WITH c AS (SELECT 5 AS five) SELECT five FROM c)", "WITH RECURSIVE r (n) AS (SELECT 5 UNION ALL SELECT n - 1 FROM r WHERE n > 1 ORDER BY 1) SELECT * FROM r", "WITH unused AS (SELECT * FROM nope) SELECT 1",
  ]],
  "window functions": [SCHEMA, ...windows(
    "row_number() OVER ()", "row_number() OVER (ORDER BY n DESC)", "rank() OVER (ORDER BY g)", "dense_rank() OVER (ORDER BY g)", "percent_rank() OVER (ORDER BY n)", "cume_dist() OVER (ORDER BY n)", "ntile(2) OVER (ORDER BY id)", "lag(n) OVER (ORDER BY id)", "lag(n, 2, -1) OVER (ORDER BY id)", "lead(g) OVER (PARTITION BY g ORDER BY id)", "first_value(n) OVER (PARTITION BY g ORDER BY id)",
    "last_value(n) OVER (ORDER BY id)", "nth_value(n, 2) OVER (ORDER BY id)", "sum(n) OVER (PARTITION BY g)", "sum(n) OVER (ORDER BY id)", "count(*) OVER ()", "avg(n) OVER (PARTITION BY g ORDER BY n)", "group_concat(g) OVER (ORDER BY id)", "max(n) OVER w", "sum(n) FILTER (WHERE n > 10) OVER (ORDER BY id)", "total(n) OVER (ORDER BY n DESC NULLS LAST)",
  ), "SELECT id, rank() OVER w AS r, sum(n) OVER (w ROWS 1 PRECEDING) AS s FROM a WINDOW w AS (PARTITION BY g ORDER BY id)", "SELECT g, sum(sum(n)) OVER (ORDER BY g) FROM a GROUP BY g", "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY g ORDER BY n DESC) AS rn FROM a) WHERE rn = 1", "SELECT DISTINCT count(*) OVER (PARTITION BY g) FROM a"],
  "window frames": [SCHEMA, ...windows(...FRAMES.map((frame) => `sum(n) OVER (ORDER BY n ${frame})`), ...FRAMES.map((frame) => `count(*) OVER (PARTITION BY g ORDER BY n ${frame})`))],
  "duplicate and odd columns": [SCHEMA, "SELECT a.id, b.id FROM a JOIN b ON a.id = b.id LIMIT 1", "SELECT 1 AS x, 2 AS x, 3 AS y, 4 AS x", "SELECT * FROM a x JOIN a y USING (id, g) LIMIT 1", "SELECT 1 AS \"__proto__\", 2 AS constructor, 3 AS toString", "SELECT 1 AS \"2\", 2 AS \"1\", 3 AS a", "SELECT 1 AS a, 2 AS A"],
});
