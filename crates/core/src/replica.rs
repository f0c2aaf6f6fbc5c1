//! A replica, of a region or in an isolate, as a state machine without I/O.
//!
//! The shell asks the primary what [`Replica::ask`] says, and hands in whatever comes, in any order,
//! late or twice: answers, commits that came along with one, pushes. The replica applies exactly what
//! continues it, and answers a read only from a whole database that the read's constraint allows.
//!
//! A position counts as confirmed from when the question was sent: what the primary had answered to
//! anybody before then is in it.
//!
//! Invariants:
//! - what it answers from is one position of the primary's database, by checksum;
//! - it never answers from an older position than once before, whatever snapshot it has taken since,
//!   nor from one that it knows the primary to have left.

use crate::bootstrap::{Ask, Bootstrap};
use crate::early::EarlyPushes;
use crate::embedded_replica::EmbeddedReplica;
use crate::error::Error;
use crate::position::Position;
use crate::received::Received;
use crate::session::{Constraint, Standing};
use crate::store::Store;

/// Where a replica keeps its pages.
pub trait ReplicaPages {
    fn position(&self) -> Position;

    /// Whether some of them cannot be read any more as they were taken in.
    fn is_damaged(&self) -> bool {
        false
    }

    /// Takes in commits that lead to `position`.
    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error>;

    /// Lets go of everything.
    fn clear(&mut self) -> Result<(), Error>;

    /// Takes in part of a snapshot; true once it is whole.
    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error>;
}

/// What the primary said of itself, and what came along.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// When the question was sent, less the age of what answered it, in milliseconds.
    pub sent_ms: f64,
    pub primary: Position,
    pub ltx: Option<&'a [u8]>,
}

/// What an answer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The replica is where the answer came from, or further.
    Done,
    /// There is more to ask.
    More,
}

/// What became of a push, and where the replica then stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// There, and what was pushed is in it unless it continues from later.
    At(Position),
    /// There, and what was pushed is kept until that comes which it continues.
    Early(Position),
    /// Nowhere, while a snapshot is not whole.
    NotWhole,
}

pub struct Replica<P> {
    pages: P,
    early: EarlyPushes,
    /// The snapshot that is being taken in; None of a whole database.
    bootstrap: Option<Bootstrap>,
    /// The newest position that the primary is known to have reached.
    newest: Position,
    /// When the primary was last known to stand where the pages do; before all time if nobody has told
    /// since the start.
    confirmed_ms: f64,
    snapshots: u32,
}

impl<P: ReplicaPages> Replica<P> {
    /// A replica over what `pages` keep.
    pub fn new(pages: P) -> Replica<P> {
        let newest = pages.position();
        let bootstrap = (newest.txid == 0).then(Bootstrap::default);
        let confirmed_ms = f64::NEG_INFINITY;
        let early = EarlyPushes::default();
        Replica { pages, early, bootstrap, newest, confirmed_ms, snapshots: 0 }
    }

    /// The same, that takes up the place of one which was let go when the primary was known to have
    /// reached `newest`: it answers from no earlier position.
    pub fn not_before(mut self, newest: Option<Position>) -> Replica<P> {
        if let Some(newest) = newest {
            self.newest = newest;
        }
        self
    }

    pub fn pages(&self) -> &P {
        &self.pages
    }

    pub fn pages_mut(&mut self) -> &mut P {
        &mut self.pages
    }

    /// Snapshots begun since the start because what was here could not be continued.
    pub fn snapshots(&self) -> u32 {
        self.snapshots
    }

    /// Where it stands; None while a snapshot is not whole.
    pub fn position(&self) -> Option<Position> {
        self.bootstrap.is_none().then(|| self.pages.position())
    }

    /// Where it stands and since when; None if that is not known.
    pub fn standing(&self) -> Option<Standing> {
        let position = self.position()?;
        let confirmed_ms = self.confirmed_ms;
        confirmed_ms.is_finite().then_some(Standing { position, confirmed_ms })
    }

    /// The newest position that the primary is known to have reached: whatever was answered here was
    /// not newer.
    pub fn newest(&self) -> Position {
        self.newest
    }

    /// Whether it may answer a read now.
    pub fn allows(&self, constraint: &Constraint, now_ms: f64) -> bool {
        let standing = self.standing().filter(|_| !self.is_behind());
        standing.is_some_and(|standing| constraint.allows(&standing, now_ms))
    }

    /// Whether the primary is known to have gone on.
    pub fn is_behind(&self) -> bool {
        !self.pages.position().is_at_least(&self.newest)
    }

    /// Whether a push came that continues one which is still to come.
    pub fn is_ahead(&self) -> bool {
        !self.early.is_empty()
    }

    /// What to ask the primary for.
    pub fn ask(&self) -> Ask {
        match &self.bootstrap {
            Some(bootstrap) => bootstrap.ask(),
            None => Ask::Commits { since: self.pages.position() },
        }
    }

    /// Takes in the answer to a question that was [`Replica::ask`] when it was sent. After an error,
    /// which tells why, a snapshot is asked for next.
    pub fn answered(&mut self, asked: Ask, answer: Answer<'_>) -> Result<Progress, Error> {
        if let Some(bootstrap) = &mut self.bootstrap {
            if asked != bootstrap.ask() {
                return Ok(Progress::More);
            }
            if answer.primary.is_at_least(&self.newest) {
                self.newest = answer.primary;
            }
            return match self.pages.bootstrap(bootstrap, answer.primary, answer.ltx) {
                Ok(true) => self.become_whole(&answer),
                Ok(false) => Ok(Progress::More),
                Err(error) => Err(self.begin_anew(error)),
            };
        }
        self.learn(&answer)?;
        if !self.is_behind() {
            return Ok(Progress::Done);
        }
        let own = self.pages.position();
        if own.is_at_least(&answer.primary) {
            // What answered is behind itself.
            return Ok(Progress::Done);
        }
        if asked == (Ask::Commits { since: own }) && answer.ltx.is_none() {
            // Too much has happened since for commits.
            self.restart()?;
        }
        Ok(Progress::More)
    }

    /// Takes in what came along with an answer to something else, as to a write.
    pub fn learn(&mut self, answer: &Answer<'_>) -> Result<(), Error> {
        self.take_in(answer).map(drop)
    }

    /// Takes in a push, which answers no question and so confirms no time.
    pub fn pushed(&mut self, primary: Position, ltx: Option<&[u8]>) -> Result<Pushed, Error> {
        let sent_ms = f64::NEG_INFINITY;
        let received = self.take_in(&Answer { sent_ms, primary, ltx })?;
        let Some(position) = self.position() else { return Ok(Pushed::NotWhole) };
        let gap = ltx.filter(|_| received == Some(Received::Gap));
        let kept = gap.is_some_and(|ltx| self.early.keep(primary, ltx));
        Ok(if kept { Pushed::Early(position) } else { Pushed::At(position) })
    }

    /// What became of the commits that came along; None without any, or without a whole database.
    fn take_in(&mut self, answer: &Answer<'_>) -> Result<Option<Received>, Error> {
        let own = self.pages.position();
        if answer.primary.epoch < own.epoch {
            return Ok(None);
        }
        if answer.primary.is_at_least(&self.newest) {
            self.newest = answer.primary;
        }
        if self.bootstrap.is_some() {
            return Ok(None);
        }
        if answer.primary.has_diverged_from(&own) {
            let why = "it is not the primary's database any more".to_owned();
            return Err(self.begin_anew(Error::Corrupt(why)));
        }
        let mut received = None;
        if let Some(ltx) = answer.ltx {
            let applied = self.pages.apply(ltx, answer.primary);
            received = Some(applied.map_err(|error| self.begin_anew(error))?);
        }
        while let Some((position, ltx)) = self.early.next(&self.pages.position()) {
            let applied = self.pages.apply(&ltx, position);
            applied.map_err(|error| self.begin_anew(error))?;
        }
        if self.pages.position().is_at_least(&answer.primary) {
            self.confirmed_ms = self.confirmed_ms.max(answer.sent_ms);
        }
        Ok(received)
    }

    /// Begins anew if the pages have turned out to be damaged, which a read may find that fails.
    /// True if so.
    pub fn heal(&mut self) -> Result<bool, Error> {
        let damaged = self.bootstrap.is_none() && self.pages.is_damaged();
        if damaged {
            self.restart()?;
        }
        Ok(damaged)
    }

    fn become_whole(&mut self, answer: &Answer<'_>) -> Result<Progress, Error> {
        self.bootstrap = None;
        self.confirmed_ms = answer.sent_ms;
        // What it has heard of meanwhile is asked for.
        Ok(if self.is_behind() { Progress::More } else { Progress::Done })
    }

    fn begin_anew(&mut self, error: Error) -> Error {
        match self.restart() {
            Ok(()) => error,
            Err(storage) => storage,
        }
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.snapshots += 1;
        self.bootstrap = Some(Bootstrap::default());
        self.confirmed_ms = f64::NEG_INFINITY;
        self.early = EarlyPushes::default();
        self.pages.clear()
    }
}

impl ReplicaPages for Store {
    fn position(&self) -> Position {
        Store::position(self)
    }

    fn is_damaged(&self) -> bool {
        Store::is_damaged(self)
    }

    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        Store::apply(self, ltx, position)
    }

    fn clear(&mut self) -> Result<(), Error> {
        Store::clear(self)
    }

    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        Store::bootstrap(self, bootstrap, primary, ltx)
    }
}

impl ReplicaPages for EmbeddedReplica {
    fn position(&self) -> Position {
        EmbeddedReplica::position(self)
    }

    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        EmbeddedReplica::apply(self, ltx, position)
    }

    fn clear(&mut self) -> Result<(), Error> {
        *self = EmbeddedReplica::default();
        Ok(())
    }

    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        EmbeddedReplica::bootstrap(self, bootstrap, primary, ltx)
    }
}

#[cfg(test)]
mod tests;
