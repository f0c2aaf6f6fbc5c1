//! Prepared statements kept from one request to the next, by their text.

use hashlink::LruCache;

use crate::statement::Statement;

/// Statements by their text, least recently used out first. One that is in use leaves its place
/// open, so that taking and giving back allocate nothing.
pub(crate) struct StatementCache {
    places: LruCache<String, Option<Statement>>,
}

impl StatementCache {
    pub(crate) fn new(statements_max: usize) -> Self {
        StatementCache { places: LruCache::new(statements_max.max(1)) }
    }

    /// The statement whose text is the whole of `sql`, taken out of the cache.
    pub(crate) fn take(&mut self, sql: &str) -> Option<Statement> {
        self.places.get_mut(sql)?.take()
    }

    /// Keeps a statement whose text is the whole of `sql`.
    pub(crate) fn give(&mut self, sql: &str, statement: Statement) {
        match self.places.get_mut(sql) {
            Some(place) => *place = Some(statement),
            None => drop(self.places.insert(sql.to_string(), Some(statement))),
        }
    }
}
