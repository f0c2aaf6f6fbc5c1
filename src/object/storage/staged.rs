//! Pages that are prepared beside the database, in the object's own SQLite: the table `staged`.
//!
//! `published` in `meta` names the interval that they were published as; until then, and after a crash
//! before then, they are nobody's.

use isolite_core::{IntervalNo, Mark, PageNo, StorageError, Turn};

use super::super::sql_js::Bound;
use super::ObjectStorage;

pub(super) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS staged (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/// What SQLite sorts meanwhile: chunks of its files.
pub(super) const SCRATCH_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS scratch (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/// Chunks of one file: more than the object has room for.
const CHUNKS: u64 = 1 << 26;

pub(super) fn scratch_id(file: u32, chunk: u32) -> u64 {
    u64::from(file) * CHUNKS + u64::from(chunk)
}

impl ObjectStorage {
    /// Deletes up to so many rows of a table. False once there are none left.
    pub(super) fn clear_step(
        &self,
        table: &str,
        key: &str,
        count: usize,
    ) -> Result<bool, StorageError> {
        let count = count.min(i32::MAX as usize);
        let some = format!("SELECT {key} FROM {table} LIMIT {count}");
        self.sql.run(&format!("DELETE FROM {table} WHERE {key} IN ({some})"), &[])?;
        Ok(self.number(&format!("SELECT 1 FROM {table} LIMIT 1"), &[])?.is_some())
    }

    pub(super) fn read_published(&self) -> Result<Option<IntervalNo>, StorageError> {
        let value = self.bytes("SELECT value FROM meta WHERE key = 'published'", &[])?;
        let Some(value) = value else { return Ok(None) };
        let number = value.try_into().map(IntervalNo::from_be_bytes);
        number.map(Some).map_err(|_| StorageError("what was published is damaged".to_owned()))
    }

    pub(super) fn write_staged(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError> {
        let sql = "INSERT OR REPLACE INTO staged VALUES (?, ?)";
        self.sql.atomically(|| {
            pages.iter().try_for_each(|(number, bytes)| {
                self.sql.run(sql, &[Bound::Number(u64::from(*number)), Bound::Bytes(bytes)])
            })
        })
    }

    pub(super) fn publish_staged(&self, mark: &Mark, turn: &Turn<'_>) -> Result<(), StorageError> {
        let published = turn.next.number;
        self.sql.atomically(|| {
            self.write_mark(mark)?;
            self.write_turn(turn)?;
            let size = Bound::Number(mark.size_pages.into());
            self.sql.run("DELETE FROM staged WHERE number > ?", &[size])?;
            let value = published.to_be_bytes();
            let set = "INSERT OR REPLACE INTO meta VALUES ('published', ?)";
            self.sql.run(set, &[Bound::Bytes(&value)])
        })?;
        self.published.set(Some(published));
        Ok(())
    }

    pub(super) fn settle_step(&self, count: usize) -> Result<bool, StorageError> {
        let Some(published) = self.published.get() else { return Ok(false) };
        let mark = isolite_core::Storage::mark(self)?;
        let size_pages = mark.map_or(0, |mark| mark.size_pages);
        let mut left = true;
        self.sql.atomically(|| {
            left = self.move_staged(published - 1, count)?
                || self.cut_pages(published - 1, size_pages, count)?;
            match left {
                true => Ok(()),
                false => self.sql.run("DELETE FROM meta WHERE key = 'published'", &[]),
            }
        })?;
        if !left {
            self.published.set(None);
        }
        Ok(left)
    }

    /// False where no page is staged any more.
    fn move_staged(&self, interval: IntervalNo, count: usize) -> Result<bool, StorageError> {
        let some = format!("SELECT number FROM staged ORDER BY number LIMIT {count}");
        let last = self.number(&format!("SELECT max(number) FROM ({some})"), &[])?.unwrap_or(0);
        if last == 0 {
            return Ok(false);
        }
        // CROSS keeps the order: few pages are staged up to `last`, and there may be many of the others.
        let keep = "INSERT OR IGNORE INTO past SELECT page.number * 2147483648 + ?, page.bytes \
            FROM staged CROSS JOIN page ON page.number = staged.number WHERE staged.number <= ?";
        self.sql.run(keep, &[Bound::Number(interval.into()), Bound::Number(last)])?;
        let put = "INSERT OR REPLACE INTO page SELECT number, bytes FROM staged WHERE number <= ?";
        self.sql.run(put, &[Bound::Number(last)])?;
        self.sql.run("DELETE FROM staged WHERE number <= ?", &[Bound::Number(last)])?;
        Ok(true)
    }

    /// False where there is no page beyond the end any more.
    fn cut_pages(
        &self,
        interval: IntervalNo,
        size_pages: PageNo,
        count: usize,
    ) -> Result<bool, StorageError> {
        let some =
            format!("SELECT number FROM page WHERE number > ? ORDER BY number LIMIT {count}");
        let size = || Bound::Number(size_pages.into());
        let last = self.number(&format!("SELECT max(number) FROM ({some})"), &[size()])?;
        let Some(last) = last.filter(|last| *last > 0) else { return Ok(false) };
        self.keep_past(interval, size_pages + 1, last as PageNo)?;
        let cut = "DELETE FROM page WHERE number > ? AND number <= ?";
        self.sql.run(cut, &[size(), Bound::Number(last)])?;
        Ok(true)
    }
}
