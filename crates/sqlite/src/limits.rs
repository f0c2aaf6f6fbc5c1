//! What one request, one transaction and one database may take.
//!
//! A limit ends a statement with an error before the isolate ends it with a crash. Each is a
//! setting; `docs/limits.md` lists them beside D1's.

use rusqlite::limits::Limit;

/// Bounds of a database, its transactions and its statements.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size of the database, in pages.
    pub database_pages_max: u32,
    /// Pages that one transaction may change; they stay in memory until it commits.
    pub transaction_pages_max: usize,
    /// Text of one statement, in bytes.
    pub sql_bytes_max: i32,
    /// One string, blob or row, in bytes.
    pub value_bytes_max: i32,
    /// Parameters of one statement.
    pub params_max: i32,
    /// Bytes of the answer to one request.
    pub result_bytes_max: usize,
    /// Steps of SQLite's virtual machine for one request.
    pub steps_max: u64,
    /// Memory that SQLite may hold, in bytes, over all databases of the isolate. What needs more
    /// ends with "out of memory".
    pub heap_bytes_max: i64,
    /// The same, from where on caches of pages no longer grow.
    pub cache_bytes_max: i64,
    /// Prepared statements kept for the next request with the same text.
    pub statements_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            database_pages_max: 2_621_440,
            transaction_pages_max: 6144,
            sql_bytes_max: 1_000_000,
            value_bytes_max: 2_000_000,
            params_max: 32_766,
            result_bytes_max: 24 << 20,
            steps_max: 250_000_000,
            heap_bytes_max: 48 << 20,
            cache_bytes_max: 24 << 20,
            statements_kept: 128,
        }
    }
}

impl Limits {
    /// SQLite's own limits. Those of depth and of patterns bound recursion: the stack of wasm is
    /// 1 MiB, and running out of it would end the isolate.
    pub(crate) fn of_sqlite(&self) -> [(Limit, i32); 8] {
        [
            (Limit::SQLITE_LIMIT_LENGTH, self.value_bytes_max),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, self.sql_bytes_max),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, self.params_max),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 500),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 100),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
        ]
    }
}
