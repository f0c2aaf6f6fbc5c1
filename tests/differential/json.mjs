// JSON as text and as JSONB: functions, operators, tables and what they refuse.

import { batch, call, first } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const DOCUMENT = `'{"a": {"b": [1, 2.5, "x", null, true, {"c": "é"}]}, "n": 12345678901234567890, "s": "q\\"\\n\\u00e9"}'`;
const select = (...expressions) => expressions.map((each) => `SELECT ${each}`);

export const json = topic("JSON", {
  "extraction": select(
    `json_extract(${DOCUMENT}, '$.a.b[0]') AS i, json_extract(${DOCUMENT}, '$.a.b[1]') AS r, json_extract(${DOCUMENT}, '$.s') AS s`,
    `json_extract(${DOCUMENT}, '$.a'), json_extract(${DOCUMENT}, '$.a.b[3]'), json_extract(${DOCUMENT}, '$.nope')`,
    `json_extract(${DOCUMENT}, '$.n'), typeof(json_extract(${DOCUMENT}, '$.n'))`,
    `json_extract(${DOCUMENT}, '$.a.b[#-1].c', '$.s') AS many`,
    `${DOCUMENT} -> 'a', ${DOCUMENT} ->> 's', '[1, 2]' -> 0, '[1, 2]' ->> -1, '{"1": 2}' ->> '1'`,
    `json_type(${DOCUMENT}, '$.a.b[4]'), json_type('null'), json_type('1.5'), json_type('[]', '$[0]')`,
    "json_array_length('[1, [2]]'), json_array_length('{}'), json_array_length('{\"a\": [1]}', '$.a')",
    "json_extract('{\"a b\": 1, \"a.b\": 2}', '$.\"a b\"', '$.\"a.b\"')",
    "json('{\"a\" : 1 , \"b\":[ 1,2 ] }'), json('{a: 1, b: .5, c: +1, d: 0x10,}'), json('[1,]'), json('NaN')",
  ),
  "changes": select(
    "json_set('{\"a\": 1}', '$.a', 2, '$.b', 'x'), json_insert('{\"a\": 1}', '$.a', 2, '$.c', json('[1]')), json_replace('{\"a\": 1}', '$.a', 2, '$.b', 3)",
    "json_set('[1, 2]', '$[#]', 3, '$[0]', json('null')), json_remove('[1, 2, 3]', '$[0]', '$[1]'), json_remove('{\"a\": 1}', '$')",
    "json_patch('{\"a\": 1, \"b\": {\"c\": 2}}', '{\"a\": null, \"b\": {\"d\": 3}}')",
    "json_object('a', 1, 'b', NULL, 'c', 'x', 'd', json('[1]'), 'e', 1.0), json_array(1, 2.5, 'x', NULL, json('{}'), '{}')",
    "json_quote('a\"b'), json_quote(1.5), json_quote(NULL), json_valid('{}'), json_valid('{'), json_valid(NULL), json_valid('{a: 1}', 2)",
    "json_group_array(a), json_group_object(a, b) FROM (VALUES (1, 'x'), (2, NULL)) AS t (a, b)",
    "json_group_array(DISTINCT a) FROM (VALUES (1), (1)) AS t (a)",
    "json_group_array(a ORDER BY a DESC) FROM (VALUES (1), (2)) AS t (a)",
  ),
  "JSONB": select(
    "jsonb('{\"a\": [1, 2]}'), hex(jsonb('[1, \"x\"]')), typeof(jsonb('1'))",
    "json(jsonb('{\"a\": [1, 2]}')), jsonb('[1]') -> 0, jsonb_extract('{\"a\": [1]}', '$.a'), json_extract(jsonb('{\"a\": 5}'), '$.a')",
    "json(jsonb_set('{}', '$.a', 1)), json(jsonb_insert('[]', '$[0]', 1)), json(jsonb_replace('[1]', '$[0]', 2)), json(jsonb_remove('[1, 2]', '$[0]')), json(jsonb_patch('{}', '{\"a\": 1}'))",
    "json(jsonb_array(1, 'x')), json(jsonb_object('a', 1)), json_valid(jsonb('1'), 8), json_valid(x'00', 4), json(x'ff')",
    "json(jsonb_group_array(a)), json(jsonb_group_object(a, 1)) FROM (VALUES ('k')) AS t (a)",
  ),
  "tables": [
    `SELECT * FROM json_each('[1, "x", null, {"a": 2}]')`,
    `SELECT key, value, type, atom, fullkey, path FROM json_tree(${DOCUMENT}) LIMIT 9`,
    `SELECT value FROM json_each('{"a": [1, 2]}', '$.a')`,
    `SELECT j.value FROM (SELECT '[3, 4]' AS d) AS t, json_each(t.d) AS j`,
    `SELECT * FROM json_each('5')`, "SELECT * FROM json_each('[]')",
    "SELECT count(*) FROM json_each(NULL)", "SELECT sum(value) FROM json_each(?)",
    ["SELECT sum(value) FROM json_each(?)", "[1, 2, 3]"],
    "SELECT * FROM json_tree('[[1]]', '$[0]')", "SELECT value FROM json_each('{', '$')",
    "SELECT value FROM json_each('[1]', 'x')",
    ["SELECT column1 FROM (VALUES (1), (2), (3)) WHERE column1 IN (SELECT value FROM json_each(?))",
    "[1, 3]"],
  ],
  "refusals": select(
    "json('{')", "json('')", "json('[1 2]')", "json('{\"a\"}')", "json_extract('{}', 'a')",
    "json_extract('{}', '$.')", "json_extract('{}', '$[')", "json_extract('[1]', '$[x]')",
    "json_set('{}', '$.a')", "json_object('a')", "json_object(1, 2)", "json_object(NULL, 1)",
    "json_array(x'00')", "json_remove('{}', 1)", "json_group_object(NULL, 1)",
    "json_patch('{', '{}')", "json_each('[]')", "json_type('x')", "'{' -> 'a'",
    "json_valid('{}', 99)", "json_array_length('[', '$')", "json(zeroblob(3))",
  ),
  "as columns": [
    batch("CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT CHECK (json_valid(d)), n AS (d ->> 'n') STORED)",
    "CREATE INDEX tn ON t (n)",
    "INSERT INTO t (d) VALUES ('{\"n\": 5}'), ('{\"n\": \"x\"}'), ('{}')"), "SELECT * FROM t",
    "INSERT INTO t (d) VALUES ('{')", "SELECT id FROM t WHERE n = 5",
    "UPDATE t SET d = json_set(d, '$.n', 9) WHERE id = 1 RETURNING n",
    "SELECT json_group_array(json_object('id', id, 'n', n)) AS all_of_them FROM t",
    first("SELECT json_group_object(id, json(d)) AS o FROM t"),
    call("first", "SELECT jsonb(d) AS j FROM t", [], ["j"]),
  ],
});
