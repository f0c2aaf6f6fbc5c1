//! The directory's messages: what it records of a database, and what it is asked.

mod database_list;
mod database_name;
mod database_record;
mod group_page;
mod moved;
mod new_database;
mod place;
mod promotion;
mod record_cache;
mod refusal;
mod region;
mod settings;
mod token;

pub use database_list::{DatabaseList, ListPage};
pub use database_name::{DatabaseName, NameError};
pub use database_record::{
    DatabaseInfo, DatabaseRecord, is_database_id, object_epoch, primary_object,
};
pub use group_page::{Group, GroupPage};
pub use moved::{MOVED, MovedTo};
pub use new_database::{NewDatabase, NewDatabaseError};
pub use place::{Jurisdiction, LocationHint, PlaceError};
pub use promotion::{
    Inheritance, NewPromotion, Promotion, PromotionState, PromotionStatus, Registration, TakesOver,
};
pub use record_cache::RecordCache;
pub use refusal::Refusal;
pub use settings::{
    DatabaseSettings, ReadReplication, ReadReplicationMode, SettingsError, SettingsRevision,
};
pub use token::{HashedToken, NewToken, Right, Scope, TokenError, TokenRecord, is_token_id};
