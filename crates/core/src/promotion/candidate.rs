//! The object that is to be the primary: what it does next.

use crate::bootstrap::Ask;
use crate::error::Error;
use crate::position::Position;
use crate::replica::{Answer, Progress, Replica, ReplicaPages};

/// What a candidate is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To ask the old primary, as a replica does.
    Follow(Ask),
    /// To have the old primary fenced. What it lacks since a position may come with the answer.
    Fence { have: Position },
    /// To be registered. It stands where the old primary ended.
    Register { at: Position },
}

/// What the old primary answers once it is fenced.
#[derive(Clone, Copy, Debug)]
pub struct Fenced<'a> {
    pub last: Position,
    /// What the candidate lacks, if it is little.
    pub ltx: Option<&'a [u8]>,
}

pub struct Candidate<P> {
    replica: Replica<P>,
    /// It stood where the old primary did, when it was last asked.
    caught_up: bool,
    /// Where that one ended.
    last: Option<Position>,
}

impl<P: ReplicaPages> Candidate<P> {
    /// One that goes on from what `pages` keep.
    pub fn new(pages: P) -> Self {
        Candidate { replica: Replica::new(pages), caught_up: false, last: None }
    }

    /// The same, of which it was kept that the old primary is fenced and ended there.
    pub fn ended_at(self, last: Position) -> Self {
        Candidate { last: Some(last), ..self }
    }

    pub fn pages_mut(&mut self) -> &mut P {
        self.replica.pages_mut()
    }

    pub fn replica(&self) -> &Replica<P> {
        &self.replica
    }

    pub fn next(&self) -> Step {
        let follow = Step::Follow(self.replica.ask());
        // Where that one ended without a commit there is nothing to follow, nor need anybody be asked.
        let empty = self.last.filter(|last| last.txid == 0);
        let Some(own) = self.replica.position().or(empty) else { return follow };
        match self.last {
            Some(last) if own == last => Step::Register { at: last },
            Some(_) => follow,
            None if self.caught_up => Step::Fence { have: own },
            None => follow,
        }
    }

    /// Takes in what came of [`Step::Follow`]. After an error, which tells why, a snapshot is asked for.
    pub fn followed(&mut self, asked: Ask, answer: Answer<'_>) -> Result<(), Error> {
        let progress = self.replica.answered(asked, answer)?;
        self.caught_up = progress == Progress::Done && !self.replica.is_behind();
        Ok(())
    }

    /// Takes in what came of [`Step::Fence`].
    pub fn fenced(&mut self, fenced: Fenced<'_>) -> Result<(), Error> {
        self.last = Some(fenced.last);
        let Fenced { last: primary, ltx } = fenced;
        self.replica.learn(&Answer { sent_ms: 0.0, primary, ltx })
    }

    /// Ends where it stands: nobody can fence the old primary. False if it has not caught up.
    pub fn take_over(&mut self) -> bool {
        let position = self.replica.position().filter(|_| self.caught_up);
        self.last = self.last.or(position);
        self.last.is_some()
    }
}
