//! The backup: a database in a bucket, as files that Litestream restores.
//!
//! A replica of Litestream is a folder with levels, and in each level LTX files that are named by the
//! transactions which they hold. Its tools read nothing else; so whatever is needed to restore is in the
//! names and in the files.

mod file_name;

pub use file_name::{FileName, Level, SNAPSHOT_LEVEL};
