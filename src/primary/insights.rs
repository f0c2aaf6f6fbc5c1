//! The statistics of this database's statements, kept with it.
//!
//! The hour that runs is in memory, and written to its row of the object's storage at most once a
//! minute, after an answer: no timer keeps the object awake for it. So an eviction loses what ran in
//! the last minute at most. A row an hour, however many statements it has, keeps this one write a
//! minute. Nothing here fails a request: what cannot be kept is logged.

use std::cell::RefCell;

use isolite_core::StorageError;
use isolite_protocol::insights::{Hour, Question, Report, Sums, first_kept, hour_of};
use worker::console_error;

use crate::object::sql_js::{Bound, Storage};

const WRITE_EVERY_MS: f64 = 60_000.0;
/// A later hour than any: a number that the storage takes.
const HOUR_MAX: u64 = 1 << 40;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS insight (hour INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

pub(super) struct Insights {
    storage: Storage,
    running: RefCell<Running>,
}

/// The hour that runs.
#[derive(Default)]
struct Running {
    /// None until the first statement.
    hour: Option<Hour>,
    /// Whether it has more than its row.
    is_ahead: bool,
    /// Whether it has no row yet: as it gets one, old ones go.
    is_new: bool,
    written_ms: f64,
}

impl Insights {
    pub(super) fn new(storage: Storage) -> Insights {
        Insights { storage, running: RefCell::default() }
    }

    /// Makes ready for the statements of a request: the hour of this time is the one that runs.
    pub(super) fn begin(&self, now_ms: f64) {
        let number = hour_of(now_ms as i64);
        let is_there =
            self.running.borrow().hour.as_ref().is_some_and(|hour| hour.hour() == number);
        if is_there {
            return;
        }
        self.write(now_ms);
        let stored = self.stored(number).unwrap_or_else(|error| {
            console_error!("The statistics of this hour begin anew: {error}");
            None
        });
        let mut running = self.running.borrow_mut();
        running.is_new = stored.is_none();
        running.hour = Some(stored.unwrap_or_else(|| Hour::new(number)));
    }

    /// Takes in one run of a statement.
    pub(super) fn add(&self, sql: &str, run: &Sums) {
        let mut running = self.running.borrow_mut();
        if let Some(hour) = &mut running.hour {
            hour.add(sql, run);
            running.is_ahead = true;
        }
    }

    /// Whether `write` has something to do, and has done nothing for a minute.
    pub(super) fn is_due(&self, now_ms: f64) -> bool {
        let running = self.running.borrow();
        running.is_ahead && now_ms - running.written_ms >= WRITE_EVERY_MS
    }

    /// Writes what is not written yet. After a failure it is due again in a minute.
    pub(super) fn write(&self, now_ms: f64) {
        let mut running = self.running.borrow_mut();
        let Running { hour: Some(hour), is_ahead: true, is_new, .. } = &*running else { return };
        let written = match serde_json::to_vec(hour) {
            Ok(bytes) => self.write_row(hour.hour(), &bytes, *is_new),
            Err(error) => Err(StorageError(error.to_string())),
        };
        running.written_ms = now_ms;
        match written {
            Ok(()) => (running.is_ahead, running.is_new) = (false, false),
            Err(error) => console_error!("The statistics are not written: {error}"),
        }
    }

    fn write_row(&self, hour: u64, bytes: &[u8], is_new: bool) -> Result<(), StorageError> {
        self.storage.run(TABLE, &[])?;
        let values = [Bound::Number(hour), Bound::Bytes(bytes)];
        self.storage.run("INSERT OR REPLACE INTO insight VALUES (?, ?)", &values)?;
        if is_new { self.drop_old(hour) } else { Ok(()) }
    }

    fn drop_old(&self, now: u64) -> Result<(), StorageError> {
        let mut hours = Vec::new();
        let newest_first = "SELECT hour, length(bytes) FROM insight ORDER BY hour DESC";
        self.storage.query(newest_first, &[], |row| {
            hours.push((row.number(0), row.number(1)));
            Ok::<(), StorageError>(())
        })?;
        let first_kept = Bound::Number(first_kept(now, &hours));
        self.storage.run("DELETE FROM insight WHERE hour < ?", &[first_kept])
    }

    fn stored(&self, hour: u64) -> Result<Option<Hour>, StorageError> {
        let mut stored = None;
        self.visit(hour, hour, |hour| stored = Some(hour))?;
        Ok(stored)
    }

    /// Calls `visit` with each stored hour; one that cannot be read is left out.
    fn visit(&self, from: u64, to: u64, mut visit: impl FnMut(Hour)) -> Result<(), StorageError> {
        self.storage.run(TABLE, &[])?;
        let hours = [Bound::Number(from.min(HOUR_MAX)), Bound::Number(to.min(HOUR_MAX))];
        let sql = "SELECT bytes FROM insight WHERE hour >= ? AND hour <= ? ORDER BY hour";
        self.storage.query(sql, &hours, |row| {
            serde_json::from_slice(&row.bytes(0)).into_iter().for_each(&mut visit);
            Ok(())
        })
    }

    /// What is known, that of the last minute included.
    pub(super) fn report(&self, question: &Question) -> Result<Report, StorageError> {
        let mut reporter = Report::begin(question);
        let running = self.running.borrow();
        let number = running.hour.as_ref().map(Hour::hour);
        self.visit(question.from, question.to, |hour| {
            if Some(hour.hour()) != number {
                reporter.add(&hour);
            }
        })?;
        running.hour.iter().for_each(|hour| reporter.add(hour));
        Ok(reporter.end())
    }

    /// Lets go of what is in memory: the database was deleted.
    pub(super) fn forget(&self) {
        self.running.take();
    }
}
