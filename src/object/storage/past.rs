//! The past in the object's own SQLite: the tables `interval` and `past`.
//!
//! A past page's id is its number, then its interval, so that the first one from an interval on is the
//! first row in a range of ids. Both together stay below 2^53.

use isolite_core::{Interval, IntervalNo, PageNo, PageSet, StorageError, Turn};

use super::super::sql_js::Bound;
use super::{ObjectStorage, decode_mark, encode_mark};

pub(super) const INTERVAL_TABLE: &str = "CREATE TABLE IF NOT EXISTS interval \
    (number INTEGER PRIMARY KEY, mark BLOB NOT NULL, time_ms INTEGER NOT NULL, \
    bytes INTEGER NOT NULL, dropped INTEGER NOT NULL, pages BLOB)";
pub(super) const PAST_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS past (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/// Ids of one page's past.
const INTERVALS: u64 = 1 << 31;
/// Well below what a row may have. A longer list of pages is not kept; each of them tells then.
const PAGES_BYTES_MAX: usize = 1 << 20;

fn id(interval: IntervalNo, number: PageNo) -> u64 {
    u64::from(number) * INTERVALS + u64::from(interval)
}

impl ObjectStorage {
    pub(super) fn read_intervals(
        &self,
        visit: &mut dyn FnMut(Interval),
    ) -> Result<(), StorageError> {
        let sql = "SELECT number, mark, time_ms, bytes, dropped FROM interval ORDER BY number";
        self.sql.query(sql, &[], |row| {
            let mark = decode_mark(&row.bytes(1));
            let mark = mark.ok_or_else(|| StorageError("an interval is damaged".to_owned()))?;
            visit(Interval {
                number: row.number(0) as IntervalNo,
                mark,
                time_ms: row.number(2) as i64,
                bytes: row.number(3),
                dropped: row.number(4) > 0,
            });
            Ok(())
        })
    }

    pub(super) fn write_interval(&self, interval: &Interval) -> Result<(), StorageError> {
        let mark = encode_mark(&interval.mark);
        let values = [
            Bound::Number(interval.number.into()),
            Bound::Bytes(&mark),
            Bound::Number(interval.time_ms.max(0) as u64),
            Bound::Number(interval.bytes),
            Bound::Number(interval.dropped.into()),
        ];
        let sql = "INSERT INTO interval (number, mark, time_ms, bytes, dropped) \
            VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET \
            bytes = excluded.bytes, dropped = excluded.dropped";
        self.sql.run(sql, &values)
    }

    /// Within a transaction.
    pub(super) fn write_turn(&self, turn: &Turn<'_>) -> Result<(), StorageError> {
        self.write_interval(turn.ended)?;
        let pages = turn.pages.encode();
        if pages.len() <= PAGES_BYTES_MAX {
            let values = [Bound::Bytes(&pages), Bound::Number(turn.ended.number.into())];
            self.sql.run("UPDATE interval SET pages = ? WHERE number = ?", &values)?;
        }
        self.write_interval(turn.next)
    }

    pub(super) fn read_interval_pages(
        &self,
        interval: IntervalNo,
    ) -> Result<Option<PageSet>, StorageError> {
        let sql = "SELECT pages FROM interval WHERE number = ? AND pages IS NOT NULL";
        let Some(pages) = self.bytes(sql, &[Bound::Number(interval.into())])? else {
            return Ok(None);
        };
        let pages = PageSet::decode(&pages);
        pages.map(Some).ok_or_else(|| StorageError("an interval's pages are damaged".to_owned()))
    }

    /// Keeps pages as they are, unless the interval has them already.
    pub(super) fn keep_past(
        &self,
        interval: IntervalNo,
        first: PageNo,
        last: PageNo,
    ) -> Result<(), StorageError> {
        let values = [
            Bound::Number(interval.into()),
            Bound::Number(first.into()),
            Bound::Number(last.into()),
        ];
        let sql = "INSERT OR IGNORE INTO past SELECT number * 2147483648 + ?, bytes FROM page \
            WHERE number BETWEEN ? AND ?";
        self.sql.run(sql, &values)
    }

    /// The first past page from an interval on.
    pub(super) fn read_past(
        &self,
        interval: IntervalNo,
        number: PageNo,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let values = [Bound::Number(id(interval, number)), Bound::Number(id(0, number + 1))];
        self.bytes("SELECT bytes FROM past WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", &values)
    }

    pub(super) fn delete_past(
        &self,
        interval: IntervalNo,
        pages: Option<&[PageNo]>,
    ) -> Result<(), StorageError> {
        let Some(pages) = pages else {
            let sql = "DELETE FROM past WHERE id % 2147483648 = ?";
            return self.sql.run(sql, &[Bound::Number(interval.into())]);
        };
        self.sql.atomically(|| {
            pages.iter().try_for_each(|number| {
                let id = Bound::Number(id(interval, *number));
                self.sql.run("DELETE FROM past WHERE id = ?", &[id])
            })
        })
    }
}
