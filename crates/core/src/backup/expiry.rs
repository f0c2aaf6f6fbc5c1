//! Which files of a backup are no longer of use.
//!
//! A file goes some time after what it has was compacted into a file of the next level: so each level gives
//! its small steps of time as long as it is kept. That time counts from when the other file was written, as
//! a step can only be restored together with those before it that were compacted into the same file. Of
//! snapshots one stays that is older than the retention, so that every point within it can be restored.
//!
//! Whoever restores has listed the files before and reads them one after the other. So none goes sooner
//! than an hour after it is of no use to those who begin now (`BackupPolicy::keep_ms`).

use crate::backup::file_name::{FileName, SNAPSHOT_LEVEL};
use crate::backup::schedule::BackupPolicy;
use crate::position::Txid;

/// What is to become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It may go.
    No,
    /// It can go at that time, in milliseconds since the Unix epoch, if nothing else happens.
    Until(i64),
    /// As long as nothing is written after it.
    ForNow,
}

/// The rule at one time.
#[derive(Clone, Debug)]
pub struct Expiry {
    now_ms: i64,
    policy: BackupPolicy,
    /// Of levels 1 to 3 the last transaction in each file, ascending, and when it was written.
    compacted: [Vec<(Txid, i64)>; 3],
    /// The snapshot from which the oldest point within the retention can be restored.
    base: Option<Txid>,
    /// When the oldest snapshot was written.
    first_ms: Option<i64>,
}

impl Expiry {
    /// `files` are those in the bucket, at least of the levels from 1 on, each with the time at which it
    /// was written. Of one level they are in order.
    pub fn new(
        files: impl IntoIterator<Item = (FileName, i64)>,
        policy: &BackupPolicy,
        now_ms: i64,
    ) -> Expiry {
        let (mut compacted, mut base) = ([Vec::new(), Vec::new(), Vec::new()], None);
        let mut first_ms: Option<i64> = None;
        for (FileName { level, txid_max, .. }, time_ms) in files {
            match level {
                1..=3 => compacted[usize::from(level) - 1].push((txid_max, time_ms)),
                SNAPSHOT_LEVEL => {
                    first_ms = Some(first_ms.map_or(time_ms, |first_ms| first_ms.min(time_ms)));
                    if time_ms <= now_ms - policy.retention_ms {
                        base = base.max(Some(txid_max));
                    }
                }
                _ => {}
            }
        }
        Expiry { now_ms, policy: *policy, compacted, base, first_ms }
    }

    /// A file that was written at that time.
    pub fn of(&self, name: &FileName, time_ms: i64) -> Kept {
        // What is before the base is of use to nobody, other snapshots included.
        let before = self.base.is_some_and(|base| match name.level {
            SNAPSHOT_LEVEL => name.txid_max < base,
            _ => name.txid_max <= base,
        });
        let useless_ms = self.policy.keep_ms[0];
        let until = match name.level {
            _ if before => time_ms + useless_ms,
            level @ 0..=2 => match self.compacted_ms(usize::from(level), name.txid_max) {
                Some(compacted_ms) => compacted_ms + self.policy.keep_ms[usize::from(level)],
                None => return Kept::ForNow,
            },
            // It will be the base.
            SNAPSHOT_LEVEL if self.base != Some(name.txid_max) => {
                return Kept::Until(time_ms + self.policy.retention_ms.max(useless_ms));
            }
            _ => return Kept::ForNow,
        };
        self.until(until)
    }

    /// All that a primary before this one has written. It is of no more use once every point within the
    /// retention can be restored from these files.
    pub fn of_former(&self) -> Kept {
        let Some(first_ms) = self.first_ms else { return Kept::ForNow };
        self.until(first_ms + self.policy.retention_ms + self.policy.keep_ms[0])
    }

    fn until(&self, at_ms: i64) -> Kept {
        if at_ms <= self.now_ms { Kept::No } else { Kept::Until(at_ms) }
    }

    /// When the file was written that has what one of the level below has, which ends so.
    fn compacted_ms(&self, below: usize, end: Txid) -> Option<i64> {
        let files = &self.compacted[below];
        files.get(files.partition_point(|(txid, _)| *txid < end)).map(|(_, time_ms)| *time_ms)
    }
}
