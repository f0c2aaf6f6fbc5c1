//! What a primary tells of its database: its path `/metrics`.

use serde::{Deserialize, Serialize};

use super::Histogram;
use crate::insights::Sums;
use crate::rest::{BackupStatus, KnownReplicas};

/// Counters begin anew when the object starts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DatabaseMetrics {
    /// When the object started, in milliseconds since the Unix epoch.
    pub started_ms: f64,
    pub queries: QueryCounters,
    /// Where it stands, and who follows.
    pub standing: KnownReplicas,
    /// What is kept of the past.
    pub history_bytes: u64,
    pub checkpoint_runs: bool,
    pub job_runs: bool,
    pub streams: usize,
    pub transactions: usize,
    pub lock_held: bool,
    pub lock_waiting: usize,
    pub backup: BackupStatus,
    /// What SQLite holds for all databases of the isolate that the object is in.
    pub memory_bytes: u64,
}

/// What a primary has run since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryCounters {
    pub read_queries: u64,
    pub write_queries: u64,
    pub rows_read: u64,
    pub rows_written: u64,
    pub rows_returned: u64,
    pub duration: Histogram,
    /// Requests that SQL failed.
    pub sql_errors: u64,
    /// Requests that were not let: a bookmark, a long work, a wait that was too long.
    pub refused: u64,
    /// Requests that the object's storage failed, or its settings.
    pub internal_errors: u64,
}

impl QueryCounters {
    /// Takes in one run of a statement.
    pub fn add(&mut self, run: &Sums) {
        self.read_queries += run.read_queries;
        self.write_queries += run.write_queries;
        self.rows_read += run.rows_read;
        self.rows_written += run.rows_written;
        self.rows_returned += run.rows_returned;
        self.duration.add(run.duration_ms);
    }
}
