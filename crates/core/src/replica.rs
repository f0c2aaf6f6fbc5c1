//! A replica, of a region or in an isolate, as a state machine without I/O.
//!
//! The shell asks the primary what [`Replica::ask`] says, and hands in whatever comes, in any order,
//! late or twice: answers, commits that came along with one, pushes. The replica applies exactly what
//! continues it, and answers a read only from a whole database that the read's constraint allows.
//!
//! Invariants:
//! - what it answers from is one position of the primary's database, by checksum;
//! - it never answers from an older position than once before, whatever snapshot it has taken since.

use crate::bootstrap::{Ask, Bootstrap};
use crate::embedded_replica::EmbeddedReplica;
use crate::error::Error;
use crate::following::Following;
use crate::position::Position;
use crate::received::Received;
use crate::session::{Constraint, Standing};
use crate::store::Store;

/// Where a replica keeps its pages.
pub trait ReplicaPages {
    fn position(&self) -> Position;

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

pub struct Replica<P> {
    pages: P,
    state: State,
    /// The newest position that it has been whole at.
    floor: Option<Position>,
    snapshots: u32,
}

enum State {
    /// Whole, but nobody has told since the start how old that is.
    Unconfirmed,
    Following(Following),
    Bootstrapping(Bootstrap),
}

impl<P: ReplicaPages> Replica<P> {
    /// A replica over what `pages` keep.
    pub fn new(pages: P) -> Replica<P> {
        let state = match pages.position().txid {
            0 => State::Bootstrapping(Bootstrap::default()),
            _ => State::Unconfirmed,
        };
        Replica { pages, state, floor: None, snapshots: 0 }
    }

    /// The same, that takes up the place of one which was let go: it answers from no earlier position.
    pub fn not_before(self, floor: Option<Position>) -> Replica<P> {
        Replica { floor, ..self }
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
        match self.state {
            State::Bootstrapping(_) => None,
            State::Unconfirmed | State::Following(_) => Some(self.pages.position()),
        }
    }

    /// Where it stands and since when; None if that is not known.
    pub fn standing(&self) -> Option<Standing> {
        match &self.state {
            State::Following(following) => Some(following.standing(self.pages.position())),
            _ => None,
        }
    }

    /// The newest position that it has answered from, or may have.
    pub fn floor(&self) -> Option<Position> {
        self.floor
    }

    /// Whether it may answer a read now.
    pub fn allows(&self, constraint: &Constraint, now_ms: f64) -> bool {
        let Some(standing) = self.standing() else { return false };
        let back = self.floor.is_some_and(|floor| !standing.position.is_at_least(&floor));
        !back && constraint.allows(&standing, now_ms)
    }

    /// Whether the primary is known to have gone on.
    pub fn is_behind(&self) -> bool {
        match &self.state {
            State::Following(following) => following.is_behind(self.pages.position()),
            _ => true,
        }
    }

    /// What to ask the primary for.
    pub fn ask(&self) -> Ask {
        match &self.state {
            State::Bootstrapping(bootstrap) => bootstrap.ask(),
            _ => Ask::Commits { since: self.pages.position() },
        }
    }

    /// Takes in the answer to a question that was [`Replica::ask`] when it was sent. After an error,
    /// which tells why, a snapshot is asked for next.
    pub fn answered(&mut self, asked: Ask, answer: Answer<'_>) -> Result<Progress, Error> {
        if let State::Bootstrapping(bootstrap) = &mut self.state {
            if asked != bootstrap.ask() {
                return Ok(Progress::More);
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
        let lacks = matches!(asked, Ask::Commits { since } if since == self.pages.position());
        if lacks && answer.ltx.is_none() {
            // Too much has happened since for commits.
            self.restart()?;
        }
        Ok(Progress::More)
    }

    /// Takes in what came along with an answer to something else, as to a write.
    pub fn learn(&mut self, answer: &Answer<'_>) -> Result<(), Error> {
        let Answer { sent_ms, primary, .. } = *answer;
        if !self.receive(answer)? {
            return Ok(());
        }
        let own = self.pages.position();
        match &mut self.state {
            State::Following(following) => following.answered(sent_ms, primary, own),
            state => {
                let mut following = Following::new(own, f64::NEG_INFINITY);
                following.answered(sent_ms, primary, own);
                *state = State::Following(following);
            }
        }
        Ok(())
    }

    /// Takes in a push, which answers no question and so confirms no time. Returns where the replica
    /// then stands, None while a snapshot is not whole.
    pub fn pushed(
        &mut self,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<Option<Position>, Error> {
        let answer = Answer { sent_ms: f64::NEG_INFINITY, primary, ltx };
        if self.receive(&answer)?
            && let State::Following(following) = &mut self.state
        {
            following.reached(primary);
        }
        Ok(self.position())
    }

    /// Applies what continues the pages. False if it says nothing about this replica as it is.
    fn receive(&mut self, answer: &Answer<'_>) -> Result<bool, Error> {
        let own = self.pages.position();
        if matches!(self.state, State::Bootstrapping(_)) || answer.primary.epoch < own.epoch {
            return Ok(false);
        }
        if answer.primary.has_diverged_from(&own) {
            let why = "it is not the primary's database any more".to_owned();
            return Err(self.begin_anew(Error::Corrupt(why)));
        }
        if let Some(ltx) = answer.ltx {
            if let Err(error) = self.pages.apply(ltx, answer.primary) {
                return Err(self.begin_anew(error));
            }
            self.raise_floor();
        }
        Ok(true)
    }

    fn become_whole(&mut self, answer: &Answer<'_>) -> Result<Progress, Error> {
        let own = self.pages.position();
        self.state = State::Following(Following::new(own, answer.sent_ms));
        if self.floor.is_some_and(|floor| own.epoch == floor.epoch && own.txid < floor.txid) {
            // Made before what was here; what it lacks is asked for.
            return Ok(Progress::More);
        }
        self.raise_floor();
        Ok(Progress::Done)
    }

    fn raise_floor(&mut self) {
        let own = self.pages.position();
        if self.floor.is_none_or(|floor| own.is_at_least(&floor)) {
            self.floor = Some(own);
        }
    }

    fn begin_anew(&mut self, error: Error) -> Error {
        match self.restart() {
            Ok(()) => error,
            Err(storage) => storage,
        }
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.snapshots += 1;
        self.state = State::Bootstrapping(Bootstrap::default());
        self.pages.clear()
    }
}

impl ReplicaPages for Store {
    fn position(&self) -> Position {
        Store::position(self)
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
