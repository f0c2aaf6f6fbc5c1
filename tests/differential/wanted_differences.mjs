// Where Isolite is meant to answer otherwise than D1, and why. Nothing else may differ, and what is
// listed must differ: an entry that has become equal fails the test.
//
// An entry names a case, and within it the texts of the calls that differ, or a part of them; and the
// ways in which they do, if not all of them.

const WIDER = "a wider limit (docs/limits.md)";

export const WANTED = [
  { case: "limits: 101 parameters", calls: ["SELECT 1 IN"], reason: `${WIDER}: 32,766 parameters` },
  {
    case: "limits: the number of a parameter",
    calls: ["SELECT ?0"],
    reason: `${WIDER}, which the error names`,
  },
  { case: "limits: 101 columns", calls: ["CREATE TABLE t"], reason: `${WIDER}: 2,000 columns` },
  {
    case: "limits: 101 columns of a result",
    calls: ["SELECT 1"],
    reason: `${WIDER}: 2,000 columns`,
  },
  { case: "limits: 128 arguments", calls: ["SELECT max"], reason: `${WIDER}: 1,000 arguments` },
  { case: "limits: 6 terms of a compound", calls: ["UNION ALL"], reason: `${WIDER}: 500 terms` },
  {
    case: "limits: a pattern of 51 bytes",
    calls: ["LIKE", "GLOB"],
    reason: `${WIDER}: patterns of 50,000 bytes`,
  },
  {
    case: "limits: a statement of more bytes",
    calls: ["SELECT length"],
    reason: `${WIDER}: 1,000,000 bytes`,
  },
  {
    case: "limits: triggers nested 12 deep",
    calls: ["INSERT INTO c0", "SELECT count"],
    reason: `${WIDER}: 100 triggers deep`,
  },
  {
    case: "limits: a value of more bytes",
    calls: ["zeroblob"],
    reason: "2,000,000 bytes, which D1 documents and its local simulator does not keep",
  },
  {
    case: "values: surrogates that stand alone",
    calls: ["SELECT typeof"],
    reason: "text is Unicode here: half a character becomes U+FFFD, in D1 three bytes of no encoding",
  },
  {
    case: "values: what cannot be bound",
    calls: ['"bigint"'],
    ways: ["rust"],
    reason: "Rust has integers of 64 bits, and a BigInt is how JavaScript writes one",
  },
  {
    case: "values: integers through a column",
    calls: ["INSERT INTO t (n)", "SELECT *", "INSERT INTO t VALUES (9223372036854775807", "SELECT id"],
    ways: ["rust"],
    reason: "a last_row_id beyond 2^53 is told, where worker cannot read that of D1",
  },
  {
    case: "calls: columns",
    calls: ['SELECT 1 AS a of ["toString"]', 'SELECT 1 AS a of ["__proto__"]'],
    ways: ["rust"],
    reason: "a row has its columns only, and not what every object of JavaScript inherits",
  },
  {
    case: "expressions: numeric functions",
    calls: ["exp(1)", "cosh(1)"],
    reason: "the last digit of exp() and cosh() is that of another library of mathematics",
  },
  {
    case: "calls: several statements in one text",
    calls: ["SELECT 1;;", "SELECT 1; ;", "SELECT 1; --", "SELECT 1; /*"],
    reason: "semicolons and comments at the end of a text do no harm here",
  },
  {
    case: "calls: parameters of several statements",
    calls: ["SELECT ?; -- c", "SELECT ?; ;"],
    reason: "semicolons and comments at the end of a text do no harm here",
  },
  {
    case: "calls: exec",
    calls: ["SELECT 1; -- c"],
    reason: "semicolons and comments at the end of a text do no harm here",
  },
  {
    case: "policy: functions",
    calls: ["load_extension"],
    reason: "there is no such function in the build, rather than one that refuses",
  },
  {
    case: "pragmas: as tables",
    calls: ["pragma_default_cache_size"],
    reason: "there is no such pragma in the build, rather than one that is refused",
  },
  {
    case: "pragmas: whose flag outlives its request",
    calls: ["PRAGMA ignore_check_constraints", "INSERT INTO c"],
    reason: "a request leaves no flag behind for those of others",
  },
];
