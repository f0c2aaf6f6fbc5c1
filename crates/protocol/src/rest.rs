//! D1's REST interface: its routes, its envelope, its codes, its bodies, and what Isolite adds to them.

mod access;
mod backup;
mod bearer_token;
mod content_range;
mod database;
mod envelope;
mod export;
mod fork;
mod group_migrations;
mod import;
mod job;
mod measure;
mod new_job;
mod promote;
mod promotion_sources;
mod query_body;
mod replicas;
mod rest_error;
mod restore_backup;
mod route;
mod route_kind;
mod signed_url;
mod timestamp;
mod token_key;

pub use access::{Access, Grant};
pub use backup::{BackupError, BackupState, BackupStatus, RecoveryPoint};
pub use bearer_token::{Authorization, bearer_token, check_bearer_token};
pub use content_range::ContentRange;
pub use database::{Database, select_fields};
pub use envelope::{Envelope, ResultInfo};
pub use export::{ExportBody, ExportOptions, FileFormat};
pub use fork::{Fork, PointInTime};
pub use group_migrations::{
    FailedDatabase, FailedMigration, MigrateGroup, Migrated, MigratedDatabase, MigratedPage,
    Migration,
};
pub use import::{ImportAction, parse_filename};
pub use job::{Job, JobState, JobUnit, StartedJob};
pub use measure::{Measured, MemoryReads, middle};
pub use new_job::{BackupPoint, Home, NewFork, NewImport, NewJob, NewRecovery};
pub use promote::{Promote, PromotionAnswer};
pub use promotion_sources::{PrimaryStanding, PromotionSource, PromotionSources};
pub use query_body::QueryBody;
pub use replicas::{
    KnownReplica, KnownReplicas, OwnStanding, PrimaryState, ReplicaInfo, ReplicaStanding,
    ReplicaState, Replicas,
};
pub use rest_error::RestError;
pub use restore_backup::{RestoreBackup, RestoreInto, backup_path};
pub use route::{Method, Route};
pub use signed_url::UrlKey;
pub use timestamp::parse_timestamp;
pub(crate) use token_key::TokenKey;
