//! What a primary knows of the statements that it ran: how often, for how long, and over how many
//! rows, by statement and by hour.
//!
//! An hour is collected in memory, kept as one row of the object's storage, and told to REST, each
//! time in the same form. Hours are numbers: full hours since the Unix epoch.

mod hour;
mod order;
mod question;
mod report;
mod retention;
mod sums;

pub use hour::Hour;
pub(crate) use order::first;
pub use order::{Key, Metric, Order};
pub use question::Question;
pub use report::{Report, Reporter};
pub use retention::first_kept;
pub use sums::Sums;

const HOUR_MS: i64 = 3_600_000;

/// The hour that a time is in, given in milliseconds since the Unix epoch.
pub fn hour_of(time_ms: i64) -> u64 {
    (time_ms / HOUR_MS).max(0) as u64
}
