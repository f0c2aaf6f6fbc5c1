// Values of every type: as they are bound, as SQLite holds them, and as they come back.

import { batch, call, exotic, first, raw, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const HELD = "SELECT typeof(?1) AS type, ?1 AS value, hex(?1) AS hex, quote(?1) AS quoted";
const held = (value) => [HELD, value];
const bound = (...values) => values.map(held);

const STORED =
  "CREATE TABLE v (i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC, x, a ANY, d DECIMAL(10, 2))";
const store = (value) => ["INSERT INTO v VALUES (?1, ?1, ?1, ?1, ?1, ?1, ?1, ?1) RETURNING *",
value];
const TYPES = "SELECT typeof(i), typeof(r), typeof(t), typeof(b), typeof(n), typeof(x), typeof(d) FROM v";

export const values = topic("values", {
  "small integers": bound(0, 1, -1, 42, 255, 256, 65_536, -2_147_483_648),
  "integers to 2^53": bound(9_007_199_254_740_991, -9_007_199_254_740_991, 4_294_967_296),
  "integers beyond 2^53": bound(9_007_199_254_740_992, 9_007_199_254_740_994, 2 ** 62, 2 ** 63),
  "integers beyond 2^63": bound(2 ** 64, -(2 ** 64), 1e19, 1e20, 1e21, 1e22),
  "REAL": bound(0.5, -0.5, 0.1, 1 / 3, 1e-7, 123_456_789.123_456_789),
  "REAL extremes": bound(Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, -1e308, 5e-324, 1e300),
  "what is no number": bound(exotic("NaN"), exotic("Infinity"), exotic("-0")),
  "booleans and NULL": bound(true, false, null),
  "texts": bound("", " ", "a", "it's", '"', "\\", "%", "123", "1e3", "0x10", "null"),
  "white space and controls": bound("\n", "\r\n", "\t", "\u0001", "\u001f", "\u007f", "\u2028"),
  "unicode": bound("é", "e\u0301", "日本語", "👩‍👩‍👧", "\u{10ffff}", "\ufeffbom", "\ufffd", "שלום"),
  "surrogates that stand alone": bound("\ud800", "a\udc00b", "\udc00\ud800"),
  "a NUL in a text": bound("a\0b", "\0", "\0\0a"),
  "a long text": [["SELECT length(?1) AS n, ?1 AS t", "x".repeat(100_000)]],
  "a long text of wide characters": [
    ["SELECT length(?1) AS n, length(CAST(?1 AS BLOB)) AS b", "é".repeat(50_000)],
  ],
  "bytes": bound([], [0], [0, 1, 255], [72, 105], [1.5, 2.9], [255, 0, 128]),
  "buffers": ["ArrayBuffer", "Uint8Array", "Float32Array", "DataView"].map(exotic).map(held),
  "what cannot be bound": [
    "undefined", "bigint", "symbol", "function", "object", "Date", "BigInt64Array",
  ]
    .map(exotic).map(held),
  "arrays that are no bytes": bound([256], [-1], ["a"], [null], [1, "a"], [[1]], [true]),
  "objects": bound({}, { a: 1 }, { 0: 1, length: 1 }),
  "a column of every affinity, integers": [
    STORED, store(1), store(-0.0), store(1e15), store(2 ** 53), TYPES,
  ],
  "a column of every affinity, REAL": [STORED, store(1.5), store(1e300), store(0.1), TYPES],
  "a column of every affinity, texts": [
    STORED, store("1"), store("1.0"), store("1.5"), store(" 7 "), store("1e2"), store("abc"),
    store(""),
    store("9223372036854775807"), store("9223372036854775808"), store("0x1F"), TYPES,
  ],
  "a column of every affinity, others": [
    STORED, store(null), store(true), store([1, 2]), store([]), TYPES,
  ],
  "integers of 64 bits": [
    "SELECT 9223372036854775807 AS max, -9223372036854775808 AS min, 9007199254740993 AS odd",
    "SELECT 9223372036854775808 AS over, -9223372036854775809 AS under, 9223372036854775807 + 1 AS sum",
    "SELECT typeof(9223372036854775807 + 1), typeof(9223372036854775807 * 2), 4611686018427387904 * 2",
    "SELECT CAST(9007199254740993 AS TEXT) AS text, 9007199254740993 = 9007199254740992 AS same",
    raw("SELECT 9007199254740993, -9007199254740993"),
  ],
  "REAL as literals": [
    "SELECT 1.0, 1.5, 1e3, 1e-3, .5, 5., 1e308, -1e308, 2.2250738585072014e-308, 5e-324",
    "SELECT 9e999 AS inf, -9e999 AS minus, 9e999 - 9e999 AS nan, typeof(9e999), 0.0 / 0.0",
    "SELECT 0.1 + 0.2, 1.0 / 3, 100.0, 1e15, 1e16, 1e17, 123456789012345678.0, 1e20, 1e21, 1e22",
    "SELECT -0.0, 0.0, typeof(-0.0), CAST(-0.0 AS TEXT), 1 / 2, 1 / 2.0, -7 / 2, -7 % 3",
    "SELECT 0x10, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 1_000, 0x1_0",
  ],
  "blobs as literals": [
    "SELECT x'', X'00', x'0aFF', typeof(x''), length(x'0000'), zeroblob(3), zeroblob(0)",
    "SELECT CAST(x'6869' AS TEXT), CAST('hi' AS BLOB), x'31' + 1, CAST(x'3132' AS INTEGER)",
    "SELECT x'00' AS \"\"", "SELECT x'0'", "SELECT x'zz'",
  ],
  "texts that are not UTF-8": [
    "SELECT CAST(x'ff' AS TEXT) AS a, CAST(x'61ff62' AS TEXT) AS b, CAST(x'c3' AS TEXT) AS c",
    "SELECT CAST(x'eda080' AS TEXT) AS surrogate, CAST(x'f4908080' AS TEXT) AS beyond",
    "SELECT CAST(x'e282' AS TEXT) AS cut, CAST(x'c0af' AS TEXT) AS overlong",
  ],
  "texts with a NUL inside": [
    "SELECT 'a' || char(0) || 'b' AS t, length('a' || char(0) || 'b') AS n, CAST(x'610062' AS TEXT) AS c",
    "SELECT hex('a' || char(0)), instr('a' || char(0) || 'b', 'b'), upper('a' || char(0) || 'b')",
    "SELECT 'a\0b' AS t",
  ],
  "conversion by CAST": [
    "SELECT CAST('12abc' AS INTEGER), CAST('1e3' AS INTEGER), CAST('-' AS INTEGER), CAST('' AS INTEGER)",
    "SELECT CAST('1.5e3xyz' AS REAL), CAST(1e30 AS INTEGER), CAST(-1e30 AS INTEGER), CAST(1.99 AS INTEGER)",
    "SELECT CAST('0x1F' AS INTEGER), CAST(' 12 ' AS INTEGER), CAST('1.0' AS NUMERIC), CAST('9e999' AS REAL)",
    "SELECT CAST(1 AS TEXT), CAST(1.0 AS TEXT), CAST(1e100 AS TEXT), CAST(NULL AS TEXT), CAST(1.5 AS BLOB)",
  ],
  "comparison over types": [
    "SELECT 1 < 'a', 'a' < x'00', NULL < 1, NULL IS NULL, 1 = 1.0, '1' = 1, 1 IS TRUE, 'a' IS FALSE",
    "SELECT * FROM (VALUES (x'00'), ('a'), (1), (NULL), (2.5), ('A'), (-1)) ORDER BY 1",
    "SELECT max(1, 'a', x'00'), min(1, 'a', NULL), max(NULL), 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL",
  ],
  "integers through a column": [
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)",
    run("INSERT INTO t VALUES (?, ?)", 9_007_199_254_740_991, 9_007_199_254_740_993),
    "INSERT INTO t (n) VALUES (9223372036854775807)",
    "SELECT *, CAST(n AS TEXT) FROM t",
    run("INSERT INTO t VALUES (9223372036854775807, 1)"),
    "SELECT id, typeof(id), n FROM t",
  ],
  "values as they come by each method": [
    "CREATE TABLE t (a, b, c, d)",
    run("INSERT INTO t VALUES (1, 2.5, 'x', x'0102'), (NULL, -0.0, '', x'')"),
    run("SELECT * FROM t"), raw("SELECT * FROM t"), first("SELECT * FROM t"),
    call("raw", "SELECT * FROM t", [], [{ columnNames: true }]),
    call("first", "SELECT * FROM t", [], ["d"]),
    batch("SELECT * FROM t", ["SELECT ?, ?", [1, 2], 1.5]),
  ],
});
