//! Sums over the runs of statements.

use serde::{Deserialize, Serialize};

/// Written as an array, since a report has hundreds of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Sums {
    /// Runs of statements that only read.
    pub read_queries: u64,
    /// Runs of all others.
    pub write_queries: u64,
    pub duration_ms: f64,
    pub rows_read: u64,
    pub rows_written: u64,
    pub rows_returned: u64,
}

type Row = (u64, u64, f64, u64, u64, u64);

impl Sums {
    /// How many runs there were.
    pub fn count(&self) -> u64 {
        self.read_queries + self.write_queries
    }

    pub fn add(&mut self, other: &Sums) {
        self.read_queries += other.read_queries;
        self.write_queries += other.write_queries;
        self.duration_ms += other.duration_ms;
        self.rows_read += other.rows_read;
        self.rows_written += other.rows_written;
        self.rows_returned += other.rows_returned;
    }
}

impl From<Row> for Sums {
    fn from(row: Row) -> Self {
        let (read_queries, write_queries, duration_ms, rows_read, rows_written, rows_returned) =
            row;
        Self { read_queries, write_queries, duration_ms, rows_read, rows_written, rows_returned }
    }
}

impl From<Sums> for Row {
    fn from(sums: Sums) -> Self {
        (
            sums.read_queries,
            sums.write_queries,
            sums.duration_ms,
            sums.rows_read,
            sums.rows_written,
            sums.rows_returned,
        )
    }
}
