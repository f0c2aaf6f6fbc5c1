//! Where the primary is: of which epoch, and in which region.

use isolite_core::promotion::Successor;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    pub epoch: u32,
    pub region: usize,
}

impl Home {
    /// Of the first primary.
    pub const FIRST: Home = Home { epoch: 1, region: 0 };

    pub fn of(successor: &Successor) -> Home {
        Home { epoch: successor.epoch, region: successor.region.parse().unwrap_or(0) }
    }

    pub fn successor(self) -> Successor {
        Successor { epoch: self.epoch, region: self.region.to_string() }
    }
}
