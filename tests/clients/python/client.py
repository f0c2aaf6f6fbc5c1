"""libSQL's client for Python, as it is published, against a running Isolite Worker.

`client.py SCENARIO` runs one scenario on the database at LIBSQL_URL, which is empty before, with the
token LIBSQL_AUTH_TOKEN. A scenario asserts what it finds; the status tells whether all was so.
tests/other_clients.test.mjs starts them, and looks at what they leave behind.
"""

import math
import multiprocessing
import os
import sys
import tempfile
import time

import libsql

URL = os.environ["LIBSQL_URL"]
TOKEN = os.environ["LIBSQL_AUTH_TOKEN"]


def connect(**options):
    return libsql.connect(URL, auth_token=TOKEN, **options)


def value(connection, sql, params=()):
    """The only value of the first row."""
    return connection.execute(sql, params).fetchone()[0]


def refused(work, expected):
    """What is to fail, with a text that has the expected one in it."""
    try:
        work()
    except ValueError as error:
        assert expected in str(error), error
    else:
        raise AssertionError(f"it was not refused: {expected}")


def types():
    connection = connect()
    connection.execute("CREATE TABLE held (id INTEGER PRIMARY KEY, value)")
    values = [
        (None, "null"), (0, "integer"), (-7, "integer"), (2**31 - 1, "integer"), (True, "integer"),
        (0.0, "real"), (-1.5, "real"), (3.0, "real"), (1.7976931348623157e308, "real"),
        ("", "text"), ("ä ß 🦀 \u2028 \"quoted\" \\ \n\t", "text"), ("x" * 100_000, "text"),
        (b"", "blob"), (bytes(range(256)), "blob"), (b"\xff" * 100_001, "blob"),
    ]
    for id, (held, _) in enumerate(values):
        connection.execute("INSERT INTO held VALUES (?, ?)", (id, held))
    connection.commit()
    rows = connection.execute("SELECT value, typeof(value) FROM held ORDER BY id").fetchall()
    assert rows == values, rows
    assert [type(row[0]) for row in rows[1:6]] == [int] * 4 + [float], rows[1:6]

    # The client itself makes a float of an integer of more than 32 bits; as text all digits arrive,
    # and those of an answer are kept.
    for held in (2**31, 2**53 + 1, 2**63 - 1, -(2**63)):
        assert value(connection, "SELECT typeof(?)", (held,)) == "real"
        assert value(connection, "SELECT CAST(? AS INTEGER)", (str(held),)) == held
    assert value(connection, "SELECT typeof(?)", (math.nan,)) == "null"


def parameters():
    connection = connect()
    assert value(connection, "SELECT ?1 * 100 + ?2 * 10 + ?3", (1, 2, 3)) == 123
    assert value(connection, "SELECT ?2 || ?1 || ?2", ["a", "b"]) == "bab"
    many = tuple(range(1_000))
    assert connection.execute(f"SELECT {', '.join('?' * 1_000)}", many).fetchone() == many
    refused(lambda: connection.execute("SELECT ?, ?", (1,)).fetchone(), "ARGS_INVALID")
    refused(lambda: connection.execute("SELECT ?", (1, 2)).fetchone(), "ARGS_INVALID")


def cursors():
    connection = connect()
    connection.executescript(
        """
        CREATE TABLE t (id INTEGER PRIMARY KEY, a); -- a comment; with a semicolon
        CREATE TRIGGER doubled AFTER INSERT ON t WHEN new.a = 'x' BEGIN
            INSERT INTO t (a) VALUES ('of the trigger');
        END;
        INSERT INTO t (a) VALUES ('x');
        """
    )
    assert value(connection, "SELECT count(*) FROM t") == 2
    inserted = connection.executemany("INSERT INTO t (a) VALUES (?)", [(i,) for i in range(100)])
    assert inserted.rowcount == 100, inserted.rowcount
    connection.commit()

    cursor = connection.cursor()
    cursor.execute("SELECT id, a AS called FROM t ORDER BY id")
    assert [column[0] for column in cursor.description] == ["id", "called"]
    assert cursor.fetchone() == (1, "x")
    assert cursor.fetchmany(2) == [(2, "of the trigger"), (3, 0)]
    assert len(cursor.fetchall()) == 99
    assert cursor.fetchone() is None

    updated = connection.execute("UPDATE t SET a = 7 WHERE id < 11")
    assert updated.rowcount == 10, updated.rowcount
    inserted = connection.execute("INSERT INTO t (id, a) VALUES (1000, 1)")
    assert (inserted.lastrowid, inserted.rowcount) == (1000, 1)
    assert connection.execute("INSERT INTO t (a) VALUES (2) RETURNING id").fetchall() == [(1001,)]
    connection.commit()

    rows = connection.execute(
        "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50000) "
        "SELECT i, 'row ' || i FROM c"
    ).fetchall()
    assert rows == [(i, f"row {i}") for i in range(1, 50_001)]


def transactions():
    connection = connect()
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    other = connect(isolation_level=None)
    count = "SELECT count(*) FROM t"

    # As Python has it: the first write begins a transaction, and a commit ends it.
    connection.execute("INSERT INTO t VALUES ('committed')")
    assert connection.in_transaction and value(connection, count) == 1
    assert value(other, count) == 0
    connection.commit()
    assert not connection.in_transaction and value(other, count) == 1

    connection.execute("INSERT INTO t VALUES ('rolled back')")
    assert value(connection, count) == 2
    connection.rollback()
    assert value(connection, count) == 1

    # A statement that fails takes back itself alone.
    connection.execute("CREATE UNIQUE INDEX once ON t (a)")
    connection.execute("INSERT INTO t VALUES ('before')")
    again = lambda: connection.execute("INSERT INTO t VALUES ('before')")
    refused(again, "UNIQUE constraint failed: t.a")
    connection.execute("INSERT INTO t VALUES ('behind')")
    connection.commit()
    assert value(other, count) == 3

    with connect() as within:
        within.execute("INSERT INTO t VALUES ('of a block')")
    try:
        with connect() as within:
            within.execute("INSERT INTO t VALUES ('of a block that fails')")
            raise KeyError
    except KeyError:
        pass
    assert value(other, count) == 4

    # Without transactions of its own.
    other.execute("INSERT INTO t VALUES ('alone')")
    assert not other.in_transaction and value(connection, count) == 5
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO t VALUES ('taken back')")
    assert other.in_transaction and value(connection, count) == 5
    other.execute("ROLLBACK")
    assert not other.in_transaction and value(connection, count) == 5


def errors():
    connection = connect(isolation_level=None)
    connection.executescript(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE CHECK (a <> 'x'));"
        "CREATE TABLE child (t REFERENCES t (id)); INSERT INTO t VALUES (1, 'a')"
    )
    for sql, expected in [
        ("INSERT INTO t VALUES (2, 'a')", "SQLITE_CONSTRAINT"),
        ("INSERT INTO t VALUES (2, NULL)", "NOT NULL constraint failed: t.a"),
        ("INSERT INTO t VALUES (2, 'x')", "CHECK constraint failed: a <> 'x'"),
        ("INSERT INTO child VALUES (9)", "FOREIGN KEY constraint failed"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT nope", "no such column: nope"),
        ("SELEC 1", "SQL_PARSE_ERROR"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ]:
        refused(lambda: connection.execute(sql).fetchall(), expected)
    assert value(connection, "SELECT count(*) FROM t") == 1
    nobody = libsql.connect(URL, auth_token="of nobody")
    refused(lambda: nobody.execute("SELECT 1").fetchone(), "401")
    nowhere = libsql.connect(f"{URL}-nowhere", auth_token=TOKEN)
    refused(lambda: nowhere.execute("SELECT 1").fetchone(), "404")


PROCESSES = 4
INCREMENTS = 25


def increment(number):
    """Half of them add within one statement, the others read and write back within a transaction."""
    connection = connect(isolation_level=None)
    for _ in range(INCREMENTS):
        if number % 2 == 0:
            connection.execute("UPDATE counter SET n = n + 1")
        else:
            connection.execute("BEGIN IMMEDIATE")
            n = value(connection, "SELECT n FROM counter")
            connection.execute("UPDATE counter SET n = ?", (n + 1,))
            connection.execute("COMMIT")


def increments():
    """By processes: while one thread waits for an answer, the client lets no other thread run, so that
    one that waits for a lock keeps its holder from letting go."""
    connect().executescript("CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)")
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        pool.map(increment, range(PROCESSES), chunksize=1)
    assert value(connect(), "SELECT n FROM counter") == PROCESSES * INCREMENTS


def replica():
    remote = connect(isolation_level=None)
    remote.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t (a) VALUES ('x')")
    rows = lambda connection: [a for a, in connection.execute("SELECT a FROM t ORDER BY id").fetchall()]
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "replica.db")
        local = libsql.connect(path, sync_url=URL, auth_token=TOKEN)
        local.sync()
        assert rows(local) == ["x"]

        # It follows when it is told to, and reads its file until then.
        remote.execute("INSERT INTO t (a) VALUES ('y')")
        assert rows(local) == ["x"]
        local.sync()
        assert rows(local) == ["x", "y"]
        remote.executescript("CREATE TABLE other (b); INSERT INTO other VALUES (7)")
        local.sync()
        assert value(local, "SELECT b FROM other") == 7

        # What it writes is written to the database, and read back here at once.
        inserted = local.execute("INSERT INTO t (a) VALUES (?)", ("z",))
        assert inserted.lastrowid == 3, inserted.lastrowid
        assert rows(remote) == ["x", "y"]
        local.commit()
        assert rows(remote) == rows(local) == ["x", "y", "z"]
        local.execute("INSERT INTO t (a) VALUES ('taken back')")
        local.rollback()
        refused(lambda: local.execute("INSERT INTO t (id) VALUES (1)"), "UNIQUE constraint failed")
        local.rollback()
        local.sync()
        assert rows(remote) == rows(local) == ["x", "y", "z"]
        local.close()

        # Opened anew it goes on from its file; another one follows by itself.
        remote.execute("UPDATE t SET a = 'changed' WHERE id = 1")
        local = libsql.connect(path, sync_url=URL, auth_token=TOKEN)
        local.sync()
        assert rows(local) == ["changed", "y", "z"]
        path = os.path.join(directory, "by_itself.db")
        following = libsql.connect(path, sync_url=URL, auth_token=TOKEN, sync_interval=1)
        following.sync()
        remote.execute("DELETE FROM t WHERE id = 2")
        deadline = time.monotonic() + 30
        while rows(following) != ["changed", "z"]:
            assert time.monotonic() < deadline, rows(following)
            time.sleep(0.1)


def doors():
    """A table that was written by another interface, and is read by it afterwards."""
    connection = connect()
    rows = connection.execute("SELECT id, value FROM doors ORDER BY id").fetchall()
    expected = [(1, None), (2, 7), (3, 2.5), (4, "of REST"), (5, b"\x01\x02\xff")]
    assert rows == expected, rows
    written = [(11, None), (12, 9), (13, 4.5), (14, "of the client"), (15, b"\x03\x04\xfe")]
    connection.executemany("INSERT INTO doors VALUES (?, ?)", written)
    connection.commit()


SCENARIOS = [
    types, parameters, cursors, transactions, errors, increments, replica, doors,
]

if __name__ == "__main__":
    {scenario.__name__: scenario for scenario in SCENARIOS}[sys.argv[1]]()
