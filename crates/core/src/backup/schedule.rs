//! What is in the bucket, and what is to be done next: a state machine without a clock and without I/O.
//!
//! Files are made in two slots. One ships what was committed, level 0; the other compacts, and writes
//! snapshots, which may take minutes while shipping goes on. What a slot has begun is taken down before
//! anything is sent, and is finished before the slot begins anything else: so after a crash the same file
//! is sent, under the same name, and never twice.
//!
//! Invariants:
//! - the files of level 0 follow each other without gaps from the last beginning on;
//! - each level ends where a file of every level below it ends, so levels can be changed there;
//! - before a new beginning everything before it is compacted.

use serde::{Deserialize, Serialize};

use crate::backup::file_name::{FileName, Level, SNAPSHOT_LEVEL};
use crate::position::{Position, Txid};

/// Levels that are compacted into, the first one of them 1.
const COMPACTED: usize = 3;
/// What the bucket has not taken after so long is not held for it any more.
const LATE_MS_MAX: i64 = 24 * 3_600_000;

/// How often things are done and how long they are kept, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct BackupPolicy {
    /// Between two files of level 0.
    pub ship_ms: i64,
    /// Between what is committed and its file of level 1, 2 and 3.
    pub compact_ms: [i64; COMPACTED],
    /// Between two snapshots.
    pub snapshot_ms: i64,
    /// How long files of levels 0 to 2 are kept after they were compacted. The first of them is also
    /// between two looks for what can be deleted, and how long anything is kept that is of no more use.
    pub keep_ms: [i64; COMPACTED],
    /// How far back every point can be restored.
    pub retention_ms: i64,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        const SECOND_MS: i64 = 1000;
        const HOUR_MS: i64 = 3600 * SECOND_MS;
        BackupPolicy {
            ship_ms: SECOND_MS,
            compact_ms: [30 * SECOND_MS, 300 * SECOND_MS, HOUR_MS],
            snapshot_ms: 24 * HOUR_MS,
            keep_ms: [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS],
            retention_ms: 7 * 24 * HOUR_MS,
        }
    }
}

impl BackupPolicy {
    fn clean_ms(&self) -> i64 {
        self.keep_ms[0]
    }
}

/// Where the database stood, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub position: Position,
    /// When its last commit was made.
    pub time_ms: i64,
}

/// An upload in parts that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    pub id: String,
    /// Of each part that is there, in order.
    pub etags: Vec<String>,
}

/// A file that is being made and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub name: FileName,
    /// Where it leads to.
    pub standing: Standing,
    /// When it was begun.
    pub begun_ms: i64,
    pub parts: Option<Parts>,
}

/// Of the two files that may be made at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Ship,
    Compact,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To make and send what this slot has begun.
    Send(Slot),
    /// To look for what can be deleted.
    Clean,
    /// Nothing before this time.
    WaitUntil(i64),
    /// Nothing, until something is committed.
    Rest,
}

/// What is in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// Up to where the files of levels 0 to 3 go. None before the first beginning.
    ends: Option<[Standing; COMPACTED + 1]>,
    /// From when on there is something that each of levels 1 to 3 lacks.
    behind_ms: [i64; COMPACTED],
    /// The last commit that is in a snapshot, and when that was begun.
    snapshot: Option<(Txid, i64)>,
    ship: Option<Upload>,
    compact: Option<Upload>,
    /// The commits do not go on from what was shipped.
    gap: bool,
    /// A snapshot that was begun is a new beginning: before it is there, what is shipped leads nowhere.
    begins: bool,
    /// Up to where the files went before it.
    before: Option<Standing>,
    /// When the last file of level 0 was begun.
    shipped_ms: i64,
    /// When to look for what can be deleted.
    clean_at_ms: Option<i64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            ends: None,
            behind_ms: [0; COMPACTED],
            snapshot: None,
            ship: None,
            compact: None,
            gap: false,
            begins: false,
            before: None,
            shipped_ms: i64::MIN / 2,
            clean_at_ms: None,
        }
    }
}

impl Schedule {
    /// Decides what is next, with the database at `newest`. What is begun is then in its slot.
    pub fn next(&mut self, policy: &BackupPolicy, newest: Standing, now_ms: i64) -> Task {
        self.begin_ship(policy.ship_ms, newest, now_ms);
        if self.ship.is_some() {
            return Task::Send(Slot::Ship);
        }
        if self.compact.is_none() {
            self.compact = self.due(policy, newest, now_ms).map(|(name, standing)| Upload {
                name,
                standing,
                begun_ms: now_ms,
                parts: None,
            });
            if let Some(Upload { name, standing, .. }) = &self.compact
                && name.level == SNAPSHOT_LEVEL
                && (self.gap || self.ends.is_none())
            {
                if !self.begins {
                    self.before = self.ends.map(|[shipped, ..]| shipped);
                }
                self.begins = true;
                self.ends = Some([*standing; COMPACTED + 1]);
                self.gap = false;
            }
        }
        if self.compact.is_some() {
            return Task::Send(Slot::Compact);
        }
        if self.clean_at_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            return Task::Clean;
        }
        match self.next_time(policy, newest) {
            Some(at_ms) => Task::WaitUntil(at_ms.max(now_ms + 1)),
            None => Task::Rest,
        }
    }

    /// The same where another primary has taken over from this one. What was committed last is shipped,
    /// what was begun is finished, and nothing else is done any more.
    pub fn next_of_former(&mut self, newest: Standing, now_ms: i64) -> Task {
        // Nobody waits for it any longer.
        let in_time = |since_ms: i64| now_ms - since_ms <= LATE_MS_MAX;
        if in_time(newest.time_ms) {
            self.begin_ship(0, newest, now_ms);
        }
        let begun = [Slot::Ship, Slot::Compact]
            .into_iter()
            .find(|slot| self.upload(*slot).is_some_and(|upload| in_time(upload.begun_ms)));
        begun.map_or(Task::Rest, Task::Send)
    }

    fn begin_ship(&mut self, ship_ms: i64, newest: Standing, now_ms: i64) {
        let Some([shipped, ..]) = self.ends.filter(|_| self.ship.is_none() && !self.gap) else {
            return;
        };
        let lacks = newest.position.txid > shipped.position.txid;
        // A clock that was set back must not keep anything from being shipped.
        let waits = (self.shipped_ms..self.shipped_ms + ship_ms).contains(&now_ms);
        if lacks && !waits {
            self.ship = Some(Upload {
                name: FileName {
                    level: 0,
                    txid_min: shipped.position.txid + 1,
                    txid_max: newest.position.txid,
                },
                standing: newest,
                begun_ms: now_ms,
                parts: None,
            });
            self.shipped_ms = now_ms;
        }
    }

    /// The file that the other slot is to begin.
    fn due(
        &self,
        policy: &BackupPolicy,
        newest: Standing,
        now_ms: i64,
    ) -> Option<(FileName, Standing)> {
        let snapshot = |standing: Standing| {
            let txid_max = standing.position.txid;
            (FileName { level: SNAPSHOT_LEVEL, txid_min: 1, txid_max }, standing)
        };
        let Some(ends) = &self.ends else {
            return (newest.position.txid > 0).then(|| snapshot(newest));
        };
        // The highest level that is due, and before it those below, so that they end together.
        let highest = (1..=COMPACTED).rev().find(|level| self.is_due(*level, policy, now_ms));
        for level in 1..=highest.unwrap_or(0) {
            let (from, upto) = (ends[level].position.txid, ends[level - 1]);
            if upto.position.txid > from {
                let txid_max = upto.position.txid;
                let level = level as Level;
                return Some((FileName { level, txid_min: from + 1, txid_max }, upto));
            }
        }
        if self.gap {
            return Some(snapshot(newest));
        }
        let (txid, made_ms) = self.snapshot.unwrap_or((0, i64::MIN / 2));
        let due = ends[0].position.txid > txid && now_ms - made_ms >= policy.snapshot_ms;
        due.then(|| snapshot(ends[0]))
    }

    fn is_due(&self, level: usize, policy: &BackupPolicy, now_ms: i64) -> bool {
        let Some(ends) = &self.ends else { return false };
        let lacks = ends[0].position.txid > ends[level].position.txid;
        let at_ms = self.behind_ms[level - 1] + policy.compact_ms[level - 1];
        lacks && (self.gap || at_ms <= now_ms)
    }

    /// When something is due that is not yet.
    fn next_time(&self, policy: &BackupPolicy, newest: Standing) -> Option<i64> {
        let ends = self.ends?;
        let shipped = ends[0].position.txid;
        let ship = (newest.position.txid > shipped).then(|| self.shipped_ms + policy.ship_ms);
        let compact = (1..=COMPACTED)
            .filter(|level| shipped > ends[*level].position.txid)
            .map(|level| self.behind_ms[level - 1] + policy.compact_ms[level - 1]);
        let (txid, made_ms) = self.snapshot.unwrap_or((0, 0));
        let snapshot = (shipped > txid).then(|| made_ms + policy.snapshot_ms);
        compact.chain(ship).chain(snapshot).chain(self.clean_at_ms).min()
    }

    /// The file of a slot.
    pub fn upload(&self, slot: Slot) -> Option<&Upload> {
        match slot {
            Slot::Ship => self.ship.as_ref(),
            Slot::Compact => self.compact.as_ref(),
        }
    }

    /// Takes down how far an upload in parts has come; None if it is to begin anew.
    pub fn set_parts(&mut self, slot: Slot, parts: Option<Parts>) {
        if let Some(upload) = self.slot(slot) {
            upload.parts = parts;
        }
    }

    fn slot(&mut self, slot: Slot) -> &mut Option<Upload> {
        match slot {
            Slot::Ship => &mut self.ship,
            Slot::Compact => &mut self.compact,
        }
    }

    /// The file of a slot is in the bucket.
    pub fn sent(&mut self, slot: Slot, policy: &BackupPolicy) {
        let Some(upload) = self.slot(slot).take() else { return };
        let (standing, begun_ms) = (upload.standing, upload.begun_ms);
        if let Some(ends) = &mut self.ends {
            match usize::from(upload.name.level) {
                0 => {
                    for (end, behind_ms) in ends[1..].iter().zip(&mut self.behind_ms) {
                        if end.position == ends[0].position {
                            *behind_ms = begun_ms;
                        }
                    }
                    ends[0] = standing;
                }
                level @ 1..=COMPACTED => {
                    ends[level] = standing;
                    // What was shipped meanwhile begins to wait now.
                    self.behind_ms[level - 1] = begun_ms;
                }
                _ => {
                    self.snapshot = Some((standing.position.txid, begun_ms));
                    self.begins = false;
                }
            }
        }
        self.clean_at_ms.get_or_insert(begun_ms + policy.clean_ms());
    }

    /// The file of a slot cannot be made: what it needs is gone, or was never there. It is made good by a
    /// new beginning.
    pub fn give_up(&mut self, slot: Slot) {
        let given_up = self.slot(slot).take();
        // Compacting is not tried again: the snapshot has it.
        if let (Some(Upload { name: FileName { level: 1..=3, .. }, .. }), Some(ends)) =
            (given_up, &mut self.ends)
        {
            *ends = [ends[0]; COMPACTED + 1];
        }
        self.gap = true;
    }

    /// What could be deleted was, and the next will be at that time.
    pub fn cleaned(&mut self, next_ms: Option<i64>, policy: &BackupPolicy, now_ms: i64) {
        self.clean_at_ms = next_ms.map(|next_ms| next_ms.max(now_ms + policy.clean_ms()));
    }

    /// Where the newest file of level 0 leads to.
    pub fn shipped(&self) -> Option<Standing> {
        self.ends.map(|[shipped, ..]| shipped)
    }

    /// A restore brings back all that was shipped.
    pub fn is_whole(&self) -> bool {
        self.snapshot.is_some() && !self.begins && !self.gap
    }

    /// The newest that can be restored of what is there.
    pub fn restorable(&self) -> Option<Standing> {
        match self.begins {
            true => self.before,
            false => self.shipped().filter(|_| self.snapshot.is_some()),
        }
    }

    /// The last commit in the newest snapshot; none before the first is there.
    pub fn snapshot(&self) -> Option<Txid> {
        self.snapshot.map(|(txid, _)| txid)
    }

    /// The oldest position at which something of the past is still to be read. None once a bucket has taken
    /// nothing for a day: a snapshot will make up for what is gone by then.
    pub fn needs(&self, now_ms: i64) -> Option<Txid> {
        let begun = [&self.ship, &self.compact].into_iter().flatten();
        if begun.clone().any(|upload| now_ms - upload.begun_ms > LATE_MS_MAX) {
            return None;
        }
        let ends = self.ends.iter().flatten().map(|end| end.position.txid);
        ends.chain(begun.map(|upload| upload.standing.position.txid)).min()
    }
}
