//! The backup: a database in a bucket, as files that Litestream restores.
//!
//! A replica of Litestream is a folder with levels, and in each level LTX files that are named by the
//! transactions which they hold. Its tools read nothing else; so whatever is needed to restore is in the
//! names and in the files.
//!
//! A backup begins with a snapshot. What is committed from then on is shipped, a file for all the commits
//! of an interval ([`Schedule`]), and compacted three times over, so that a restore reads few files and
//! small intervals of time stay for as long as they are of use ([`Expiry`]). All files are made of the
//! past that the database keeps itself ([`FileMaker`]): nothing is read back from the bucket.

mod changes;
mod expiry;
mod file_maker;
mod file_name;
mod restore_plan;
mod schedule;
#[cfg(test)]
mod tests;

pub use changes::{Found, Shipment};
pub use expiry::{Expiry, Kept};
pub use file_maker::FileMaker;
pub use file_name::{FileName, Level, SNAPSHOT_LEVEL, epoch_folder, epoch_of_folder};
pub use restore_plan::{BackupFile, Gap, NoPlan, RestorePlan, RestoreTarget};
pub use schedule::{BackupPolicy, Parts, Schedule, Slot, Standing, Task, Upload};
