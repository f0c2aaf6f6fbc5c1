//! The past of a primary: what is kept of it, and reads of the database as it was.
//!
//! Whoever reads there in several calls has the position held: nothing is dropped from there on for an
//! hour after the last call that named it. A read of one call needs no hold, because nothing comes
//! between its look at what is kept and its end.

use isolite_core::{Bookmark, NotKept, Past, Position, Retention, StorageError, Tag, Txid};
use isolite_protocol::query_string;
use isolite_sqlite::{Database, Error as SqlError, Run};
use serde::Serialize;

use super::{Engine, Opened, Primary, Queries, Refused, bookmark, refuse};
use crate::object::call_js::Answer;
use crate::object::open_databases;
use crate::object::sql_js::Bound;

/// Pages in memory of each past database that is open, besides SQLite's own.
const CACHE_PAGES: usize = 256;
/// Past databases kept open for the next call, the last used first.
const OPEN_MAX: usize = 2;
/// Pages of one part: 16 MiB before compression.
const PART_PAGES_MAX: u32 = 4096;
/// How long a position is held that nobody names again.
const HOLD_MS: u64 = 3_600_000;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS held (txid INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL)";

/// `/time_travel/bookmark`.
#[derive(Serialize)]
struct At {
    bookmark: String,
    timestamp_ms: i64,
}

/// The databases that are open as they were.
#[derive(Default)]
pub(super) struct Pasts {
    open: Vec<(Position, Use, Database)>,
}

/// What a past database is open for. A dump has the planner forget what ANALYZE has found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Queries,
    Dump,
}

impl Primary {
    /// Where the database stood at a time, or stands now.
    pub(super) fn bookmark_at(&self, query: &str) -> Answer {
        let time_ms = query_string::raw(query, "timestamp_ms");
        let time_ms: Option<i64> = match time_ms.map(str::parse).transpose() {
            Ok(time_ms) => time_ms,
            Err(_) => return refuse(&Refused::Asked("timestamp_ms is no number".to_owned())),
        };
        let now_ms = js_sys::Date::now() as i64;
        if time_ms.is_some_and(|time_ms| time_ms > now_ms) {
            return refuse(&Refused::Asked("the timestamp is in the future".to_owned()));
        }
        let at = self.engine.with(|Opened { database, tag, .. }| {
            let time_ms = time_ms.unwrap_or(now_ms);
            let found = database.with_store(|store| store.position_at(time_ms));
            let found = found.unwrap_or(Ok(Err(NotKept::Unknown))).map_err(SqlError::Pages)?;
            let (position, time_ms) = found.map_err(|not_kept| not_kept_as(not_kept, *tag))?;
            let bookmark = Bookmark { position, tag: *tag }.to_string();
            Ok(At { bookmark, timestamp_ms: time_ms })
        });
        Answer::json(at)
    }

    /// A request that reads the database as it was at the bookmark.
    pub(super) fn query_as_of(
        &self,
        at: &str,
        queries: &Queries,
        query: &str,
        script: bool,
    ) -> Answer {
        let run = Run::of(queries, query, &js_sys::Date::now, &self.served);
        let run = if script { run.as_script() } else { run };
        let done = self.engine.with_past(at, Use::Queries, |database| match database.run(&run) {
            Ok(done) => Ok(done),
            Err(SqlError::QueryOnly(_)) => Err(Refused::ReadOnly),
            Err(error) => Err(error.into()),
        });
        match done {
            // Without a bookmark: it is not where the database stands.
            Ok(done) => Answer::new(200, done.answer),
            Err(refused) => refuse(&refused),
        }
    }

    /// A part of the database as it was, for whoever makes another database of it.
    pub(super) fn past_part(&self, query: &str) -> Answer {
        let number = |name, or| {
            query_string::raw(query, name).and_then(|text| text.parse().ok()).unwrap_or(or)
        };
        let (first, count) = (number("first", 1), number("count", 0).min(PART_PAGES_MAX));
        let at = &query_string::value(query, "at").unwrap_or_default();
        let part = self.engine.hold(at).and_then(|()| {
            self.engine.past(at).and_then(|mut past| {
                past.pages_from(first, count).map_err(|error| SqlError::Pages(error).into())
            })
        });
        match part {
            Ok(commits) => Answer { commits, ..Answer::new(200, "") },
            Err(refused) => super::not_done(&refused),
        }
    }
}

impl Engine {
    /// Calls `use_it` with the database as it was at a bookmark.
    pub(super) fn with_past<T>(
        &self,
        at: &str,
        of: Use,
        use_it: impl FnOnce(&mut Database) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let position = self.with(|Opened { tag, .. }| position_of(at, *tag))?;
        self.past_database(position, of, use_it)
    }

    /// The same at a position, for queries.
    pub(super) fn with_past_at<T>(
        &self,
        position: Position,
        use_it: impl FnOnce(&mut Database) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.past_database(position, Use::Queries, use_it)
    }

    /// The database at a position, for one reader alone.
    #[cfg(feature = "entry")]
    pub(super) fn own_past(&self, position: Position) -> Result<Database, Refused> {
        let limits = self.settings.clone().map_err(Refused::Misconfigured)?.limits;
        open_databases::make_room(limits.heap_bytes_max);
        Ok(Database::open_past(self.past_at(position)?, limits)?)
    }

    fn past_database<T>(
        &self,
        position: Position,
        of: Use,
        use_it: impl FnOnce(&mut Database) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let limits = self.settings.clone().map_err(Refused::Misconfigured)?.limits;
        self.check_kept(position)?;
        let mut pasts = self.pasts.borrow_mut();
        let open = pasts.open.iter().position(|(open, used, _)| (*open, *used) == (position, of));
        let mut database = match open {
            Some(index) => pasts.open.remove(index).2,
            None => {
                open_databases::make_room(limits.heap_bytes_max);
                let past = self.past_at(position)?;
                match of {
                    Use::Queries => Database::open_past(past, limits)?,
                    Use::Dump => Database::open_past_to_dump(past, limits)?,
                }
            }
        };
        let used = use_it(&mut database);
        if !database.is_broken() {
            pasts.open.insert(0, (position, of, database));
            pasts.open.truncate(OPEN_MAX);
        }
        used
    }

    /// The pages as they were at a bookmark.
    pub(super) fn past(&self, at: &str) -> Result<Past, Refused> {
        self.past_at(self.with(|Opened { tag, .. }| position_of(at, *tag))?)
    }

    fn past_at(&self, position: Position) -> Result<Past, Refused> {
        self.with(|Opened { database, tag, .. }| {
            let past = database.with_store(|store| store.past(position, CACHE_PAGES));
            let past = past.unwrap_or(Ok(Err(NotKept::Unknown))).map_err(SqlError::Pages)?;
            past.map_err(|not_kept| not_kept_as(not_kept, *tag))
        })
    }

    /// Whether a position is still kept. Looked at before each use of what was opened there before:
    /// pages that were dropped would be read as later ones.
    fn check_kept(&self, position: Position) -> Result<(), Refused> {
        self.with(|Opened { database, tag, .. }| {
            let kept = database.with_store(|store| store.keeps(&position));
            kept.unwrap_or(Err(NotKept::Unknown)).map_err(|gone| not_kept_as(gone, *tag))?;
            Ok(())
        })
    }

    /// Has nothing dropped from the position of a bookmark on, for an hour.
    pub(super) fn hold(&self, at: &str) -> Result<(), Refused> {
        let position = self.with(|Opened { tag, .. }| position_of(at, *tag))?;
        self.check_kept(position)?;
        self.hold_from(position.txid)
    }

    /// The same of a position that is known to be kept.
    pub(super) fn hold_from(&self, txid: Txid) -> Result<(), Refused> {
        let now_ms = js_sys::Date::now() as u64;
        let values = [Bound::Number(txid), Bound::Number(now_ms + HOLD_MS), Bound::Number(now_ms)];
        self.storage.run(TABLE, &[])?;
        // Not with each call anew.
        let sql = format!(
            "INSERT INTO held VALUES (?1, ?2) ON CONFLICT DO UPDATE SET until_ms = ?2 \
             WHERE until_ms < ?3 + {}",
            HOLD_MS / 2
        );
        self.storage.run(&sql, &values)?;
        self.held.set(self.read_held(now_ms)?);
        Ok(())
    }

    /// The oldest position that is held, and until when.
    fn read_held(&self, now_ms: u64) -> Result<Option<(Txid, u64)>, StorageError> {
        self.storage.run(TABLE, &[])?;
        self.storage.run("DELETE FROM held WHERE until_ms < ?", &[Bound::Number(now_ms)])?;
        let mut held = None;
        let oldest = "SELECT txid, until_ms FROM held ORDER BY txid LIMIT 1";
        self.storage.query(oldest, &[], |row| {
            held = Some((row.number(0), row.number(1)));
            Ok::<(), StorageError>(())
        })?;
        Ok(held)
    }

    /// As a start finds it.
    pub(super) fn load_held(&self) -> Result<(), StorageError> {
        self.held.set(self.read_held(js_sys::Date::now() as u64)?);
        Ok(())
    }

    /// What is kept of the past now.
    pub(super) fn retention(&self) -> Retention {
        let now_ms = js_sys::Date::now() as u64;
        if self.held.get().is_some_and(|(_, until_ms)| until_ms < now_ms) {
            // Without an answer nothing is let go.
            self.load_held().unwrap_or_default();
        }
        // Transactions that read stay where they began.
        let read = self.reads.oldest();
        let held = self.held.get().map(|(txid, _)| txid);
        let settings = self.settings.as_ref();
        let (own_days, own_bytes) = self.kept.get();
        let own_ms = own_days.map(|days| days as i64 * 86_400_000);
        Retention {
            // What is set of the database comes before what is set of all.
            time_ms: own_ms.or(settings.ok().map(|it| it.retention_ms)).unwrap_or(i64::MAX),
            bytes_max: own_bytes
                .or(settings.ok().map(|it| it.history_bytes_max))
                .unwrap_or(u64::MAX),
            now_ms: now_ms as i64,
            held: held.into_iter().chain(read).chain(self.backup_needs()).min(),
        }
    }
}

fn position_of(at: &str, tag: Tag) -> Result<Position, Refused> {
    let position = at.parse().and_then(|bookmark: Bookmark| bookmark.of(tag));
    position.map_err(|error| Refused::Asked(error.to_string()))
}

fn not_kept_as(not_kept: NotKept, tag: Tag) -> Refused {
    Refused::Asked(match not_kept {
        NotKept::TooOld { position, time_ms } => {
            let time = js_sys::Date::new(&(time_ms as f64).into()).to_iso_string();
            let oldest = Bookmark { position, tag };
            format!("that is older than what is kept: the oldest bookmark is {oldest}, of {time}")
        }
        NotKept::Unknown => {
            "invalid bookmark: the database never stood there; take one that it gave out".to_owned()
        }
    })
}

/// Where the database stands, as the shell tells it.
pub(super) fn newest(engine: &Engine) -> Result<String, Refused> {
    engine.with(|Opened { database, tag, .. }| Ok(bookmark(database, *tag)))
}
