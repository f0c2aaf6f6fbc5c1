//! Lines: the sessions and handles whose promises are kept one operation after the other.
//!
//! Operations of a line may overlap; an operation has to see what those before its beginning were
//! answered.

use super::{At, Check, Checker, Place};
use crate::content::{Contents, Write};

#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    read: At,
    written: At,
}

/// An operation that has begun.
#[derive(Clone, Debug)]
pub struct Asked {
    line: usize,
    in_session: bool,
    before: Line,
    /// What a bound on the age has it see, of each primary.
    least: Vec<At>,
}

impl Asked {
    /// The same in a session, if so.
    pub fn in_session(self, in_session: bool) -> Asked {
        Asked { in_session, ..self }
    }
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
        let least = before_ms.into_iter().flat_map(|before_ms| {
            let branches = self.branches.values();
            branches.filter_map(move |branch| branch.last_answered(before_ms))
        });
        let least = least.map(|place| place.at()).collect();
        Asked { line, in_session: false, before: self.stand(line), least }
    }

    /// Whether a primary that went on had come so far without knowing of what another had taken over.
    fn are_apart(&self, at: At, other: At) -> bool {
        self.split.iter().any(|(old, new)| at.0 <= *old && *new <= other.0)
    }

    /// What an operation has to see that comes to be there. A bookmark goes with it to each primary;
    /// without one, a primary that nobody has stopped cannot know what was seen elsewhere.
    fn before(&self, asked: &Asked, at: At) -> Line {
        let seen = |other: At| {
            let unknown = !asked.in_session && self.are_apart(at, other);
            if unknown { At::default() } else { other }
        };
        Line { read: seen(asked.before.read), written: seen(asked.before.written) }
    }

    pub fn read(&mut self, who: &str, asked: &Asked, place: Place, contents: &Contents) {
        self.holds(who, place, contents);
        let at = place.at();
        let Line { read, written } = self.before(asked, at);
        self.hold(Check::ReadYourWrites, at >= written, || {
            format!("{who}: a read sees {at:?} after a write at {written:?}")
        });
        self.hold(Check::MonotonicReads, at >= read, || {
            format!("{who}: a read sees {at:?} after one of {read:?}")
        });
        for least in &asked.least {
            let apart = self.are_apart(at, *least);
            self.hold(Check::Staleness, apart || at >= *least, || {
                format!("{who}: a read sees {at:?}, though {least:?} was answered before its bound")
            });
        }
        self.reads += 1;
        if let Some(branch) = self.branches.get_mut(&place.epoch) {
            branch.read = branch.read.max(place.txid);
        }
        if let Some(line) = self.lines.get_mut(asked.line) {
            line.read = line.read.max(at);
        }
    }

    pub fn wrote(&mut self, who: &str, asked: &Asked, place: Place, write: &Write) {
        let at = place.at();
        let Line { read, written } = self.before(asked, at);
        let same = self.commit(&place).is_some_and(|commit| {
            commit.place == place && commit.write.as_ref().is_some_and(|it| it.id == write.id)
        });
        self.hold(Check::Lost, same, || format!("{who}: write {} is not at {at:?}", write.id));
        self.hold(Check::MonotonicWrites, at > written, || {
            format!("{who}: a write at {at:?} after one at {written:?}")
        });
        self.hold(Check::WritesFollowReads, at > read, || {
            format!("{who}: a write at {at:?} after a read of {read:?}")
        });
        if let Some(line) = self.lines.get_mut(asked.line) {
            line.written = line.written.max(at);
        }
    }
}
