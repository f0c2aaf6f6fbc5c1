//! How far the backup of a database is: the primary's `/backup`, and the result of `GET …/backup`.

use serde::{Deserialize, Serialize};

/// Without a bucket it is all but empty. A txid is 16 hex digits, as Litestream's tools take it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BackupStatus {
    /// There is a bucket.
    pub enabled: bool,
    #[serde(default)]
    pub state: BackupState,
    /// The newest that a restore from the bucket brings back, as far as is known. Until the first snapshot of a
    /// primary that has taken over is there, it is what the one before has sent.
    #[serde(default)]
    pub recovery_point: Option<RecoveryPoint>,
    /// Where in the bucket the files are: what Litestream calls the path of a replica.
    pub path: Option<String>,
    /// The newest position that is in the bucket.
    pub bookmark: Option<String>,
    /// The same as a number.
    pub txid: Option<String>,
    /// The position of the newest snapshot. Before there is one, nothing of this path can be restored.
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    /// There is nothing to back up, or no bucket.
    #[default]
    None,
    /// A snapshot is made and sent: the first of this primary, or one after what its log has not. Until it is
    /// there, nothing newer than the recovery point can be restored.
    Snapshot,
    /// It is there, and what is committed follows it.
    Shipping,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// Where in the bucket it is restored from.
    pub path: String,
    /// Its last transaction, and when that was committed.
    pub txid: String,
    pub timestamp: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupError {
    /// In milliseconds since the Unix epoch.
    pub time_ms: f64,
    pub message: String,
}
