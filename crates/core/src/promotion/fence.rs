//! The fence of a primary: for whom it has made way.

use serde::{Deserialize, Serialize};

use super::Successor;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fence {
    successor: Option<Successor>,
    /// The newest attempt that was abandoned: of it, and of those before, nobody comes any more.
    abandoned: u32,
}

/// The attempt is over, or another one is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outdated;

impl Fence {
    /// For whom the primary has made way: it then commits nothing, and answers with this.
    pub fn successor(&self) -> Option<&Successor> {
        self.successor.as_ref()
    }

    /// Makes way. `own` is the epoch of the primary. True if that is to be kept before the answer.
    pub fn raise(&mut self, own: u32, successor: &Successor) -> Result<bool, Outdated> {
        let newest = self.successor.as_ref().map_or(own, |successor| successor.epoch);
        if self.successor.as_ref() == Some(successor) {
            return Ok(false);
        }
        if successor.epoch <= newest.max(self.abandoned) {
            return Err(Outdated);
        }
        self.successor = Some(successor.clone());
        Ok(true)
    }

    /// The attempt of this epoch was abandoned. A fence that was raised for it, or for one before, is
    /// lowered.
    pub fn lower(&mut self, epoch: u32) {
        self.abandoned = self.abandoned.max(epoch);
        if self.successor.as_ref().is_some_and(|successor| successor.epoch <= epoch) {
            self.successor = None;
        }
    }
}
