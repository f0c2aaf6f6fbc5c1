//! Which pages the newest commits have changed, so that a replica that lacks them gets each once.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

use crate::page::PageNo;
use crate::position::Txid;

/// Page numbers kept, over all commits: some 400 KB.
const NUMBERS_MAX: usize = 100_000;

pub(crate) struct RecentCommits {
    /// The last commit before these; all after it are here, some compacted into one.
    before: Txid,
    /// Whether nothing is known, or kept, of those before.
    complete: bool,
    /// By the last txid that each brings.
    commits: VecDeque<(Txid, Vec<PageNo>)>,
    numbers: usize,
}

impl RecentCommits {
    pub(crate) fn new(before: Txid) -> Self {
        RecentCommits { before, complete: before == 0, commits: VecDeque::new(), numbers: 0 }
    }

    /// The commits up to `txid`, which continue what is here.
    pub(crate) fn add(&mut self, txid: Txid, pages: Vec<PageNo>) {
        self.numbers += pages.len();
        self.commits.push_back((txid, pages));
        while self.numbers > NUMBERS_MAX {
            let Some((txid, oldest)) = self.commits.pop_front() else { break };
            self.numbers -= oldest.len();
            self.before = txid;
            self.complete = true;
        }
    }

    /// The commits to look for in the log so that those after `txid` are here.
    pub(crate) fn lacks(&self, txid: Txid) -> Option<RangeInclusive<Txid>> {
        (txid < self.before && !self.complete).then(|| txid + 1..=self.before)
    }

    /// What was found of them, in order: the first and the last txid of each, and its pages. What does
    /// not lead up to those that are here is of no use.
    pub(crate) fn add_before(&mut self, found: Vec<(Txid, Txid, Vec<PageNo>)>) {
        let wanted = found.len();
        let mut added = 0;
        for (first, last, pages) in found.into_iter().rev() {
            let fits = last == self.before && self.numbers + pages.len() <= NUMBERS_MAX;
            if !fits {
                break;
            }
            self.numbers += pages.len();
            self.before = first.saturating_sub(1);
            self.commits.push_front((last, pages));
            added += 1;
        }
        self.complete |= added < wanted || added == 0;
    }

    /// The pages that commits after `txid` have changed; None if not all of these are known.
    pub(crate) fn since(&self, txid: Txid) -> Option<BTreeSet<PageNo>> {
        if txid < self.before {
            return None;
        }
        let since = self.commits.iter().skip_while(|(last, _)| *last <= txid);
        Some(since.flat_map(|(_, pages)| pages.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_page_once_and_only_of_what_is_known() {
        let mut recent = RecentCommits::new(4);
        assert_eq!(recent.since(3), None);
        assert_eq!(recent.since(4), Some(BTreeSet::new()));
        recent.add(5, vec![1, 2]);
        recent.add(8, vec![1, 3]);
        assert_eq!(recent.since(3), None);
        assert_eq!(recent.since(4), Some(BTreeSet::from([1, 2, 3])));
        for txid in [5, 6, 7] {
            assert_eq!(recent.since(txid), Some(BTreeSet::from([1, 3])), "{txid}");
        }
        assert_eq!(recent.since(8), Some(BTreeSet::new()));
        recent.add(9, (0..NUMBERS_MAX as PageNo - 1).collect());
        assert_eq!(recent.since(7), None);
        assert_eq!(recent.since(8).map(|pages| pages.len()), Some(NUMBERS_MAX - 1));
    }
}
