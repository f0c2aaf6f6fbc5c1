// Expressions and functions: texts, numbers, dates, patterns, collations, conditions.
//
// Dates have fixed arguments; what asks the clock is only asked for its type.

import { topic } from "./case.mjs";

const select = (...expressions) => expressions.map((each) => `SELECT ${each}`);

export const expressions = topic("expressions", {
  "text functions": select(
    "length('héllo'), length(x'0102'), length(123), length(NULL), octet_length('é')", "upper('aé'), lower('AÉ'), trim('  a '), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim('xyaxy', 'xy')",
    "substr('hello', 2), substr('hello', -3, 2), substr('hello', 0, 3), substr('hello', 2, -1), substring('日本語', 2, 1), substr(x'010203', 2)", "replace('aXbX', 'X', 'yy'), replace('a', '', 'b'), instr('hello', 'l'), instr('a', ''), instr(x'0102', x'02')",
    "printf('%5d|%-5d|%05d|%x|%X|%o|%e|%g|%c|%%', 1, 2, 3, 255, 255, 8, 1.5, 0.0001, 'xyz')", "printf('%s %q %Q %w', 'a', 'it''s', NULL, 'x\"y'), format('%.3f %,d %!.15g', 2.0/3, 1234567, 0.1)", "quote('it''s'), quote(NULL), quote(1.0), quote(x'01'), hex('é'), unhex('4142'), unicode('€'), char(8364, 65)",
    "concat('a', NULL, 1), concat_ws(',', 'a', NULL, 'b'), 'a' || NULL, 'a' || 1.0", "coalesce(NULL, NULL, 3), ifnull(NULL, 2), nullif(1, 1), iif(1 > 2, 'y', 'n'), iif(0, 1)", "group_concat(a, '-'), string_agg(a, '+'), count(*) FROM (VALUES (1), (2), (NULL)) AS x (a)",
  ),
  "numeric functions": select(
    "abs(-5), abs(-5.5), abs('x'), abs(NULL), sign(-2), sign(0), sign('x')", "round(2.5), round(-2.5), round(1.005, 2), round(1234.567, -2), round(1e300)", "max(1, 2.5, 2), min('a', 'B'), max(1, NULL)", "ceil(1.2), floor(-1.2), trunc(1.9), mod(7.5, 2), pow(2, 10), sqrt(2), exp(1), ln(10), log(100), log2(8)",
    "sin(1), cos(1), tan(1), asin(1), acos(0), atan(1), atan2(1, 2), sinh(1), cosh(1), tanh(1), pi()", "radians(180), degrees(3.14159), sqrt(-1), ln(0), acos(2)", "typeof(random()), typeof(randomblob(3)), length(randomblob(0)), hex(zeroblob(2))", "avg(a), sum(a), total(a), min(a), max(a) FROM (VALUES (1), (2), (4)) AS x (a)",
    "avg(a), sum(a), total(a), min(a), count(a) FROM (SELECT 1 AS a WHERE 0)", "sum(a), typeof(sum(a)) FROM (VALUES (0.1), (0.2), (0.3)) AS x (a)", "7 / 2, -7 / 2, 7 % -3, 7.5 % 2, 5 & 3, 5 | 3, ~5, 1 << 3, -8 >> 1, +5, - -5", "1 + '2', '3' * '4', 'a' + 1, 1 || 2, '10' < 9, 10 < '9', 1 = '1'",
    "0.1 + 0.2 = 0.3, 1e15 + 0.3, 9007199254740993 - 1, 1.0 * 9223372036854775807", "sum(a) FROM (VALUES (9223372036854775807), (1.0)) AS x (a)",
  ),
  "dates": select(
    "date('2024-02-29', '+1 year'), date('2024-01-31', '+1 month'), date('2024-01-31', '+1 month', 'floor'), date('2024-03-31', '-1 month', 'ceiling')", "time('12:34:56.789'), time('12:34'), time('25:00'), time('12:34:56', '+90 minutes')", "datetime('2024-05-06 07:08:09', 'start of month', '+1 month', '-1 day')",
    "datetime(1700000000, 'unixepoch'), datetime(1700000000.5, 'unixepoch', 'subsec'), datetime(2460000.5), datetime('2024-01-01T00:00:00Z')", "julianday('2000-01-01 12:00:00'), unixepoch('2000-01-01'), unixepoch('2000-01-01 00:00:00.5', 'subsec')", "strftime('%Y-%m-%d %H:%M:%S %f %j %w %W %s %J %u %e %k %l %I %p %P %R %T %F %G %g %V %U', '2024-02-29 15:04:05.678')",
    "strftime('%Q', '2024-01-01'), date('2024-13-01'), date('now') IS NOT NULL, date('0000-01-01'), date('9999-12-31', '+1 day')", "timediff('2024-03-01', '2024-02-01'), timediff('2024-01-01', '2025-06-15 12:00')", "date('2024-01-01', 'weekday 0'), date('2024-01-01', 'auto'), date(1704067200, 'auto'), date('2024-01-01', '+1 fortnight')", "typeof(CURRENT_TIMESTAMP), length(CURRENT_DATE), length(CURRENT_TIME), datetime('2024-06-01', 'localtime'), datetime('2024-06-01', 'utc')",
    "strftime('%s', 'now') - unixepoch() BETWEEN -2 AND 2, abs(julianday('now') - julianday(CURRENT_TIMESTAMP)) < 0.1", "date('2024-01-01', '+1-02-03'), datetime('2024-01-01', '+1-02-03 04:05:06'), datetime('2024-01-01 00:00', '+5:30'), datetime('2024-01-01 12:00+02:00')",
  ),
  "LIKE and GLOB": select(
    "'abc' LIKE 'A_c', 'abc' LIKE '%B%', 'a%c' LIKE 'a\\%c' ESCAPE '\\', 'É' LIKE 'é', NULL LIKE 'a', 'a' NOT LIKE 'b', 1 LIKE 1", "'abc' GLOB 'a*', 'abc' GLOB 'A*', 'abc' GLOB '[a-c]??', 'a]' GLOB 'a[]]', 'abc' GLOB '[^a]*', 'a*' GLOB 'a[*]'", "like('A%', 'abc'), like('a!%', 'a%', '!'), glob('a?', 'ab')", "'x' LIKE '', '' LIKE '%', '%' LIKE '\\%' ESCAPE '\\', 'ab' LIKE 'a\\' ESCAPE '\\'",
  ),
  "CASE, IN and BETWEEN": select(
    "CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END, CASE 3 WHEN 1 THEN 1 END, CASE WHEN NULL THEN 1 ELSE 2 END, CASE NULL WHEN NULL THEN 1 ELSE 0 END", "1 IN (1, 2), 1 IN (), 3 NOT IN (1, 2), NULL IN (1), 1 IN (NULL, 2), 1 IN (NULL, 1), '1' IN (1), (1, 2) IN ((1, 2), (3, 4))", "(1, 2) IN (VALUES (1, 2)), 1 IN (SELECT 1 UNION SELECT 2), EXISTS (SELECT 1 WHERE 0), NOT EXISTS (SELECT 1)",
    "2 BETWEEN 1 AND 3, 2 NOT BETWEEN 3 AND 1, 'b' BETWEEN 'a' AND 'c', NULL BETWEEN 1 AND 2", "(1, 'b') < (1, 'c'), (1, NULL) = (1, NULL), (1, 2) BETWEEN (1, 1) AND (1, 3), (1, NULL) IS (1, NULL)", "NOT 1, NOT NULL, 1 AND NULL, 0 AND NULL, 1 OR NULL, 5 IS NOT NULL, 5 ISNULL, 5 NOTNULL, 5 NOT NULL, TRUE, FALSE, 2 IS TRUE, TRUE + TRUE",
  ),
  "collations": [
    "CREATE TABLE c (b TEXT, n TEXT COLLATE NOCASE, r TEXT COLLATE RTRIM)", "INSERT INTO c VALUES ('a', 'a', 'a'), ('B', 'B', 'a  '), ('A', 'A', 'b'), ('é', 'É', 'b ')", "SELECT b FROM c ORDER BY b", "SELECT n FROM c ORDER BY n, b", "SELECT r, length(r) FROM c ORDER BY r, b", "SELECT DISTINCT n FROM c", "SELECT DISTINCT r FROM c", "SELECT count(*) FROM c WHERE n = 'A'", "SELECT count(*) FROM c WHERE r = 'a'",
    "SELECT n FROM c GROUP BY n HAVING count(*) > 1", "SELECT 'a' = 'A' COLLATE NOCASE, 'a' COLLATE NOCASE = 'A', 'a ' = 'a' COLLATE RTRIM, 'É' = 'é' COLLATE NOCASE", "SELECT b FROM c ORDER BY b COLLATE NOCASE DESC, b", "SELECT min(n), max(n), min(b), max(b) FROM c", "CREATE INDEX ci ON c (b COLLATE NOCASE)", "SELECT b FROM c WHERE b = 'A' COLLATE NOCASE", "SELECT b FROM c WHERE b COLLATE NOCASE IN ('a')",
  ],
  "quoting": [
    "CREATE TABLE \"a table\" (\"a column\" TEXT, [b column] TEXT, `c column` TEXT, \"select\" INT, \"é\" INT, \"a\"\"b\" INT)", "INSERT INTO \"a table\" VALUES (1, 2, 3, 4, 5, 6)", "SELECT * FROM \"a table\"", "SELECT \"a column\", [b column], `c column`, \"select\", é, \"a\"\"b\" FROM [a table]", "SELECT 'text', \"not a column\"", "SELECT 'it''s', \"a column\" AS 'quoted alias' FROM `a table`", "SELECT 1 AS \"\", 2 AS ' ', 3 AS \"日本\"",
  ],
  "names of columns that are expressions": select(
    "1, 1 + 1, 'a', \"b\", NULL, x'00', -5, 1.50, abs( -1 ), count(*), (SELECT 1)", "1 AS a, 2 a, 3 AS 'a b', 4 \"q\", 5 AS [x]", "max(a), a FROM (SELECT 1 AS a)", "t.a, t.*, *, rowid FROM (SELECT 1 AS a) AS t", "t.a, t.b AS c, u.a FROM (SELECT 1 AS a, 2 AS b) t, (SELECT 3 AS a) u", "CASE WHEN 1 THEN 2 END, CAST(1 AS TEXT), 1 IN (1), NOT 1", "/* c */ 1 /* d */ + 2 -- e",
  ),
  "expressions that nothing decides": select("1 WHERE NULL", "1 WHERE 'a'", "1 WHERE '1'", "1 WHERE 0.5", "1 WHERE x''", "count(*) FROM (SELECT 1) HAVING 0", "1 LIMIT 0", "1 LIMIT 1 OFFSET 1", "1 LIMIT -1 OFFSET 0", "1 LIMIT 2 - 1", "1 LIMIT '1'", "1 LIMIT 1.0", "1 LIMIT 'x'", "1 LIMIT 1.5", "1 LIMIT NULL"),
});
