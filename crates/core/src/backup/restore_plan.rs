//! Which files of a backup make a database, in the order in which they are applied.
//!
//! The rule is Litestream's, so that both restore the same: the newest snapshot that is not beyond the
//! target; after it, each time, the file of any level below that goes on without a gap and reaches
//! furthest. Files may overlap: one holds the newest image of each page that its transactions wrote, so
//! applying some of them again changes nothing. A file that begins with transaction 1 holds all pages,
//! and can begin a restore as a snapshot can.

use super::{FileName, SNAPSHOT_LEVEL};
use crate::position::Txid;

/// A file as the bucket lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupFile {
    pub name: FileName,
    /// When its last transaction was committed, or as good as that is known.
    pub time_ms: i64,
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreTarget {
    Newest,
    /// Exactly this transaction.
    Txid(Txid),
    /// What there was before this time, in milliseconds since 1970.
    Before(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePlan {
    /// At least one.
    pub files: Vec<BackupFile>,
    /// Of a restore to a time: what would belong to it, and cannot be reached.
    pub gap: Option<Gap>,
}

/// Files are missing in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Last transaction before it.
    pub reached: Txid,
    /// First transaction after it.
    pub next: Txid,
}

/// Nothing can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// There are no files.
    Empty,
    /// No snapshot is left, nor the file that would be applied first. This is the first transaction there is.
    NoBeginning(Txid),
    /// All that could begin a restore is of this transaction or a later one.
    AfterTxid(Txid),
    /// All that could begin a restore is of this time, in milliseconds since 1970, or a later one.
    AfterTime(i64),
    /// No file ends with the transaction that was asked for. The one before it that can be restored.
    BetweenFiles(Txid),
    /// What is newest cannot be reached.
    Gap(Gap),
}

impl RestorePlan {
    pub fn of(files: &[BackupFile], target: RestoreTarget) -> Result<RestorePlan, NoPlan> {
        let wanted = |file: &&BackupFile| match target {
            RestoreTarget::Newest => true,
            RestoreTarget::Txid(txid) => file.name.txid_max <= txid,
            RestoreTarget::Before(time_ms) => file.time_ms < time_ms,
        };
        let is_snapshot = |file: &&BackupFile| file.name.level == SNAPSHOT_LEVEL;
        let snapshots = files.iter().filter(is_snapshot).filter(wanted);
        let snapshot = snapshots.max_by_key(|file| file.name.txid_max);
        let mut others: Vec<_> =
            files.iter().filter(|file| !is_snapshot(file)).filter(wanted).collect();
        others.sort_by_key(|file| file.name.txid_min);
        let mut plan: Vec<BackupFile> = snapshot.copied().into_iter().collect();
        let mut others = others.into_iter().peekable();
        let mut best: Option<&BackupFile> = None;
        loop {
            let reached = plan.last().map_or(0, |file| file.name.txid_max);
            let goes_on = |file: &&BackupFile| file.name.txid_min <= reached.saturating_add(1);
            while let Some(file) = others.next_if(goes_on) {
                best = best.into_iter().chain([file]).max_by_key(|file| worth(file));
            }
            match best.take().filter(|file| file.name.txid_max > reached) {
                Some(file) => plan.push(*file),
                None => break,
            }
        }
        let Some(last) = plan.last() else { return Err(nothing(files, target)) };
        let reached = last.name.txid_max;
        let gap = others.peek().map(|file| Gap { reached, next: file.name.txid_min });
        match (target, gap) {
            (RestoreTarget::Txid(txid), _) if reached < txid => Err(NoPlan::BetweenFiles(reached)),
            (RestoreTarget::Newest, Some(gap)) => Err(NoPlan::Gap(gap)),
            _ => Ok(RestorePlan { files: plan, gap }),
        }
    }

    /// Of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// The greater, the better of files that go on from where a restore is: which reaches further, then which
/// is the whole of the other, then which is compacted more.
fn worth(file: &BackupFile) -> (Txid, std::cmp::Reverse<Txid>, u8) {
    (file.name.txid_max, std::cmp::Reverse(file.name.txid_min), file.name.level)
}

/// Why there is no first file.
fn nothing(files: &[BackupFile], target: RestoreTarget) -> NoPlan {
    let begin = || files.iter().filter(|file| file.name.txid_min == 1);
    let Some(first) = files.iter().map(|file| file.name.txid_min).min() else {
        return NoPlan::Empty;
    };
    let after = match target {
        RestoreTarget::Newest => None,
        RestoreTarget::Txid(_) => {
            begin().map(|file| file.name.txid_max).min().map(NoPlan::AfterTxid)
        }
        RestoreTarget::Before(_) => begin().map(|file| file.time_ms).min().map(NoPlan::AfterTime),
    };
    after.unwrap_or(NoPlan::NoBeginning(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Each is of the time of its last transaction.
    fn files(names: &[(u8, Txid, Txid)]) -> Vec<BackupFile> {
        let file = |&(level, txid_min, txid_max): &(u8, Txid, Txid)| BackupFile {
            name: FileName { level, txid_min, txid_max },
            time_ms: i64::try_from(txid_max).unwrap_or(i64::MAX),
            bytes: 10,
        };
        names.iter().map(file).collect()
    }

    type Names = Vec<(u8, Txid, Txid)>;

    fn plan(names: &[(u8, Txid, Txid)], target: RestoreTarget) -> Result<Names, NoPlan> {
        let plan = RestorePlan::of(&files(names), target)?;
        assert_eq!(plan.bytes(), 10 * plan.files.len() as u64);
        let name = |file: &BackupFile| (file.name.level, file.name.txid_min, file.name.txid_max);
        Ok(plan.files.iter().map(name).collect())
    }

    const ALL: [(u8, Txid, Txid); 12] = [
        (0, 7, 7),
        (0, 8, 8),
        (0, 9, 9),
        (0, 10, 10),
        (1, 1, 3),
        (1, 4, 6),
        (1, 7, 9),
        (2, 1, 6),
        (3, 1, 6),
        (9, 1, 1),
        (9, 1, 5),
        (9, 1, 8),
    ];

    #[test]
    fn the_newest_snapshot_and_what_goes_on_from_it() {
        use RestoreTarget::{Before, Newest, Txid};
        assert_eq!(plan(&ALL, Newest), Ok(vec![(9, 1, 8), (1, 7, 9), (0, 10, 10)]));
        assert_eq!(plan(&ALL, Txid(10)), plan(&ALL, Newest));
        assert_eq!(plan(&ALL, Txid(8)), Ok(vec![(9, 1, 8)]));
        // The longest run, of the highest level that has it.
        assert_eq!(plan(&ALL, Txid(7)), Ok(vec![(9, 1, 5), (3, 1, 6), (0, 7, 7)]));
        assert_eq!(plan(&ALL, Txid(1)), Ok(vec![(9, 1, 1)]));
        // A time is the first that is left out.
        assert_eq!(plan(&ALL, Before(9)), Ok(vec![(9, 1, 8)]));
        assert_eq!(plan(&ALL, Before(11)), plan(&ALL, Newest));
        assert_eq!(plan(&ALL, Before(2)), Ok(vec![(9, 1, 1)]));
    }

    #[test]
    fn the_order_of_a_listing_does_not_matter() {
        let mut reversed = ALL;
        reversed.reverse();
        for txid in 1..=10 {
            let target = RestoreTarget::Txid(txid);
            assert_eq!(plan(&reversed, target), plan(&ALL, target), "{txid}");
        }
    }

    #[test]
    fn a_first_file_begins_as_a_snapshot_does() {
        let young = [(0, 1, 1), (0, 2, 2), (1, 1, 2), (0, 3, 3)];
        assert_eq!(plan(&young, RestoreTarget::Newest), Ok(vec![(1, 1, 2), (0, 3, 3)]));
        assert_eq!(plan(&young, RestoreTarget::Txid(1)), Ok(vec![(0, 1, 1)]));
        // Of two that reach as far, the one that is the whole of the other.
        let overlapping = [(9, 1, 4), (0, 5, 5), (1, 3, 6), (2, 5, 6)];
        let expected = Ok(vec![(9, 1, 4), (1, 3, 6)]);
        assert_eq!(plan(&overlapping, RestoreTarget::Newest), expected);
    }

    #[test]
    fn behind_a_gap_nothing_is_reached() {
        let broken = [(9, 1, 2), (0, 3, 3), (0, 5, 5), (0, 6, 6)];
        let gap = Gap { reached: 3, next: 5 };
        assert_eq!(plan(&broken, RestoreTarget::Newest), Err(NoPlan::Gap(gap)));
        assert_eq!(plan(&broken, RestoreTarget::Txid(6)), Err(NoPlan::BetweenFiles(3)));
        assert_eq!(plan(&broken, RestoreTarget::Txid(3)), Ok(vec![(9, 1, 2), (0, 3, 3)]));
        let found = RestorePlan::of(&files(&broken), RestoreTarget::Before(6)).unwrap();
        assert_eq!((found.files.len(), found.gap), (2, Some(gap)));
        let found = RestorePlan::of(&files(&broken), RestoreTarget::Before(4)).unwrap();
        assert_eq!((found.files.len(), found.gap), (2, None));
        // A later snapshot leaves no gap.
        let healed = [broken.as_slice(), &[(9, 1, 5)]].concat();
        assert_eq!(plan(&healed, RestoreTarget::Newest), Ok(vec![(9, 1, 5), (0, 6, 6)]));
    }

    #[test]
    fn no_plan() {
        use RestoreTarget::{Before, Newest, Txid};
        for target in [Newest, Txid(1), Before(1)] {
            assert_eq!(plan(&[], target), Err(NoPlan::Empty));
            assert_eq!(plan(&[(0, 5, 5), (1, 4, 4)], target), Err(NoPlan::NoBeginning(4)));
        }
        let late = [(9, 1, 7), (2, 1, 5), (0, 6, 6)];
        assert_eq!(plan(&late, Txid(4)), Err(NoPlan::AfterTxid(5)));
        assert_eq!(plan(&late, Before(5)), Err(NoPlan::AfterTime(5)));
        assert_eq!(plan(&late, Txid(8)), Err(NoPlan::BetweenFiles(7)));
        // A compacted file cannot be cut in the middle.
        assert_eq!(plan(&[(9, 1, 2), (1, 3, 6)], Txid(5)), Err(NoPlan::BetweenFiles(2)));
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        let end = Txid::MAX;
        let last = [(9, 1, end - 1), (0, end, end)];
        assert_eq!(plan(&last, RestoreTarget::Newest), Ok(last.to_vec()));
    }
}
