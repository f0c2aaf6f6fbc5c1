//! Lines: the sessions and handles whose promises are kept one operation after the other.
//!
//! Operations of a line may overlap; an operation has to see what those before its beginning were
//! answered.

use super::{Check, Checker, Place};
use crate::content::{Contents, Write};

#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    read: u64,
    written: u64,
}

/// An operation that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    line: usize,
    before: Line,
    /// What a bound on the age has it see.
    least: u64,
}

impl Checker {
    /// A new line, or one that goes on from where another stood.
    pub fn line(&mut self, from: Line) -> usize {
        self.lines.push(from);
        self.lines.len() - 1
    }

    /// Where a line stands, for another that goes on from there.
    pub fn stand(&self, line: usize) -> Line {
        self.lines.get(line).copied().unwrap_or_default()
    }

    /// An operation begins; a read's answer may be so old.
    pub fn begin(&self, line: usize, age_ms_max: Option<u64>, now_ms: u64) -> Asked {
        let before_ms = age_ms_max.map(|age_ms| now_ms.saturating_sub(age_ms));
        let least = before_ms.map_or(0, |before_ms| self.last_answered(before_ms));
        Asked { line, before: self.stand(line), least }
    }

    pub fn read(&mut self, who: &str, asked: &Asked, place: Place, contents: &Contents) {
        self.holds(who, place, contents);
        let (txid, Asked { line, before, least }) = (place.txid, *asked);
        let Line { read, written } = before;
        self.hold(Check::ReadYourWrites, txid >= written, || {
            format!("{who}: a read sees {txid} after a write at {written}")
        });
        self.hold(Check::MonotonicReads, txid >= read, || {
            format!("{who}: a read sees {txid} after one of {read}")
        });
        self.hold(Check::Staleness, txid >= least, || {
            format!("{who}: a read sees {txid}, though {least} was answered before its bound")
        });
        self.reads += 1;
        self.read = self.read.max(txid);
        if let Some(line) = self.lines.get_mut(line) {
            line.read = line.read.max(txid);
        }
    }

    pub fn wrote(&mut self, who: &str, asked: &Asked, place: Place, write: &Write) {
        let (txid, Asked { line, before, .. }) = (place.txid, *asked);
        let there = self.history.get(txid as usize);
        let same = there.is_some_and(|commit| {
            commit.place == place && commit.write.as_ref().is_some_and(|it| it.id == write.id)
        });
        self.hold(Check::Lost, same, || format!("{who}: write {} is not at {txid}", write.id));
        self.hold(Check::MonotonicWrites, txid > before.written, || {
            format!("{who}: a write at {txid} after one at {}", before.written)
        });
        self.hold(Check::WritesFollowReads, txid > before.read, || {
            format!("{who}: a write at {txid} after a read of {}", before.read)
        });
        if let Some(line) = self.lines.get_mut(line) {
            line.written = line.written.max(txid);
        }
    }
}
