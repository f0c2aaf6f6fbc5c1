//! Prepared statements kept from one request to the next, by their text, or by a number that is
//! shorter to tell.

use std::cell::Cell;
use std::rc::Rc;

use hashlink::LruCache;

use crate::statement::Statement;

thread_local! {
    /// How many numbers were given, by all databases: none ever means two statements.
    static NUMBERED: Cell<u64> = const { Cell::new(0) };
}

/// Statements by their text, least recently used out first. One that is in use leaves its place
/// open, so that taking and giving back allocate nothing.
pub(crate) struct StatementCache {
    places: LruCache<Rc<str>, Option<Statement>>,
    /// The texts that were numbered last, each at its number modulo the length.
    numbered: Vec<Rc<str>>,
}

impl StatementCache {
    pub(crate) fn new(statements_max: usize) -> Self {
        let statements_max = statements_max.max(1);
        let numbered = vec![Rc::from(""); statements_max];
        StatementCache { places: LruCache::new(statements_max), numbered }
    }

    /// The statement whose text is the whole of `sql`, taken out of the cache.
    pub(crate) fn take(&mut self, sql: &str) -> Option<Statement> {
        self.places.get_mut(sql)?.take()
    }

    /// Keeps a statement whose text is the whole of `sql`.
    pub(crate) fn give(&mut self, sql: &str, statement: Statement) {
        match self.places.get_mut(sql) {
            Some(place) => *place = Some(statement),
            None => drop(self.places.insert(sql.into(), Some(statement))),
        }
    }

    /// The number of a statement that is kept and answers with columns, as long as it stays so and
    /// has the columns that it has now.
    pub(crate) fn number(&mut self, sql: &str) -> Option<u64> {
        let place = self.places.get_mut(sql)?;
        let statement = place.as_mut().filter(|statement| statement.column_count() > 0)?;
        let count = self.numbered.len() as u64;
        let place_of = |number: u64| (number % count) as usize;
        // Others may have been given its place since: then it gets another.
        if let Some(number) = statement.number()
            && *self.numbered[place_of(number)] == *sql
        {
            return Some(number);
        }
        let number = NUMBERED.get() + 1;
        NUMBERED.set(number);
        statement.set_number(number);
        self.numbered[place_of(number)] = sql.into();
        Some(number)
    }

    /// The statement of this number and its text, taken out of the cache.
    pub(crate) fn take_numbered(&mut self, number: u64) -> Option<(Rc<str>, Statement)> {
        let text = self.numbered.get((number % self.numbered.len() as u64) as usize)?;
        let place = self.places.get_mut(text)?;
        let statement = place.take_if(|statement| statement.number() == Some(number))?;
        Some((text.clone(), statement))
    }
}
