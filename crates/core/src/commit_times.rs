//! When the newest commits were made, so that it can be told how long somebody has lacked one.
//!
//! The newest are known one by one; of older ones the fewer the older they are, as a lag of minutes
//! need not be told to the millisecond.

use crate::position::Txid;

const ENTRIES_MAX: usize = 128;

#[derive(Default)]
pub(crate) struct CommitTimes {
    /// A commit and when it was made, in milliseconds, in ascending order.
    entries: Vec<(Txid, i64)>,
}

impl CommitTimes {
    pub(crate) fn add(&mut self, txid: Txid, time_ms: i64) {
        if self.entries.last().is_some_and(|(last, _)| *last >= txid) {
            self.entries.clear();
        }
        if self.entries.len() >= ENTRIES_MAX {
            self.thin_out();
        }
        self.entries.push((txid, time_ms));
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// When the first commit after `txid` was made, or a little before. Of one that is older than all
    /// that is known it is the oldest time that is; None if there is no later commit.
    pub(crate) fn first_after(&self, txid: Txid) -> Option<i64> {
        let (newest, _) = self.entries.last()?;
        if *newest <= txid {
            return None;
        }
        let later = self.entries.partition_point(|(first, _)| *first <= txid + 1);
        self.entries.get(later.saturating_sub(1)).map(|(_, time_ms)| *time_ms)
    }

    /// Drops the one that is missed least: its neighbours are near to each other, as far back as they are.
    fn thin_out(&mut self) {
        let Some((newest, _)) = self.entries.last() else { return };
        let missed = |at: usize| {
            let [before, it, after] = [at - 1, at, at + 1].map(|at| self.entries[at].0);
            (after - before) as f64 / (newest - it) as f64
        };
        let inner = 1..self.entries.len().saturating_sub(1);
        if let Some(least) = inner.min_by(|a, b| missed(*a).total_cmp(&missed(*b))) {
            self.entries.remove(least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_first_that_is_lacking() {
        let mut times = CommitTimes::default();
        assert_eq!(times.first_after(0), None);
        for txid in 1..=5 {
            times.add(txid, txid as i64 * 10);
        }
        assert_eq!(times.first_after(0), Some(10));
        assert_eq!(times.first_after(3), Some(40));
        assert_eq!(times.first_after(5), None);
        assert_eq!(times.first_after(6), None);
        times.clear();
        assert_eq!(times.first_after(0), None);
    }

    #[test]
    fn what_was_there_before_is_as_old_as_the_oldest_known() {
        let mut times = CommitTimes::default();
        times.add(100, 7);
        assert_eq!(times.first_after(3), Some(7));
    }

    #[test]
    fn of_many_the_old_ones_are_told_roughly_and_never_too_late() {
        let mut times = CommitTimes::default();
        const COUNT: u64 = 100_000;
        for txid in 1..=COUNT {
            times.add(txid, txid as i64);
        }
        assert!(times.entries.len() <= ENTRIES_MAX);
        for lacking in [1, 2, 50, 1_000, 50_000] {
            let told = times.first_after(COUNT - lacking).unwrap() as u64;
            let made = COUNT - lacking + 1;
            assert!(told <= made, "{lacking}: told {told}, made {made}");
            let late = made - told;
            assert!(late * 3 <= lacking, "{lacking}: told {late} too early");
        }
        assert_eq!(times.first_after(COUNT - 1), Some(COUNT as i64));
        // The first of all stays.
        assert_eq!(times.first_after(0), Some(1));
    }
}
