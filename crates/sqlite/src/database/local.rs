//! A replica's database: what only reads is answered here, everything else is the primary's.
//!
//! Whatever is not plainly a read that any replica may answer is left to the primary, errors too:
//! an error here may be of a schema that has changed there.

use isolite_core::{EmbeddedReplica, Position, Received};
use isolite_protocol::Query;

use super::{Database, Run};
use crate::answer::AnswerWriter;
use crate::error::Error;
use crate::limits::Limits;
use crate::source::Source;
use crate::sql_text::{SqlText, is_blank, is_query};
use crate::statement::Statement;

impl Database {
    /// Opens SQLite over a replica.
    pub fn open_replica(replica: EmbeddedReplica, limits: Limits) -> Result<Database, Error> {
        Database::open_source(Source::Replica(replica), limits)
    }

    /// Brings a replica forward. After an error it is to be dropped.
    pub fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        let received = match self.shared.source.borrow_mut().replica() {
            Some(replica) => replica.apply(ltx, position).map_err(Error::Pages)?,
            None => return Ok(Received::Duplicate),
        };
        if received == Received::Applied {
            // SQLite looks at the change counter as it takes its lock: so it has to let it go once.
            self.run_internal("PRAGMA locking_mode = NORMAL")?;
            self.size_bytes = self.size_bytes()?;
            self.run_internal("PRAGMA locking_mode = EXCLUSIVE")?;
        }
        Ok(received)
    }

    /// The answer to a request that only reads, or None if it is for the primary to answer.
    pub fn read(&mut self, run: &Run<'_>) -> Option<String> {
        self.policy.begin(self.limits.steps_max);
        let mut answer = AnswerWriter::new(run, self.limits.result_bytes_max);
        let mut since = self.moment(run.clock);
        for query in run.queries {
            let mut statement = self.local_statement(query)?;
            self.bind(&mut statement, &query.params, run.numbers).ok()?;
            self.answer(&mut statement, run.clock, &mut since, &mut answer).ok()?;
            // Pragmas as tables are prepared only now.
            if self.policy.take_needs_primary() {
                return None;
            }
            statement.reset();
            self.statements.give(&query.sql, statement);
        }
        (answer.count() > 0).then(|| answer.finish().0)
    }

    /// The statement that is the whole of a text, if any replica may run it.
    fn local_statement(&mut self, query: &Query) -> Option<Statement> {
        // Only such statements were kept.
        if let Some(statement) = self.statements.take(&query.sql) {
            return Some(statement);
        }
        if !is_query(&query.sql) {
            return None;
        }
        let text = SqlText::new(&query.sql);
        let (statement, after) = Statement::prepare(&self.connection, &text, 0).ok()?;
        let alone = is_blank(text.from(after)) && !text.is_cut();
        let local = alone && !self.policy.take_needs_primary();
        statement.filter(|statement| local && statement.is_read_only())
    }
}

#[cfg(test)]
mod tests;
