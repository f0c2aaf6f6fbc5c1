//! Moving the primary of a database to another region, as three state machines without I/O.
//!
//! - The [`Register`] is kept by the directory. It alone decides who is the primary: of all that take part
//!   each can be asked again at any time, and the answer is the same.
//! - The [`Candidate`] is the object that is to be the primary. It follows the old one as a replica does,
//!   has it fenced, takes in what was committed until then, and is registered.
//! - The [`Fence`] is kept by the old primary. Behind it nothing is committed any more.
//!
//! Each attempt has an epoch of its own, higher than all before. The candidate of an epoch is registered
//! once, or the attempt is abandoned; never both. So a candidate that wakes up late changes nothing, and a
//! fence that was raised for an attempt which was abandoned can be lowered.
//!
//! Invariants:
//! - a candidate begins to write only after it was registered, and that only after the old primary was
//!   fenced and it stands where that one ended;
//! - who is fenced, or registers another, has kept that before it answers.

mod candidate;
mod fence;
mod register;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use candidate::{Candidate, Fenced, Step};
pub use fence::{Fence, Outdated};
pub use register::{Abandoned, Former, Register, Registered, Unfit};

/// Who is the primary of an epoch, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    pub epoch: u32,
    pub region: String,
}
