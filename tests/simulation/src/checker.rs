//! The checker: what was written and read, held against a model of one database.
//!
//! It is told what clients asked and were answered, in which order each primary committed, and who was
//! made the primary from where; of how replicas come to their answers it knows nothing. The first
//! violation stays.
//!
//! What it holds:
//! - an answered read is the model at the position it names, whole;
//! - positions have no gaps, and none stands for two databases;
//! - what was answered, or read, is never lost; nor is it by a promotion, unless that took over from a
//!   replica;
//! - whoever is not the primary commits nothing;
//! - within a line (a session, or a handle): it reads its own writes, never goes back, and its
//!   writes come after what it has written and read;
//! - a read whose age is bounded sees what was answered to anybody longer ago.

mod branch;
mod line;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use crate::content::{Contents, Write};
use branch::{Branch, Commit};
pub use line::Line;

/// A position as clients are told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub epoch: u32,
    pub txid: u64,
    pub checksum: u64,
}

/// A place in the order of positions.
type At = (u32, u64);

impl Place {
    fn at(&self) -> At {
        (self.epoch, self.txid)
    }

    /// Before the first commit all places are one, whatever the epoch.
    fn is(&self, other: &Place) -> bool {
        self == other || (self.txid, other.txid) == (0, 0)
    }
}

/// What does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// A read is not the model at its position.
    Content,
    /// A position stands for two databases, or for none.
    Fork,
    /// A txid was left out, or taken twice.
    Gap,
    /// A write happened twice.
    Repeated,
    /// What was answered or read is gone.
    Lost,
    /// Somebody commits who is not the primary.
    TwoPrimaries,
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
    Staleness,
    /// A replica does not come to where the primary is, though nothing fails.
    Convergence,
    /// A promotion does not come to its end, or nobody can write, though nothing fails.
    Unfinished,
    /// A commit came by no push, or by several, though nothing fails.
    OnePush,
}

#[derive(Clone, Debug)]
pub struct Violation {
    pub check: Check,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.check, self.text)
    }
}

pub struct Checker {
    /// What each primary has committed, by its epoch.
    branches: BTreeMap<u32, Branch>,
    /// The epoch of the primary.
    epoch: u32,
    /// Primaries that went on when another took over from a replica, and the epoch of that one.
    split: Vec<(u32, u32)>,
    by_checksum: HashMap<u64, Rc<Contents>>,
    writes: HashSet<u64>,
    lines: Vec<Line>,
    violation: Option<Violation>,
    pub reads: u64,
    pub promotions: u64,
}

impl Checker {
    /// Begins with an empty database, which has this checksum.
    pub fn new(empty: Place) -> Checker {
        let contents = Rc::new(Contents::new());
        Checker {
            by_checksum: HashMap::from([(empty.checksum, Rc::clone(&contents))]),
            branches: BTreeMap::from([(empty.epoch, Branch::new(empty, contents))]),
            epoch: empty.epoch,
            split: Vec::new(),
            writes: HashSet::new(),
            lines: Vec::new(),
            violation: None,
            reads: 0,
            promotions: 0,
        }
    }

    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    pub fn violate(&mut self, check: Check, text: impl FnOnce() -> String) {
        self.violation.get_or_insert_with(|| Violation { check, text: text() });
    }

    fn hold(&mut self, check: Check, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.violate(check, text);
        }
    }

    /// A primary took in a write, or begins its epoch by a commit without one.
    pub fn committed(&mut self, epoch: u32, write: Option<&Rc<Write>>, place: Place) {
        let goes_on = self.split.iter().any(|(old, _)| *old == epoch);
        self.hold(Check::TwoPrimaries, epoch == self.epoch || goes_on, || {
            format!("the primary of epoch {epoch} commits {place:?}")
        });
        self.add(epoch, write.cloned(), place);
    }

    fn add(&mut self, epoch: u32, write: Option<Rc<Write>>, place: Place) {
        let Some(branch) = self.branches.get(&epoch) else { return };
        let (next, before) = (branch.tip().txid + 1, Rc::clone(branch.contents()));
        let txid = place.txid;
        self.hold(Check::Gap, txid == next, || format!("commit {txid} instead of {next}"));
        self.hold(Check::Fork, place.epoch == epoch, || {
            format!("the primary of epoch {epoch} calls a commit {place:?}")
        });
        if let Some(write) = &write {
            let new = self.writes.insert(write.id);
            self.hold(Check::Repeated, new, || {
                format!("write {} happens again at {txid}", write.id)
            });
        }
        let contents = write.as_ref().map_or(before.clone(), |write| Rc::new(write.apply(&before)));
        let same = Rc::clone(&contents);
        let known = Rc::clone(self.by_checksum.entry(place.checksum).or_insert(same));
        self.hold(Check::Fork, known == contents, || {
            format!("checksum {:016x} is of two databases", place.checksum)
        });
        if let Some(branch) = self.branches.get_mut(&epoch) {
            branch.commits.push(Commit { write, place, contents, answered_ms: None });
        }
    }

    /// A primary could not tell whether a write happened, or whether its epoch has begun.
    pub fn failed(&mut self, epoch: u32, write: Option<&Rc<Write>>) {
        if let Some(branch) = self.branches.get_mut(&epoch) {
            branch.unknown = Some(write.cloned());
        }
    }

    /// A primary starts anew, from what it finds.
    pub fn opened(&mut self, epoch: u32, place: Place) {
        let Some(branch) = self.branches.get_mut(&epoch) else {
            let text = || format!("nobody has made epoch {epoch} the primary");
            return self.violate(Check::TwoPrimaries, text);
        };
        let next = branch.tip().txid + 1;
        let unknown = branch.unknown.take().filter(|_| place.txid == next);
        if let Some(write) = unknown {
            self.add(epoch, write, place);
        }
        let Some(branch) = self.branches.get_mut(&epoch) else { return };
        let (least, kept) = (branch.told(), branch.cut(place.txid));
        for lost in kept.into_iter().filter_map(|lost| lost.write) {
            self.writes.remove(&lost.id);
        }
        self.hold(Check::Lost, place.txid >= least, || {
            format!("the primary opens at {place:?}, but {least} was answered")
        });
        let known = self.branches.get(&epoch).map(Branch::tip);
        self.hold(Check::Fork, known.is_some_and(|known| known.is(&place)), || {
            format!("the primary opens at {place:?}, but it was at {known:?}")
        });
    }

    /// Another becomes the primary, from where it stands. The one before may go on if nobody has fenced
    /// it and it is not down.
    pub fn promoted(&mut self, epoch: u32, from: Place, forced: bool, goes_on: bool) {
        if self.branches.contains_key(&epoch) {
            return;
        }
        let old = self.epoch;
        let tip = self.newest();
        self.hold(Check::TwoPrimaries, epoch > old, || {
            format!("epoch {epoch} becomes the primary after epoch {old}")
        });
        self.hold(Check::Lost, forced || from.is(&tip), || {
            format!("epoch {epoch} begins from {from:?}, but the one before ended at {tip:?}")
        });
        let Some(contents) = self.contents(&from) else {
            return self.violate(Check::Fork, || format!("epoch {epoch}: there is no {from:?}"));
        };
        if forced && goes_on {
            self.split.push((old, epoch));
        }
        self.branches.insert(epoch, Branch::new(from, contents));
        self.epoch = epoch;
        self.promotions += 1;
    }

    /// Somebody is answered from a position by a primary itself.
    pub fn answered(&mut self, place: Place, now_ms: u64) {
        if let Some(branch) = self.branches.get_mut(&place.epoch) {
            branch.answered(place.txid, now_ms);
        }
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The newest position.
    pub fn newest(&self) -> Place {
        self.branches.get(&self.epoch).map_or_else(Place::default, Branch::tip)
    }

    fn commit(&self, place: &Place) -> Option<&Commit> {
        self.branches.get(&place.epoch)?.commit(place.txid)
    }

    /// What the model has at a place, if that is one.
    fn contents(&self, place: &Place) -> Option<Rc<Contents>> {
        if place.txid == 0 {
            return self.branches.values().next().map(|first| Rc::clone(&first.base_contents));
        }
        let commit = self.commit(place).filter(|commit| commit.place == *place);
        commit.map(|commit| Rc::clone(&commit.contents))
    }

    /// Somebody holds this at a position.
    pub fn holds(&mut self, who: &str, place: Place, contents: &Contents) {
        let Some(expected) = self.contents(&place) else {
            return self.violate(Check::Fork, || format!("{who}: there is no {place:?}"));
        };
        self.hold(Check::Content, *expected == *contents, || {
            format!("{who}: at {place:?} there is {expected:x?}, but it holds {contents:x?}")
        });
    }
}
