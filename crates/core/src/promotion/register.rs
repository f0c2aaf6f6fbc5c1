//! Who is the primary of a database, and who is to be: a row of the directory.

use serde::{Deserialize, Serialize};

use super::Successor;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Of the primary.
    epoch: u32,
    /// Who is to be.
    candidate: Option<Successor>,
    /// Of the last attempt.
    last: u32,
    /// Objects that have been, or were to be.
    former: Vec<Former>,
}

/// An object that is not the primary any more, or was to be and will not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    pub epoch: u32,
    /// None of the first, where nobody had said.
    pub region: Option<String>,
    /// When it was replaced, in milliseconds since the Unix epoch; None of a candidate that was abandoned.
    pub replaced_ms: Option<u64>,
    /// It could not be told yet, and takes itself for the primary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfenced: bool,
}

/// What became of a candidate that was to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is the primary from now on. To be kept before the answer.
    Now,
    Before,
    /// It was abandoned: it never will be.
    Never,
}

/// What became of an attempt that was to be abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// To be kept before anybody is told.
    Now,
    Before,
    /// It has succeeded.
    Never,
}

/// Why nobody else can be the primary now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Another promotion is under way.
    Busy(Successor),
}

impl Default for Register {
    fn default() -> Self {
        Register { epoch: 1, candidate: None, last: 1, former: Vec::new() }
    }
}

impl Register {
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub fn candidate(&self) -> Option<&Successor> {
        self.candidate.as_ref()
    }

    pub fn former(&self) -> &[Former] {
        &self.former
    }

    /// Begins a promotion, or tells of the one to the same region that is under way.
    pub fn begin(&mut self, region: &str) -> Result<Successor, Unfit> {
        match &self.candidate {
            Some(candidate) if candidate.region == region => Ok(candidate.clone()),
            Some(candidate) => Err(Unfit::Busy(candidate.clone())),
            None => {
                self.last += 1;
                let candidate = Successor { epoch: self.last, region: region.to_owned() };
                self.candidate = Some(candidate.clone());
                Ok(candidate)
            }
        }
    }

    /// Makes the candidate of an epoch the primary; `former` is the one until now, but for its epoch.
    pub fn register(&mut self, epoch: u32, former: Former) -> Registered {
        if self.epoch == epoch {
            return Registered::Before;
        }
        match self.candidate.take_if(|candidate| candidate.epoch == epoch) {
            None => Registered::Never,
            Some(_) => {
                self.former.push(Former { epoch: self.epoch, ..former });
                self.epoch = epoch;
                Registered::Now
            }
        }
    }

    /// Gives up the attempt of an epoch.
    pub fn abandon(&mut self, epoch: u32) -> Abandoned {
        match self.candidate.take_if(|candidate| candidate.epoch == epoch) {
            None if self.epoch == epoch => Abandoned::Never,
            None => Abandoned::Before,
            Some(candidate) => {
                self.former.push(Former {
                    epoch,
                    region: Some(candidate.region),
                    replaced_ms: None,
                    unfenced: false,
                });
                Abandoned::Now
            }
        }
    }

    /// The old primary of that epoch has heard of it.
    pub fn fenced(&mut self, epoch: u32) {
        let former = self.former.iter_mut().find(|former| former.epoch == epoch);
        former.into_iter().for_each(|former| former.unfenced = false);
    }

    /// The object of that epoch keeps nothing any more.
    pub fn forget(&mut self, epoch: u32) {
        self.former.retain(|former| former.epoch != epoch);
    }
}
