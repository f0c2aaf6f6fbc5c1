//! The directory's messages: what it records of a database, and what it is asked.

mod database_list;
mod database_name;
mod database_record;
mod group_page;
mod new_database;
mod place;
mod record_cache;
mod refusal;
mod region;
mod settings;
mod token;

pub use database_list::{DatabaseList, ListPage};
pub use database_name::{DatabaseName, NameError};
pub use database_record::{DatabaseInfo, DatabaseRecord, is_database_id};
pub use group_page::{Group, GroupPage};
pub use new_database::{NewDatabase, NewDatabaseError};
pub use place::{Jurisdiction, LocationHint, PlaceError};
pub use record_cache::RecordCache;
pub use refusal::Refusal;
pub use settings::{
    DatabaseSettings, ReadReplication, ReadReplicationMode, SettingsError, SettingsRevision,
};
pub use token::{HashedToken, NewToken, Right, Scope, TokenError, TokenRecord, is_token_id};
