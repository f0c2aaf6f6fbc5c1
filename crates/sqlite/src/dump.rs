//! A database as SQL text, written piece by piece.
//!
//! Between two pieces there is nothing but the cursor, which fits into a line of text: a dump of many
//! gigabytes outlives the object that began it. The pieces agree with each other if the connection
//! reads the same position each time.
//!
//! What is written loads into the stock `sqlite3`, into D1 and into Isolite, and gives the same rows
//! with the same rowids and the same values to the bit, the same schema text, and full text indexes
//! that find the same. What cannot be written so is an error, never left out in silence.
//!
//! A row is in one statement, however long: an import here takes each that a dump has
//! (`Limits::import_sql_bytes_max`), D1 none of more than 100,000 bytes.

mod cursor;
mod full_text;
mod literal;
mod output;
mod plan;
mod rows;
mod tables;

use crate::database::Database;
use crate::error::Error;
use crate::splitter::is_whole;
use crate::statement::{Cell, Statement};
use crate::tokens::quoted;
use full_text::{Content, Module};
use output::Output;
use plan::{Kind, Object, Plan, Step};

pub use cursor::{DumpCursor, NotACursor};

/// What a dump has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpOptions {
    /// The statements that make tables, indexes, views and triggers.
    pub schema: bool,
    /// The rows.
    pub data: bool,
    /// Only these tables, with their indexes and triggers; all if there are none. Views may be named
    /// like tables.
    pub tables: Vec<String>,
}

impl Default for DumpOptions {
    fn default() -> Self {
        DumpOptions { schema: true, data: true, tables: vec![] }
    }
}

impl Database {
    /// Writes the piece at `cursor`: whole statements of about `bytes_max` bytes together, or one row
    /// if it is longer. Returns where to go on, or None at the end.
    ///
    /// The connection is best one that serves nothing else: it forgets what ANALYZE has found.
    pub fn dump(
        &mut self,
        options: &DumpOptions,
        cursor: &DumpCursor,
        bytes_max: usize,
    ) -> Result<(Vec<u8>, Option<DumpCursor>), Error> {
        self.forget_statistics()?;
        let plan = Plan::of(self, options)?;
        if *cursor == DumpCursor::default() && options.data {
            self.refuse_what_is_lost(&plan)?;
        }
        let mut cursor = cursor.clone();
        let mut out = Output::new(bytes_max);
        while let Some(step) = plan.steps.get(cursor.step) {
            if out.is_full() || !self.dump_step(&plan, *step, options, &mut cursor, &mut out)? {
                return Ok((out.finish(), Some(cursor)));
            }
            cursor = DumpCursor { step: cursor.step + 1, key: None };
        }
        Ok((out.finish(), None))
    }

    /// Writes one step, from the cursor's key on; false if the piece is full before its end.
    fn dump_step(
        &self,
        plan: &Plan,
        step: Step,
        options: &DumpOptions,
        cursor: &mut DumpCursor,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let rows = match step {
            Step::Defer => {
                out.statement("PRAGMA defer_foreign_keys=TRUE;");
                return Ok(true);
            }
            Step::Create(number) => {
                out.statement(&terminated(&plan.objects[number])?);
                return Ok(true);
            }
            Step::ClearSequences | Step::ClearStatistics => {
                tables::clear(plan, step, options, out);
                return Ok(true);
            }
            Step::Refill(number) => {
                let Some(rows) = tables::refill(self, &plan.objects[number], cursor, out)? else {
                    return Ok(true);
                };
                rows
            }
            Step::Rows(number) => tables::rows(self, &plan.objects[number])?,
            Step::Settings(number) => tables::settings(&plan.objects[number]),
            Step::Sequences => tables::sequences(plan, options),
            Step::Statistics => tables::statistics(plan, options),
        };
        rows.write(self, cursor, out)
    }

    /// Full text indexes without content keep no texts that could be written.
    fn refuse_what_is_lost(&self, plan: &Plan) -> Result<(), Error> {
        for object in &plan.objects {
            if object.kind != Kind::Virtual(Module::FullText(Content::Nowhere)) {
                continue;
            }
            // It has its rows in one, if it was not told otherwise, and each part of the index in the
            // other.
            let sizes = format!("{}_docsize", object.name);
            let index = format!("{}_idx", object.name);
            let table = if tables::exists(self, &sizes)? { sizes } else { index };
            self.each_row(&format!("SELECT 1 FROM {} LIMIT 1", quoted(&table)), &[], |_| {
                let why = "a full text index without content keeps no texts to write; export the \
                    other tables by name, or without data";
                Err(Error::NotDumpable { name: object.name.clone(), why })
            })?;
        }
        Ok(())
    }

    /// Has SQLite take every table for a long one. Of a table that was short when it was analysed, and
    /// has grown since, it would read all rows to find those behind a key.
    ///
    /// What is written for that is rolled back, and only the planner's memory of it stays.
    fn forget_statistics(&mut self) -> Result<(), Error> {
        if self.statistics_forgotten {
            return Ok(());
        }
        if tables::exists(self, "sqlite_stat1")? {
            self.run_internal("BEGIN")?;
            let forgotten = self
                .run_internal("UPDATE sqlite_stat1 SET stat = '1000000'")
                .and_then(|()| self.run_internal("ANALYZE sqlite_schema"));
            self.roll_back();
            forgotten?;
        }
        self.statistics_forgotten = true;
        Ok(())
    }
}

/// The statement that makes an object, with its semicolon. SQLite keeps a comment at the end of a
/// statement, which must not swallow that.
fn terminated(object: &Object) -> Result<String, Error> {
    let endings = [";", "\n;", "*/;"];
    let mut statements = endings.iter().map(|ending| format!("{}{ending}", object.sql));
    let whole = statements.find(|statement| is_whole(statement));
    let why = "its statement in the schema has no end";
    whole.ok_or_else(|| Error::NotDumpable { name: object.name.clone(), why })
}

/// A column that holds text, as those of the schema do.
fn text(row: &Statement, index: usize) -> Result<String, Error> {
    let bytes = match row.cell(index) {
        Cell::Text(bytes) => bytes,
        _ => &[],
    };
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.map_err(|_| Error::NotDumpable {
        name: String::from_utf8_lossy(bytes).into_owned(),
        why: "the schema is not UTF-8",
    })
}

#[cfg(test)]
mod tests;
