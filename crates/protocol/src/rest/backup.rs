//! How far the backup of a database is: the primary's `/backup`, and the result of `GET …/backup`.

use serde::{Deserialize, Serialize};

/// Without a bucket it is all but empty. A txid is 16 hex digits, as Litestream's tools take it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BackupStatus {
    /// There is a bucket.
    pub enabled: bool,
    /// Where in the bucket the files are: what Litestream calls the path of a replica.
    pub path: Option<String>,
    /// The newest position that is in the bucket.
    pub bookmark: Option<String>,
    /// The same as a number.
    pub txid: Option<String>,
    /// The position of the newest snapshot. Before there is one, nothing can be restored.
    pub snapshot_txid: Option<String>,
    /// Commits that the bucket lacks.
    pub lag_commits: u64,
    /// How long it has lacked any.
    pub lag_ms: f64,
    /// Files that were sent, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// Attempts that failed.
    pub errors: u64,
    pub last_error: Option<BackupError>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupError {
    /// In milliseconds since the Unix epoch.
    pub time_ms: f64,
    pub message: String,
}
