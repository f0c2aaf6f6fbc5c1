//! Which pages the newest commits have changed, so that a replica that lacks them gets each once.

use std::collections::{BTreeSet, VecDeque};

use crate::page::PageNo;
use crate::position::Txid;

/// Page numbers kept, over all commits: some 400 KB.
const NUMBERS_MAX: usize = 100_000;

#[derive(Default)]
pub(crate) struct RecentCommits {
    /// By txid, without gaps.
    commits: VecDeque<(Txid, Vec<PageNo>)>,
    numbers: usize,
}

impl RecentCommits {
    pub(crate) fn add(&mut self, txid: Txid, pages: Vec<PageNo>) {
        debug_assert!(self.commits.back().is_none_or(|(last, _)| last + 1 == txid));
        self.numbers += pages.len();
        self.commits.push_back((txid, pages));
        while self.numbers > NUMBERS_MAX {
            let Some((_, oldest)) = self.commits.pop_front() else { break };
            self.numbers -= oldest.len();
        }
    }

    /// The pages that commits after `txid` have changed; None if not all of these are known.
    pub(crate) fn since(&self, txid: Txid) -> Option<BTreeSet<PageNo>> {
        let (first, _) = self.commits.front()?;
        let known = usize::try_from((txid + 1).checked_sub(*first)?).ok()?;
        Some(self.commits.iter().skip(known).flat_map(|(_, pages)| pages.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_page_once_and_only_of_what_is_known() {
        let mut recent = RecentCommits::default();
        assert_eq!(recent.since(0), None);
        recent.add(5, vec![1, 2]);
        recent.add(6, vec![1, 3]);
        assert_eq!(recent.since(3), None);
        assert_eq!(recent.since(4), Some(BTreeSet::from([1, 2, 3])));
        assert_eq!(recent.since(5), Some(BTreeSet::from([1, 3])));
        recent.add(7, (0..NUMBERS_MAX as PageNo - 1).collect());
        assert_eq!(recent.since(5), None);
        assert_eq!(recent.since(6).map(|pages| pages.len()), Some(NUMBERS_MAX - 1));
    }
}
