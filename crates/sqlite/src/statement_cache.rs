//! Prepared statements kept from one request to the next, by their text.

use hashlink::LruCache;

use crate::statement::Statement;

/// Statements that nobody uses at the moment, least recently used out first.
pub(crate) struct StatementCache {
    idle: LruCache<String, Statement>,
}

impl StatementCache {
    pub(crate) fn new(statements_max: usize) -> Self {
        StatementCache { idle: LruCache::new(statements_max.max(1)) }
    }

    /// The statement whose text is the whole of `sql`, taken out of the cache.
    pub(crate) fn take(&mut self, sql: &str) -> Option<Statement> {
        self.idle.remove(sql)
    }

    /// Keeps a statement whose text is the whole of `sql`.
    pub(crate) fn give(&mut self, sql: &str, statement: Statement) {
        self.idle.insert(sql.to_string(), statement);
    }
}
