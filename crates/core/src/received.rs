//! What becomes of commits that a replica receives, in whatever order they come.

use crate::error::Error;
use crate::ltx::Header;
use crate::position::Position;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The replica stands where they lead to.
    Applied,
    /// It stood there already, or further.
    Duplicate,
    /// They continue from later than it stands. Nothing was changed.
    Gap,
}

impl Received {
    /// What a replica at `own` does with a file that leads to `position`; None if it applies it.
    pub(crate) fn without_applying(
        header: &Header,
        own: &Position,
        position: &Position,
    ) -> Result<Option<Received>, Error> {
        if header.txid_max != position.txid || position.epoch < own.epoch {
            return Err(Error::Corrupt("the commits are of another position".to_owned()));
        }
        if position.has_diverged_from(own) {
            return Err(Error::Corrupt("it is not the primary's database any more".to_owned()));
        }
        if header.txid_max <= own.txid {
            return Ok(Some(Received::Duplicate));
        }
        // Beginning earlier does no harm: each page in it is as the last commit left it.
        Ok((header.txid_min > own.txid + 1).then_some(Received::Gap))
    }
}
