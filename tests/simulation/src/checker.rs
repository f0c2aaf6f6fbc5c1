//! The checker: what was written and read, held against a model of one database.
//!
//! It is told what clients asked and were answered, and in which order the one writer committed;
//! of how replicas come to their answers it knows nothing. The first violation stays.
//!
//! What it holds:
//! - an answered read is the model at the position it names, whole;
//! - positions have no gaps, and none stands for two databases;
//! - what was answered, or read, is never lost;
//! - within a line (a session, or a handle): it reads its own writes, never goes back, and its
//!   writes come after what it has written and read;
//! - a read whose age is bounded sees what was answered to anybody longer ago.

mod line;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use crate::content::{Contents, Write};
pub use line::Line;

/// A position as clients are told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub txid: u64,
    pub checksum: u64,
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
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
    Staleness,
    /// A replica does not come to where the primary is, though nothing fails.
    Convergence,
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

struct Commit {
    write: Option<Rc<Write>>,
    place: Place,
    contents: Rc<Contents>,
    /// When it was first answered to anybody.
    answered_ms: Option<u64>,
}

pub struct Checker {
    /// By txid; the first is the empty database.
    history: Vec<Commit>,
    /// Its commit failed, and may have happened all the same.
    unknown: Option<Rc<Write>>,
    by_checksum: HashMap<u64, Rc<Contents>>,
    writes: HashSet<u64>,
    /// The newest that was read.
    read: u64,
    lines: Vec<Line>,
    violation: Option<Violation>,
    pub reads: u64,
}

impl Checker {
    /// Begins with an empty database, which has this checksum.
    pub fn new(empty: Place) -> Checker {
        let contents = Rc::new(Contents::new());
        let by_checksum = HashMap::from([(empty.checksum, Rc::clone(&contents))]);
        let start = Commit { write: None, place: empty, contents, answered_ms: Some(0) };
        Checker {
            history: vec![start],
            unknown: None,
            by_checksum,
            writes: HashSet::new(),
            read: 0,
            lines: Vec::new(),
            violation: None,
            reads: 0,
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

    /// The writer took in a write.
    pub fn committed(&mut self, write: &Rc<Write>, place: Place) {
        let next = self.history.len() as u64;
        let txid = place.txid;
        self.hold(Check::Gap, txid == next, || format!("commit {txid} instead of {next}"));
        let new = self.writes.insert(write.id);
        self.hold(Check::Repeated, new, || format!("write {} happens again at {txid}", write.id));
        let before = self.history.last().map_or(Contents::new(), |last| (*last.contents).clone());
        let contents = Rc::new(write.apply(&before));
        let same = Rc::clone(&contents);
        let known = Rc::clone(self.by_checksum.entry(place.checksum).or_insert(same));
        self.hold(Check::Fork, known == contents, || {
            format!("checksum {:016x} is of two databases", place.checksum)
        });
        let write = Some(Rc::clone(write));
        self.history.push(Commit { write, place, contents, answered_ms: None });
    }

    /// The writer could not tell whether a write happened.
    pub fn failed(&mut self, write: &Rc<Write>) {
        self.unknown = Some(Rc::clone(write));
    }

    /// The writer starts anew, from what it finds.
    pub fn opened(&mut self, place: Place) {
        let unknown = self.unknown.take();
        if let Some(write) = unknown.filter(|_| place.txid == self.history.len() as u64) {
            self.committed(&write, place);
        }
        let kept = place.txid as usize + 1;
        let least = self.last_answered(u64::MAX).max(self.read);
        self.hold(Check::Lost, place.txid >= least, || {
            format!("the primary opens at {}, but {least} was answered", place.txid)
        });
        for lost in self.history.drain(kept.min(self.history.len())..) {
            if let Some(write) = lost.write {
                self.writes.remove(&write.id);
            }
        }
        let known = self.history.last().map(|last| last.place);
        self.hold(Check::Fork, known == Some(place), || {
            format!("the primary opens at {place:?}, but it was at {known:?}")
        });
    }

    /// Somebody is answered from a position by the writer itself.
    pub fn answered(&mut self, txid: u64, now_ms: u64) {
        for commit in self.history.iter_mut().take(txid as usize + 1).rev() {
            if commit.answered_ms.is_some() {
                return;
            }
            commit.answered_ms = Some(now_ms);
        }
    }

    /// The newest txid that was answered before then.
    fn last_answered(&self, before_ms: u64) -> u64 {
        let answered = |commit: &Commit| commit.answered_ms.is_some_and(|at_ms| at_ms < before_ms);
        self.history.iter().rposition(answered).unwrap_or(0) as u64
    }

    /// The newest position.
    pub fn newest(&self) -> Place {
        self.history.last().map_or_else(Place::default, |last| last.place)
    }

    /// Somebody holds this at a position.
    pub fn holds(&mut self, who: &str, place: Place, contents: &Contents) {
        let Some(commit) = self.history.get(place.txid as usize) else {
            return self.violate(Check::Fork, || format!("{who}: there is no {place:?}"));
        };
        let (known, expected) = (commit.place, Rc::clone(&commit.contents));
        self.hold(Check::Fork, known == place, || format!("{who}: {place:?} is not {known:?}"));
        self.hold(Check::Content, *expected == *contents, || {
            let txid = place.txid;
            format!("{who}: at {txid} there is {expected:x?}, but it holds {contents:x?}")
        });
    }
}
