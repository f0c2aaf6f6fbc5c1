//! What a primary tells of its backup.

use isolite_core::Bookmark;
use isolite_core::backup::Standing;
use isolite_protocol::rest::{BackupState, BackupStatus, RecoveryPoint};
use js_sys::Date;

use super::{Engine, Primary, Refused};
use crate::backup_bucket::time;
use crate::object::call_js::Answer;

impl Primary {
    /// How far the backup is.
    pub(in crate::primary) fn backup_status(&self) -> Answer {
        Answer::json(self.engine.backup_status())
    }
}

impl Engine {
    pub(in crate::primary) fn backup_status(&self) -> Result<BackupStatus, Refused> {
        let (newest, tag) = self.standing()?;
        let Some(bucket) = &self.backup.bucket else { return Ok(BackupStatus::default()) };
        self.load_backup()?;
        let kept = self.with_kept(|kept| kept.clone());
        let (shipped, snapshot) = (kept.schedule.shipped(), kept.schedule.snapshot());
        let txid = |standing: Standing| standing.position.txid;
        let lag_commits = txid(newest) - shipped.map_or(0, txid).min(txid(newest));
        let behind_ms = self.backup.behind_ms.get().filter(|_| lag_commits > 0);
        let path = bucket.folder(newest.position.epoch);
        let restorable = kept.schedule.restorable();
        Ok(BackupStatus {
            enabled: true,
            state: match (kept.schedule.is_whole(), txid(newest)) {
                (true, _) => BackupState::Shipping,
                (false, 0) => BackupState::None,
                (false, _) => BackupState::Snapshot,
            },
            recovery_point: restorable.map(|it| RecoveryPoint {
                path: path.clone(),
                txid: format!("{:016x}", txid(it)),
                timestamp: time(it.time_ms),
            }),
            path: Some(path),
            bookmark: shipped.map(|it| Bookmark { position: it.position, tag }.to_string()),
            txid: shipped.map(|shipped| format!("{:016x}", txid(shipped))),
            snapshot_txid: snapshot.map(|txid| format!("{txid:016x}")),
            lag_commits,
            lag_ms: behind_ms.map_or(0.0, |since| (Date::now() - since).max(0.0)),
            files: kept.files,
            bytes: kept.bytes,
            errors: kept.errors,
            last_error: kept.last_error,
        })
    }
}
