//! A statement as Hrana's streams send it: one a time, with values by position or by name, and its
//! result as data.
//!
//! Outside a transaction it is one of its own; within an interactive one it is a part of that.

use isolite_protocol::hrana::proto::{
    Col, DescribeCol, DescribeParam, DescribeResult, NamedArg, Row, StmtResult, Value,
};
use rusqlite::ffi;

use super::request::{Next, observe};
use super::{Database, Observer};
use crate::error::Error;
use crate::policy::Wish;
use crate::sql_text::{SqlText, is_insert, only_reads};
use crate::statement::{Cell, Lasts, Statement};
use crate::transaction_statement::TransactionStatement;

/// What is to run.
pub struct StreamStatement<'a> {
    pub sql: &'a str,
    /// By position, from the first parameter on; no more than there are parameters.
    pub args: &'a [Value],
    /// By name, with the character before it or without.
    pub named_args: &'a [NamedArg],
    /// Without it the rows are read and not told.
    pub want_rows: bool,
}

/// For whom and when it runs.
pub struct StreamRun<'a> {
    /// Time of its commit, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// A clock for durations, in milliseconds.
    pub clock: &'a dyn Fn() -> f64,
    pub observe: Option<&'a Observer<'a>>,
    /// It is a part of the transaction that is open; without it there must be none.
    pub within: bool,
    /// A statement that writes is refused.
    pub read_only: bool,
    /// What `last_insert_rowid()` says: that of the stream, not of whoever else used the connection.
    pub last_insert_rowid: i64,
    /// Whether foreign keys are enforced outside transactions.
    pub foreign_keys: bool,
}

/// What it did.
pub struct Executed {
    pub result: StmtResult,
    /// What `last_insert_rowid()` says from now on.
    pub last_insert_rowid: i64,
    /// Whether foreign keys are to be enforced from now on, if it said so outside a transaction.
    pub foreign_keys: Option<bool>,
}

impl Database {
    /// Runs one statement, which is not one of transactions. `bytes_left` is what the answer has room
    /// for, and what it takes of that is taken off.
    pub fn execute(
        &mut self,
        statement: &StreamStatement<'_>,
        run: &StreamRun<'_>,
        bytes_left: &mut usize,
    ) -> Result<Executed, Error> {
        let interactive = self.is_interactive();
        if interactive != run.within {
            return Err(Error::locked());
        }
        if interactive {
            self.shared.error.take();
            self.policy.begin_within(self.limits.steps_max);
        } else {
            self.begin(run.now_ms)?;
        }
        let ran = self.execute_within(statement, run, bytes_left);
        let (result, foreign_keys) = if interactive {
            let ran = ran.map_err(|error| self.explain(error));
            let ran = self.spare_no_longer().and(ran);
            self.notice_end();
            ran?
        } else {
            let (ended, done) = match ran {
                Ok(done) => (Ok(()), Some(done)),
                Err(error) => (Err(error), None),
            };
            self.end(ended)?;
            done.ok_or(Error::NoStatement)?
        };
        let last_insert_rowid = self.connection.last_insert_rowid();
        Ok(Executed { result, last_insert_rowid, foreign_keys })
    }

    fn execute_within(
        &mut self,
        statement: &StreamStatement<'_>,
        run: &StreamRun<'_>,
        bytes_left: &mut usize,
    ) -> Result<(StmtResult, Option<bool>), Error> {
        // SAFETY: the handle is open as long as the connection is borrowed.
        unsafe {
            ffi::sqlite3_set_last_insert_rowid(self.connection.handle(), run.last_insert_rowid);
        }
        if !run.foreign_keys && !self.is_interactive() && !only_reads(statement.sql) {
            self.relax_foreign_keys(Wish::Ignore)?;
        }
        let mut next = self.prepare_one(statement.sql)?;
        if run.read_only && !next.statement.is_read_only() {
            return Err(Error::ReadOnly);
        }
        bind(&mut next.statement, statement)?;
        let prepared = &mut next.statement;
        // SQLite has written all by the first row: what is refused for its rows must be taken back.
        let guarded =
            self.is_interactive() && !prepared.is_read_only() && prepared.column_count() > 0;
        let result = match guarded {
            true => self.guarded(|it| {
                let done = it.step_through(prepared, statement, run, bytes_left);
                if done.is_err() {
                    prepared.rewind();
                }
                done
            })?,
            false => self.step_through(prepared, statement, run, bytes_left)?,
        };
        if run.read_only && self.has_written() {
            return Err(Error::ReadOnly);
        }
        let foreign_keys = self.after_one(&next)?;
        self.keep(statement.sql, next.statement);
        Ok((result, foreign_keys))
    }

    fn step_through(
        &mut self,
        prepared: &mut Statement,
        statement: &StreamStatement<'_>,
        run: &StreamRun<'_>,
        bytes_left: &mut usize,
    ) -> Result<StmtResult, Error> {
        let (began_ms, changes) = ((run.clock)(), self.total_changes());
        let mut row = prepared.step()?;
        let cols = cols_of(prepared);
        self.take_room(bytes_left, cols.iter().map(bytes_of_col).sum::<usize>() + RESULT_BYTES)?;
        let (mut rows, mut count) = (Vec::new(), 0);
        while row {
            count += 1;
            if statement.want_rows {
                let read = row_of(prepared, cols.len());
                self.take_room(bytes_left, bytes_of(&read))?;
                rows.push(read);
            }
            row = prepared.step()?;
        }
        let (rows_read, rows_written) = prepared.take_rows();
        let query_duration_ms = ((run.clock)() - began_ms).max(0.0);
        let took = ((rows_read, rows_written), count, query_duration_ms);
        observe(run.observe, prepared, statement.sql, took);
        // That of the statement before, if this one changed nothing.
        let changed = self.total_changes() != changes;
        let affected_row_count = if changed { self.connection.changes() } else { 0 };
        let inserted = affected_row_count > 0 && is_insert(statement.sql);
        Ok(StmtResult {
            cols,
            rows,
            affected_row_count,
            last_insert_rowid: inserted.then(|| self.connection.last_insert_rowid()),
            replication_index: None,
            rows_read,
            rows_written,
            query_duration_ms,
        })
    }

    fn take_room(&self, bytes_left: &mut usize, bytes: usize) -> Result<(), Error> {
        let too_large = Error::ResultTooLarge { bytes_max: self.limits.result_bytes_max };
        *bytes_left = bytes_left.checked_sub(bytes).ok_or(too_large)?;
        Ok(())
    }

    /// What a statement takes and answers, without running it.
    pub fn describe(&mut self, sql: &str, bytes_left: &mut usize) -> Result<DescribeResult, Error> {
        if TransactionStatement::parse(sql).is_some() {
            return Ok(DescribeResult { is_readonly: true, ..DescribeResult::default() });
        }
        let Next { statement, .. } = self.prepare_alone(sql)?;
        let members = statement.param_count() + statement.column_count();
        self.take_room(bytes_left, members * MEMBER_BYTES + sql.len() + RESULT_BYTES)?;
        let params = (1..=statement.param_count())
            .map(|index| DescribeParam { name: statement.param_name(index) });
        let cols = (0..statement.column_count()).map(|index| DescribeCol {
            name: statement.column_name(index),
            decltype: statement.column_decltype(index),
        });
        Ok(DescribeResult {
            params: params.collect(),
            cols: cols.collect(),
            is_explain: statement.is_explain(),
            is_readonly: statement.is_read_only(),
        })
    }

    /// Whether a statement writes nothing, as SQLite says of it.
    pub fn is_read_only(&mut self, sql: &str) -> Result<bool, Error> {
        let next = self.prepare_alone(sql)?;
        let read_only = next.statement.is_read_only();
        self.keep(sql, next.statement);
        Ok(read_only)
    }

    /// Prepares the one statement of a text that is not to run now.
    pub(super) fn prepare_alone(&mut self, sql: &str) -> Result<Next, Error> {
        self.shared.error.take();
        match self.is_interactive() {
            true => self.policy.begin_within(self.limits.steps_max),
            false => self.policy.begin(self.limits.steps_max),
        }
        let prepared = self.prepare_one(sql).map_err(|error| self.explain(error));
        self.spare_no_longer().and(prepared)
    }

    fn prepare_one(&mut self, sql: &str) -> Result<Next, Error> {
        let kept = if self.policy.has_notes() { None } else { self.statements.take(sql) };
        if let Some(statement) = kept {
            return Ok(Next::kept(statement));
        }
        let text = SqlText::new(sql);
        let next = self.next_statement(&text, 0, Lasts::Long)?.ok_or(Error::NoStatement)?;
        if next.last && !text.is_cut() { Ok(next) } else { Err(Error::ManyStatements) }
    }

    /// Keeps a statement for the next time that its text comes.
    fn keep(&mut self, sql: &str, mut statement: Statement) {
        // One that the authorizer has noted must meet it each time.
        if !self.policy.has_notes() {
            statement.reset();
            self.statements.give(sql, statement);
        }
    }

    /// Does what a statement has asked for, and outside a transaction tells it: there it is for all that
    /// the stream does from now on.
    fn after_one(&mut self, next: &Next) -> Result<Option<bool>, Error> {
        if self.is_interactive() {
            return self.after_statement(next).map(|()| None);
        }
        Ok(match next.wish {
            Some(Wish::Enforce) => Some(true),
            Some(Wish::Ignore) => Some(false),
            _ => None,
        })
    }
}

/// As of the first step: before it the schema may have been another.
pub(super) fn cols_of(prepared: &Statement) -> Vec<Col> {
    let col = |index| Col {
        name: Some(prepared.column_name(index)),
        decltype: prepared.column_decltype(index),
    };
    (0..prepared.column_count()).map(col).collect()
}

/// The row at which the statement stands.
pub(super) fn row_of(prepared: &Statement, count: usize) -> Row {
    Row { values: (0..count).map(|index| value_of(prepared.cell(index))).collect() }
}

/// Binds each parameter by its name, or by where it stands. What only explains needs no values.
pub(super) fn bind(prepared: &mut Statement, statement: &StreamStatement<'_>) -> Result<(), Error> {
    let StreamStatement { args, named_args, .. } = statement;
    if !args.is_empty() && !named_args.is_empty() {
        return Err(Error::Args(BOTH.to_owned()));
    }
    let (given, wanted) = (args.len() + named_args.len(), prepared.param_count());
    if given > wanted {
        let text = format!("{given} values are given, and the statement has {wanted} parameters");
        return Err(Error::Args(text));
    }
    for index in 1..=wanted {
        let name = prepared.param_name(index);
        let named = name.as_deref().and_then(|name| {
            named_args.iter().find(|arg| {
                arg.name == name || name.strip_prefix(PREFIXES).is_some_and(|it| arg.name == it)
            })
        });
        let value = named.map(|arg| &arg.value).or_else(|| args.get(index - 1));
        let Some(value) = value else {
            if prepared.is_explain() {
                continue;
            }
            let name = name.unwrap_or_else(|| format!("?{index}"));
            return Err(Error::Args(format!("value for parameter {name} not found")));
        };
        // SAFETY: the values live as long as the call that runs the statement, at whose end it is
        // reset or dropped.
        unsafe { prepared.bind_cell(index, &cell_of(value))? };
    }
    Ok(())
}

/// The text of [`Error::Args`] that has a code of its own.
pub(crate) const BOTH: &str = "positional and named arguments cannot both be given";

const PREFIXES: [char; 3] = [':', '@', '$'];

fn cell_of(value: &Value) -> Cell<'_> {
    match value {
        Value::None | Value::Null => Cell::Null,
        Value::Integer { value } => Cell::Integer(*value),
        Value::Float { value } => Cell::Real(*value),
        Value::Text { value } => Cell::Text(value.as_bytes()),
        Value::Blob { value } => Cell::Blob(value),
    }
}

fn value_of(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(value) => Value::Integer { value },
        Cell::Real(value) => Value::Float { value },
        Cell::Text(text) => Value::Text { value: String::from_utf8_lossy(text).into() },
        Cell::Blob(bytes) => Value::Blob { value: bytes.to_vec().into() },
    }
}

/// What a result takes without its rows, and what a column or a parameter takes without its name.
const RESULT_BYTES: usize = 200;
const MEMBER_BYTES: usize = 64;

fn bytes_of_col(col: &Col) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    MEMBER_BYTES + text(&col.name) + text(&col.decltype)
}

/// What a row takes of an answer in JSON, or a little more.
pub(super) fn bytes_of(row: &Row) -> usize {
    const AROUND: usize = 32;
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    let value = |value: &Value| match value {
        Value::Text { value } => AROUND + value.bytes().map(escaped).sum::<usize>(),
        Value::Blob { value } => AROUND + value.len().div_ceil(3) * 4,
        _ => AROUND + 20,
    };
    row.values.iter().map(value).sum()
}

#[cfg(test)]
mod tests;
