//! Cursors: a batch whose rows go out while they are read.
//!
//! An answer has a piece of it, and names the cursor if there is more; whoever passes it on asks for the next
//! piece as its client takes this one. A statement that only reads may so have any number of rows: they
//! are read over the position where it began, beside whatever comes after. Of one that writes, and of one in
//! a transaction that has written, all rows are in memory at once, and bounded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use isolite_protocol::hrana::proto::{
    Batch, CursorEntry, Error, StepBeginEntry, StepEndEntry, StepErrorEntry, Stmt,
};
use isolite_protocol::hrana::{
    Baton, CursorBody, CursorStart, Encoding, HranaError, Steps, cursor_entries,
};
use isolite_sqlite::{RowCursor, TransactionStatement};

use super::super::hrana::Asked;
use super::super::reads::Read;
use super::super::{Engine, Primary};
use super::pipeline::{Failed, OnStream, entries_of_step, full, of_refused};
use super::{Session, Transaction};
use crate::object::call_js::Answer;
use crate::platform_js::{now_ms, random_u64};

/// Of one piece, about.
const PIECE_BYTES: usize = 4 << 20;
/// Of one database: each that is in the midst of its rows holds a connection.
const CURSORS_MAX: usize = 20;

#[derive(Default)]
pub(in crate::primary) struct Cursors {
    open: RefCell<HashMap<u64, Cursor>>,
}

struct Cursor {
    stream: u64,
    session: Session,
    batch: Batch,
    read_only: bool,
    encoding: Encoding,
    /// Of each step so far whether it has run well.
    ran: Vec<bool>,
    /// The step after those, in the midst of its rows.
    rows: Option<(RowCursor, Read)>,
    used_ms: u64,
}

impl Primary {
    /// The first piece.
    pub(in crate::primary) async fn cursor(&self, asked: Asked) -> Answer {
        let body = match asked.encoding {
            Encoding::Json => CursorBody::decode_json(&asked.json),
            Encoding::Protobuf => CursorBody::decode_protobuf(&asked.protobuf),
        };
        let begun = match body {
            Ok(body) => self.engine.begin_cursor(body, asked.read_only, asked.encoding),
            Err(error) => Err(error),
        };
        let answer = match begun {
            Ok((cursor, start)) => self.engine.piece(cursor, start, true).await,
            Err(error) => Answer::new(error.status(), error.body()),
        };
        self.after_streams();
        answer
    }

    /// The next piece of the cursor that is named so.
    pub(in crate::primary) async fn next_piece(&self, name: &str) -> Answer {
        let id = u64::from_str_radix(name, 16).ok();
        let cursor = id.and_then(|id| self.engine.cursors.open.borrow_mut().remove(&id));
        let answer = match cursor {
            Some(cursor) => {
                self.engine.streams.touch(cursor.stream);
                self.engine.piece(cursor, Vec::new(), false).await
            }
            None => Answer::new(404, "The cursor is no longer open: its client was too slow"),
        };
        self.after_streams();
        answer
    }
}

impl Cursors {
    /// Those that nobody takes pieces of any more.
    fn expire(&self, idle_ms_max: u64) -> Vec<Cursor> {
        let now_ms = now_ms();
        let mut open = self.open.borrow_mut();
        let idle = |it: &Cursor| it.used_ms + idle_ms_max <= now_ms;
        let ids: Vec<u64> = open.iter().filter(|(_, it)| idle(it)).map(|(id, _)| *id).collect();
        ids.iter().filter_map(|id| open.remove(id)).collect()
    }
}

impl Engine {
    /// Closes those that nobody takes pieces of any more; whether others are left is told.
    pub(super) fn expire_cursors(&self, idle_ms_max: u64) -> bool {
        for cursor in self.cursors.expire(idle_ms_max) {
            self.streams.close(cursor.stream);
            cursor.session.close(self);
        }
        !self.cursors.open.borrow().is_empty()
    }

    pub(super) fn close_cursors(&self) {
        self.expire_cursors(0);
    }

    /// The stream stays open behind the cursor.
    fn begin_cursor(
        &self,
        body: CursorBody,
        read_only: bool,
        encoding: Encoding,
    ) -> Result<(Cursor, Vec<u8>), HranaError> {
        let CursorBody(body) = body;
        let key = self.baton_key()?;
        let OnStream { id, session } = self.stream(body.baton.as_deref())?;
        if self.cursors.open.borrow().len() >= CURSORS_MAX {
            self.close_stream(OnStream { id, session });
            return Err(HranaError::TooManyStreams { streams_max: CURSORS_MAX });
        }
        let stream = match id {
            Some(id) => id,
            None => self.streams.reserve().ok_or_else(full)?,
        };
        let sequence = self.streams.next_sequence(stream);
        let baton = key.encode(Baton { stream, sequence });
        let mut start = Vec::new();
        CursorStart { baton: Some(baton) }.encode(encoding, &mut start);
        let cursor = Cursor {
            stream,
            session,
            batch: body.batch,
            read_only,
            encoding,
            ran: Vec::new(),
            rows: None,
            used_ms: now_ms(),
        };
        Ok((cursor, start))
    }

    async fn piece(self: &Rc<Self>, mut cursor: Cursor, mut out: Vec<u8>, first: bool) -> Answer {
        let more = match cursor.run(self, &mut out).await {
            Ok(more) => more,
            Err(error) => {
                let Cursor { stream, session, encoding, .. } = cursor;
                self.close_stream(OnStream { id: Some(stream), session });
                if first {
                    return Answer::new(error.status(), error.body());
                }
                // The status has been told already.
                let error = CursorEntry::Error { error: error.to_proto() };
                cursor_entries(&[error], encoding, &mut out);
                return Answer { commits: Some(out), ..Answer::new(200, "") };
            }
        };
        let mut answer = Answer { commits: Some(out), ..Answer::new(200, "") };
        match more {
            true => {
                let id = random_u64();
                cursor.used_ms = now_ms();
                self.cursors.open.borrow_mut().insert(id, cursor);
                answer.bookmark = Some(format!("{id:016x}"));
            }
            false => drop(self.streams.give(cursor.stream, cursor.session)),
        }
        answer
    }
}

impl Cursor {
    /// Goes on until there is enough for a piece; false at the end.
    async fn run(&mut self, engine: &Rc<Engine>, out: &mut Vec<u8>) -> Result<bool, HranaError> {
        while out.len() < PIECE_BYTES {
            if self.rows.is_some() {
                self.take_rows(out);
                continue;
            }
            let Some(step) = self.batch.steps.get(self.ran.len()) else { return Ok(false) };
            let steps = Steps { ran: &self.ran, is_autocommit: self.session.is_autocommit() };
            if !steps.let_run(step) {
                self.ran.push(false);
                continue;
            }
            let stmt = step.stmt.clone();
            self.run_step(engine, &stmt, out).await?;
        }
        Ok(true)
    }

    async fn run_step(
        &mut self,
        engine: &Rc<Engine>,
        stmt: &Stmt,
        out: &mut Vec<u8>,
    ) -> Result<(), HranaError> {
        let number = self.ran.len() as u32;
        let streams = self.streams_rows(engine, stmt)?;
        let mut runner = engine.runner(&mut self.session, self.read_only);
        if streams {
            runner.bytes_left = runner.bytes_left.min(PIECE_BYTES);
        }
        let (result, error) = match runner.statement(stmt).await {
            Ok(result) => (Some(result), None),
            // More than one piece: once more, some rows at a time.
            Err(Failed::Here(error)) if streams && error.code == "RESPONSE_TOO_LARGE" => {
                match self.open_rows(engine, stmt)? {
                    Ok((rows, read)) => {
                        let cols = rows.cols().to_vec();
                        let begin = CursorEntry::StepBegin(StepBeginEntry { step: number, cols });
                        cursor_entries(&[begin], self.encoding, out);
                        self.rows = Some((rows, read));
                        return Ok(());
                    }
                    Err(error) => (None, Some(error)),
                }
            }
            Err(Failed::Here(error)) => (None, Some(error)),
            Err(Failed::Whole(error)) => return Err(error),
        };
        self.ran.push(result.is_some());
        cursor_entries(&entries_of_step(number, result, error), self.encoding, out);
        Ok(())
    }

    /// Whether a statement's rows may be read beside the primary's own connection.
    fn streams_rows(&self, engine: &Engine, stmt: &Stmt) -> Result<bool, HranaError> {
        let sql = self.session.stored.text(stmt.sql.as_deref(), stmt.sql_id)?;
        let apart = match self.session.transaction {
            Transaction::None | Transaction::Reading { .. } => {
                TransactionStatement::parse(&sql).is_none()
            }
            Transaction::Writing(_) | Transaction::Lost(_) => false,
        };
        let Ok(now) = engine.stands_at() else { return Ok(false) };
        let at = self.session.reads_at().unwrap_or(now);
        // What is wrong with it shows as it runs.
        Ok(apart && engine.read_at(at, |database| database.is_read_only(&sql)).unwrap_or(false))
    }

    fn open_rows(
        &self,
        engine: &Engine,
        stmt: &Stmt,
    ) -> Result<Result<(RowCursor, Read), Error>, HranaError> {
        let sql = self.session.stored.text(stmt.sql.as_deref(), stmt.sql_id)?;
        let now = engine.stands_at().map_err(of_refused)?;
        let at = self.session.reads_at().unwrap_or(now);
        let read = engine.reads.at(at);
        let database = engine.own_past(at).map_err(of_refused)?;
        let rows = RowCursor::open(database, &sql, &stmt.args, &stmt.named_args);
        Ok(rows.map(|rows| (rows, read)).map_err(|error| error.to_hrana()))
    }

    fn take_rows(&mut self, out: &mut Vec<u8>) {
        let Some((rows, _)) = &mut self.rows else { return };
        let step = self.ran.len() as u32;
        let taken = rows.next(PIECE_BYTES.saturating_sub(out.len()));
        let more = rows.has_more();
        let entries: Vec<CursorEntry> = match taken {
            Ok(taken) => {
                let rows = taken.into_iter().map(|row| CursorEntry::Row { row });
                let end = StepEndEntry { affected_row_count: 0, last_insert_rowid: None };
                rows.chain((!more).then_some(CursorEntry::StepEnd(end))).collect()
            }
            Err(error) => {
                self.ran.push(false);
                self.rows = None;
                vec![CursorEntry::StepError(StepErrorEntry { step, error: error.to_hrana() })]
            }
        };
        cursor_entries(&entries, self.encoding, out);
        if self.rows.is_some() && !more {
            self.ran.push(true);
            self.rows = None;
        }
    }
}
