//! Core's storage in the object's own SQLite: the tables `log`, `page` and `meta`, and for the past and
//! what is prepared `interval`, `past` and `staged`.
//!
//! A commit is one row of `log`, so that it costs one row written; only one that is longer than a
//! row may be takes several. `docs/format.md` lists the columns.

mod meta;
mod past;
mod staged;

use std::cell::Cell;

use isolite_core::{
    Checksum, Commit, Error, Interval, IntervalNo, LogRow, Mark, PageNo, PageSet, Position,
    Storage, StorageError, Turn, Txid,
};

use self::staged::scratch_id;
use super::sql_js::{Bound, Row, Storage as ObjectSql};

/// Bytes of one row of the log. The platform takes 2 MB, but reads a row whole to give one page
/// of it.
const CHUNK_BYTES: usize = 64 << 10;
/// Rows that one commit may take: the low digits of a row's id.
const CHUNKS_MAX: u64 = 1 << 12;
/// More commits than there will be: their rows' ids are numbers that JavaScript has.
const TXID_MAX: Txid = 1 << 40;

const TABLES: [&str; 7] = [
    "CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, position BLOB, time_ms INTEGER, \
     end_bytes INTEGER NOT NULL, bytes BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS page (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
    meta::TABLE,
    past::INTERVAL_TABLE,
    past::PAST_TABLE,
    staged::TABLE,
    staged::SCRATCH_TABLE,
];

/// Number of this layout, kept in `meta`. A version of the code that finds a later one leaves the
/// object alone, as after a deployment was rolled back.
const FORMAT: u8 = 2;
/// The one before, to which the tables of the past were added.
const FORMAT_BEFORE: u8 = 1;

/// One database in the storage of its object.
pub(crate) struct ObjectStorage {
    sql: ObjectSql,
    /// Bytes of all commits so far, those no longer kept included.
    end_bytes: Cell<u64>,
    /// The interval that what is staged was published as, until it is settled.
    published: Cell<Option<IntervalNo>>,
}

impl ObjectSql {
    /// Whether the database that this object kept was deleted.
    pub(crate) fn is_deleted(&self) -> Result<bool, StorageError> {
        let mut deleted = false;
        let tables = "SELECT 1 FROM sqlite_schema WHERE name = 'deleted'";
        self.query(tables, &[], |_| {
            deleted = true;
            Ok::<(), StorageError>(())
        })?;
        Ok(deleted)
    }

    /// Lets go of everything and leaves the sign that it was deleted.
    pub(crate) fn delete(&self) -> Result<(), StorageError> {
        self.atomically(|| {
            self.drop_tables()?;
            self.run("CREATE TABLE IF NOT EXISTS deleted (time_ms INTEGER)", &[])
        })
    }
}

impl ObjectSql {
    fn drop_tables(&self) -> Result<(), StorageError> {
        let tables = [
            "log",
            "page",
            "meta",
            "interval",
            "past",
            "staged",
            "scratch",
            "held",
            "insight",
            "socket_sql",
        ];
        tables
            .into_iter()
            .try_for_each(|table| self.run(&format!("DROP TABLE IF EXISTS {table}"), &[]))
    }

    /// Lets go of everything, as a replica does whose database is gone.
    pub(crate) fn forget(&self) -> Result<(), StorageError> {
        self.atomically(|| self.drop_tables())
    }
}

impl ObjectStorage {
    pub(crate) fn open(sql: ObjectSql) -> Result<Self, StorageError> {
        for table in TABLES {
            sql.run(table, &[])?;
        }
        check_format(&sql)?;
        let storage = ObjectStorage { sql, end_bytes: Cell::new(0), published: Cell::new(None) };
        storage.published.set(storage.read_published()?);
        let newest = "SELECT end_bytes FROM log ORDER BY id DESC LIMIT 1";
        storage.end_bytes.set(storage.number(newest, &[])?.unwrap_or(0));
        Ok(storage)
    }

    fn clear_tables(&self) -> Result<(), StorageError> {
        self.sql.atomically(|| {
            self.sql.run("DELETE FROM log", &[])?;
            self.sql.run("DELETE FROM page", &[])?;
            self.sql.run("DELETE FROM interval", &[])?;
            self.sql.run("DELETE FROM past", &[])?;
            self.sql.run("DELETE FROM staged", &[])?;
            self.sql.run("DELETE FROM meta WHERE key IN ('mark', 'published')", &[])
        })
    }

    fn write_mark(&self, mark: &Mark) -> Result<(), StorageError> {
        let value = encode_mark(mark);
        self.sql.run("INSERT OR REPLACE INTO meta VALUES ('mark', ?)", &[Bound::Bytes(&value)])
    }

    fn number(&self, sql: &str, values: &[Bound<'_>]) -> Result<Option<u64>, StorageError> {
        let mut number = None;
        self.sql.query(sql, values, |row| {
            number = Some(row.number(0));
            Ok::<(), StorageError>(())
        })?;
        Ok(number)
    }

    /// The first column of the one row that there is, if there is one.
    fn bytes(&self, sql: &str, values: &[Bound<'_>]) -> Result<Option<Vec<u8>>, StorageError> {
        let mut bytes = None;
        self.sql.query(sql, values, |row| {
            bytes = Some(row.bytes(0));
            Ok::<(), StorageError>(())
        })?;
        Ok(bytes)
    }

    fn insert_chunk(
        &self,
        commit: &Commit,
        index: usize,
        chunk: &[u8],
        end_bytes: u64,
    ) -> Result<(), StorageError> {
        let position = encode_position(&commit.after);
        let values = [
            Bound::Number(row_id(commit.after.txid, index as u64)),
            if index == 0 { Bound::Bytes(&position) } else { Bound::Null },
            Bound::Number(commit.time_ms.max(0) as u64),
            Bound::Number(end_bytes),
            Bound::Bytes(chunk),
        ];
        self.sql.run("INSERT INTO log VALUES (?, ?, ?, ?, ?)", &values)
    }
}

impl Storage for ObjectStorage {
    fn mark(&self) -> Result<Option<Mark>, StorageError> {
        let mut mark = None;
        self.sql.query("SELECT value FROM meta WHERE key = 'mark'", &[], |row| {
            let bytes = row.bytes(0);
            mark = decode_mark(&bytes);
            match mark {
                Some(_) => Ok(()),
                None => Err(StorageError("the mark of the checkpoint is damaged".to_owned())),
            }
        })?;
        Ok(mark)
    }

    fn read_log(
        &self,
        after: Txid,
        upto: Txid,
        visit: &mut dyn FnMut(LogRow) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sql = "SELECT id, position, bytes FROM log WHERE id >= ? AND id < ? ORDER BY id";
        let end = row_id(upto.min(TXID_MAX) + 1, 0);
        let mut commit: Option<LogRow> = None;
        self.sql.query(
            sql,
            &[Bound::Number(row_id(after + 1, 0)), Bound::Number(end)],
            |row: Row| {
                let (id, bytes) = (row.number(0), row.bytes(2));
                match commit.take() {
                    Some(mut open) if id % CHUNKS_MAX > 0 => {
                        open.ltx.extend_from_slice(&bytes);
                        commit = Some(open);
                    }
                    whole => {
                        whole.map_or(Ok(()), &mut *visit)?;
                        let position = decode_position(id / CHUNKS_MAX, &row.bytes(1));
                        let position = position.ok_or_else(|| {
                            Error::Corrupt(format!("row {id} of the log is damaged"))
                        })?;
                        commit = Some(LogRow { position, ltx: bytes });
                    }
                }
                Ok::<(), Error>(())
            },
        )?;
        commit.map_or(Ok(()), visit)
    }

    fn read_frame(&self, txid: Txid, offset: u32, len: u32) -> Result<Vec<u8>, StorageError> {
        let (mut at, end) = (offset as usize, (offset + len) as usize);
        let mut frame = Vec::with_capacity(len as usize);
        while at < end {
            let within = at % CHUNK_BYTES;
            let part = (CHUNK_BYTES - within).min(end - at);
            let values = [
                Bound::Number(within as u64 + 1),
                Bound::Number(part as u64),
                Bound::Number(row_id(txid, (at / CHUNK_BYTES) as u64)),
            ];
            let read = "SELECT substr(bytes, ?, ?) FROM log WHERE id = ?";
            let before = frame.len();
            self.sql.query(read, &values, |row| {
                frame.extend_from_slice(&row.bytes(0));
                Ok::<(), StorageError>(())
            })?;
            if frame.len() - before != part {
                return Err(StorageError(format!("commit {txid} is not whole in the log")));
            }
            at += part;
        }
        Ok(frame)
    }

    fn append(&self, commit: &Commit) -> Result<(), StorageError> {
        let end_bytes = self.end_bytes.get() + commit.ltx.len() as u64;
        if commit.ltx.len() <= CHUNK_BYTES {
            self.insert_chunk(commit, 0, &commit.ltx, end_bytes)?;
        } else {
            self.sql.atomically(|| {
                let mut chunks = commit.ltx.chunks(CHUNK_BYTES).enumerate();
                chunks.try_for_each(|(i, chunk)| self.insert_chunk(commit, i, chunk, end_bytes))
            })?;
        }
        self.end_bytes.set(end_bytes);
        Ok(())
    }

    fn read_pages(
        &self,
        first: PageNo,
        count: u32,
        visit: &mut dyn FnMut(PageNo, &[u8]),
    ) -> Result<(), StorageError> {
        let sql = "SELECT number, bytes FROM page WHERE number >= ? AND number < ? ORDER BY number";
        let end = u64::from(first) + u64::from(count);
        self.sql.query(sql, &[Bound::Number(first.into()), Bound::Number(end)], |row| {
            visit(row.number(0) as PageNo, &row.bytes(1));
            Ok(())
        })
    }

    fn write_pages(
        &self,
        pages: &[(PageNo, Vec<u8>)],
        interval: Option<IntervalNo>,
    ) -> Result<(), StorageError> {
        let sql = "INSERT OR REPLACE INTO page VALUES (?, ?)";
        self.sql.atomically(|| {
            pages.iter().try_for_each(|(number, bytes)| {
                if let Some(interval) = interval {
                    self.keep_past(interval, *number, *number)?;
                }
                self.sql.run(sql, &[Bound::Number(u64::from(*number)), Bound::Bytes(bytes)])
            })
        })
    }

    fn set_mark(&self, mark: &Mark, turn: Option<&Turn<'_>>) -> Result<(), StorageError> {
        self.sql.atomically(|| {
            self.write_mark(mark)?;
            if let Some(turn) = turn {
                self.keep_past(turn.ended.number, mark.size_pages + 1, PageNo::MAX)?;
                self.write_turn(turn)?;
            }
            let size = Bound::Number(mark.size_pages.into());
            self.sql.run("DELETE FROM page WHERE number > ?", &[size])
        })
    }

    fn clear(&self) -> Result<(), StorageError> {
        self.clear_tables()?;
        self.end_bytes.set(0);
        self.published.set(None);
        Ok(())
    }

    fn trim_log(&self, upto: Txid, keep_bytes: u64) -> Result<(), StorageError> {
        let end = "SELECT end_bytes FROM log WHERE id >= ? ORDER BY id LIMIT 1";
        let Some(end) = self.number(end, &[Bound::Number(row_id(upto, 0))])? else {
            return Ok(());
        };
        let Some(cut_bytes) = end.checked_sub(keep_bytes) else {
            return Ok(());
        };
        // Read from the oldest end, so that only rows to be dropped are looked at.
        let first_kept = "SELECT id FROM log WHERE end_bytes > ? ORDER BY id LIMIT 1";
        let first_kept = self.number(first_kept, &[Bound::Number(cut_bytes)])?;
        let first_kept = first_kept.unwrap_or(u64::MAX) / CHUNKS_MAX;
        let first_kept = row_id(first_kept.min(upto + 1), 0);
        self.sql.run("DELETE FROM log WHERE id < ?", &[Bound::Number(first_kept)])
    }

    fn intervals(&self, visit: &mut dyn FnMut(Interval)) -> Result<(), StorageError> {
        self.read_intervals(visit)
    }

    fn put_interval(&self, interval: &Interval) -> Result<(), StorageError> {
        self.write_interval(interval)
    }

    fn interval_pages(&self, interval: IntervalNo) -> Result<Option<PageSet>, StorageError> {
        self.read_interval_pages(interval)
    }

    fn read_base(
        &self,
        interval: IntervalNo,
        number: PageNo,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(row) = self.read_past(interval, number)? {
            return Ok(Some(row));
        }
        if self.published.get().is_some_and(|published| interval >= published)
            && let Some(row) = self.read_staged(number)?
        {
            return Ok(Some(row));
        }
        let number = Bound::Number(number.into());
        self.bytes("SELECT bytes FROM page WHERE number = ?", &[number])
    }

    fn drop_past(
        &self,
        interval: IntervalNo,
        pages: Option<&[PageNo]>,
    ) -> Result<(), StorageError> {
        self.delete_past(interval, pages)
    }

    fn drop_interval(&self, interval: IntervalNo) -> Result<(), StorageError> {
        let number = Bound::Number(interval.into());
        self.sql.run("DELETE FROM interval WHERE number = ?", &[number])
    }

    fn stage(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError> {
        self.write_staged(pages)
    }

    fn read_staged(&self, number: PageNo) -> Result<Option<Vec<u8>>, StorageError> {
        let number = Bound::Number(number.into());
        self.bytes("SELECT bytes FROM staged WHERE number = ?", &[number])
    }

    fn discard_staged(&self, count: usize) -> Result<bool, StorageError> {
        let staged =
            self.published.get().is_none() && self.clear_step("staged", "number", count)?;
        Ok(self.clear_step("scratch", "id", count)? || staged)
    }

    fn write_scratch(&self, file: u32, chunk: u32, bytes: &[u8]) -> Result<(), StorageError> {
        let values = [Bound::Number(scratch_id(file, chunk)), Bound::Bytes(bytes)];
        self.sql.run("INSERT OR REPLACE INTO scratch VALUES (?, ?)", &values)
    }

    fn read_scratch(
        &self,
        file: u32,
        chunk: u32,
        offset: u32,
        len: u32,
    ) -> Result<Vec<u8>, StorageError> {
        let values = [
            Bound::Number(u64::from(offset) + 1),
            Bound::Number(len.into()),
            Bound::Number(scratch_id(file, chunk)),
        ];
        let part = self.bytes("SELECT substr(bytes, ?, ?) FROM scratch WHERE id = ?", &values)?;
        Ok(part.unwrap_or_default())
    }

    fn drop_scratch(&self, file: Option<u32>) -> Result<(), StorageError> {
        let Some(file) = file else { return self.sql.run("DELETE FROM scratch", &[]) };
        let ids = [Bound::Number(scratch_id(file, 0)), Bound::Number(scratch_id(file + 1, 0))];
        self.sql.run("DELETE FROM scratch WHERE id >= ? AND id < ?", &ids)
    }

    fn publish(&self, mark: &Mark, turn: &Turn<'_>) -> Result<(), StorageError> {
        self.publish_staged(mark, turn)
    }

    fn is_unsettled(&self) -> Result<bool, StorageError> {
        Ok(self.published.get().is_some())
    }

    fn settle(&self, count: usize) -> Result<bool, StorageError> {
        self.settle_step(count)
    }
}

fn check_format(sql: &ObjectSql) -> Result<(), StorageError> {
    let mut format = None;
    sql.query("SELECT value FROM meta WHERE key = 'format'", &[], |row| {
        format = Some(row.bytes(0));
        Ok::<(), StorageError>(())
    })?;
    match format.as_deref() {
        Some([FORMAT]) => Ok(()),
        Some([FORMAT_BEFORE]) => {
            sql.run("UPDATE meta SET value = ? WHERE key = 'format'", &[Bound::Bytes(&[FORMAT])])
        }
        Some(_) => Err(StorageError(
            "this database was written by another version of Isolite; deploy that one".to_owned(),
        )),
        None => sql.run("INSERT INTO meta VALUES ('format', ?)", &[Bound::Bytes(&[FORMAT])]),
    }
}

fn row_id(txid: Txid, chunk: u64) -> u64 {
    txid * CHUNKS_MAX + chunk
}

fn encode_position(position: &Position) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&position.epoch.to_be_bytes());
    bytes[4..].copy_from_slice(&position.checksum.to_u64().to_be_bytes());
    bytes
}

fn decode_position(txid: Txid, bytes: &[u8]) -> Option<Position> {
    let (epoch, checksum) = bytes.split_first_chunk::<4>()?;
    let checksum = u64::from_be_bytes(checksum.try_into().ok()?);
    let checksum = Checksum::from_u64(checksum);
    Some(Position { epoch: u32::from_be_bytes(*epoch), txid, checksum })
}

fn encode_mark(mark: &Mark) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&mark.position.txid.to_be_bytes());
    bytes[8..20].copy_from_slice(&encode_position(&mark.position));
    bytes[20..].copy_from_slice(&mark.size_pages.to_be_bytes());
    bytes
}

fn decode_mark(bytes: &[u8]) -> Option<Mark> {
    let (txid, rest) = bytes.split_first_chunk::<8>()?;
    let (position, size_pages) = rest.split_at_checked(12)?;
    let position = decode_position(u64::from_be_bytes(*txid), position)?;
    Some(Mark { position, size_pages: u32::from_be_bytes(size_pages.try_into().ok()?) })
}
