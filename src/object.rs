//! What our Durable Objects have in common: how they are called, and how they keep a database.

pub(crate) mod call_js;
pub(crate) mod checkpoint;
mod class_js;
pub(crate) mod feed;
pub(crate) mod open_databases;
#[cfg(feature = "entry")]
pub(crate) mod socket_js;
pub(crate) mod sql_js;
pub(crate) mod storage;
