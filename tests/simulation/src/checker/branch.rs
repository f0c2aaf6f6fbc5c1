//! What one primary has committed, from where the one before it had ended.

use std::rc::Rc;

use super::Place;
use crate::content::{Contents, Write};

pub struct Commit {
    /// None of one that changes nothing, by which an epoch begins.
    pub write: Option<Rc<Write>>,
    pub place: Place,
    pub contents: Rc<Contents>,
    /// When it was first answered to anybody.
    pub answered_ms: Option<u64>,
}

pub struct Branch {
    base: Place,
    pub base_contents: Rc<Contents>,
    pub commits: Vec<Commit>,
    /// A commit that failed, and may have happened all the same.
    pub unknown: Option<Option<Rc<Write>>>,
    /// The newest that was read.
    pub read: u64,
}

impl Branch {
    pub fn new(base: Place, base_contents: Rc<Contents>) -> Branch {
        Branch { base, base_contents, commits: Vec::new(), unknown: None, read: 0 }
    }

    pub fn tip(&self) -> Place {
        self.commits.last().map_or(self.base, |last| last.place)
    }

    pub fn contents(&self) -> &Rc<Contents> {
        self.commits.last().map_or(&self.base_contents, |last| &last.contents)
    }

    pub fn commit(&self, txid: u64) -> Option<&Commit> {
        let index = txid.checked_sub(self.base.txid + 1)?;
        self.commits.get(index as usize)
    }

    pub fn answered(&mut self, txid: u64, now_ms: u64) {
        let count = txid.saturating_sub(self.base.txid) as usize;
        for commit in self.commits.iter_mut().take(count).rev() {
            if commit.answered_ms.is_some() {
                return;
            }
            commit.answered_ms = Some(now_ms);
        }
    }

    /// The newest commit that was answered before then.
    pub fn last_answered(&self, before_ms: u64) -> Option<Place> {
        let answered = |commit: &&Commit| commit.answered_ms.is_some_and(|at_ms| at_ms < before_ms);
        self.commits.iter().rfind(answered).map(|commit| commit.place)
    }

    /// The newest txid that anybody knows of.
    pub fn told(&self) -> u64 {
        self.last_answered(u64::MAX).map_or(0, |place| place.txid).max(self.read)
    }

    /// Takes back what came after a txid.
    pub fn cut(&mut self, txid: u64) -> Vec<Commit> {
        let kept = (txid.saturating_sub(self.base.txid) as usize).min(self.commits.len());
        self.commits.split_off(kept)
    }
}
