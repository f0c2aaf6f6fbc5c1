//! A position: which primary, how many commits, and what the database then holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;

/// Number of a commit, from 1 without gaps. Zero is the empty database before its first commit.
pub type Txid = u64;

/// A point in the history of a database.
///
/// Positions order by epoch, then txid; two histories that agree on both but not on the checksum
/// have diverged, and the later reader must throw its copy away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Number that rises with each promotion and fences older primaries.
    pub epoch: u32,
    /// The last commit that the database holds.
    pub txid: Txid,
    /// What the database holds.
    pub checksum: Checksum,
}

impl Position {
    /// Before the first commit of the first epoch.
    pub const START: Position = Position { epoch: 1, txid: 0, checksum: Checksum::EMPTY };

    /// Whether it is the other position or a later one, whatever the checksums say.
    pub fn is_at_least(&self, other: &Position) -> bool {
        (self.epoch, self.txid) >= (other.epoch, other.txid)
    }

    /// Whether the two are of one place in the history, and hold different databases.
    pub fn has_diverged_from(&self, other: &Position) -> bool {
        (self.epoch, self.txid) == (other.epoch, other.txid) && self.checksum != other.checksum
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { epoch, txid, checksum } = self;
        write!(f, "{epoch}/{txid}/{:016x}", checksum.to_u64())
    }
}
