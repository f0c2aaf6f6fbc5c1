//! Long work that a primary is asked to start, as it goes there and is kept there: `/jobs/start`.

use serde::{Deserialize, Serialize};

use super::FileFormat;
use crate::directory::{DatabaseRecord, Jurisdiction, LocationHint};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewJob {
    Restore { bookmark: String },
    Import(NewImport),
    Fork(NewFork),
    Recover(NewRecovery),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImport {
    pub filename: String,
    /// The file's MD5 in hex.
    pub etag: String,
    pub bytes: u64,
    pub format: FileFormat,
    /// Whose the upload is, since a primary is not told its own place.
    pub database: Home,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFork {
    pub source: Home,
    pub bookmark: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecovery {
    /// Of the backup's folder in the bucket, without slashes at its ends.
    pub path: String,
    pub at: BackupPoint,
    /// Of the database, which has a bucket for itself then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<Jurisdiction>,
}

/// How far a backup is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupPoint {
    Newest,
    Txid(u64),
    /// Milliseconds since 1970.
    Time(u64),
}

/// How the objects of a database are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    pub uuid: String,
    #[serde(default)]
    pub primary_location_hint: Option<LocationHint>,
    #[serde(default)]
    pub jurisdiction: Option<Jurisdiction>,
    /// The name of the primary's object, where that is not the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_object: Option<String>,
}

impl Home {
    /// The name of the primary's object.
    pub fn primary_name(&self) -> &str {
        self.primary_object.as_deref().unwrap_or(&self.uuid)
    }

    pub fn of(record: &DatabaseRecord) -> Self {
        Home {
            uuid: record.uuid.clone(),
            primary_object: record.primary_object.clone(),
            primary_location_hint: record.primary_location_hint,
            jurisdiction: record.jurisdiction,
        }
    }
}

impl NewJob {
    /// As [`super::Job`] names it.
    pub fn kind(&self) -> &'static str {
        match self {
            NewJob::Restore { .. } => "restore",
            NewJob::Import(_) => "import",
            NewJob::Fork(_) => "fork",
            NewJob::Recover(_) => "restore from a backup",
        }
    }

    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_primary_is_asked_to_start() {
        let record = DatabaseRecord {
            uuid: "8d4c3b2a-0000-4000-8000-00000000abcd".into(),
            primary_location_hint: Some(LocationHint::Weur),
            ..DatabaseRecord::default()
        };
        let home = r#"{"uuid":"8d4c3b2a-0000-4000-8000-00000000abcd","primary_location_hint":"weur","jurisdiction":null}"#;
        let jobs = [
            (
                NewJob::Restore { bookmark: "b".into() },
                r#"{"restore":{"bookmark":"b"}}"#.to_owned(),
            ),
            (
                NewJob::Fork(NewFork { source: Home::of(&record), bookmark: "b".into() }),
                format!(r#"{{"fork":{{"source":{home},"bookmark":"b"}}}}"#),
            ),
            (
                NewJob::Recover(NewRecovery {
                    path: "p".into(),
                    at: BackupPoint::Newest,
                    jurisdiction: None,
                }),
                r#"{"recover":{"path":"p","at":"newest"}}"#.to_owned(),
            ),
            (
                NewJob::Recover(NewRecovery {
                    path: "p".into(),
                    at: BackupPoint::Txid(u64::MAX),
                    jurisdiction: Some(Jurisdiction::Eu),
                }),
                r#"{"recover":{"path":"p","at":{"txid":18446744073709551615},"jurisdiction":"eu"}}"#
                    .to_owned(),
            ),
            (
                NewJob::Import(NewImport {
                    filename: "f".into(),
                    etag: "e".into(),
                    bytes: 7,
                    format: FileFormat::Sqlite,
                    database: Home::of(&record),
                }),
                format!(
                    r#"{{"import":{{"filename":"f","etag":"e","bytes":7,"format":"sqlite","database":{home}}}}}"#
                ),
            ),
        ];
        for (job, text) in jobs {
            assert_eq!(job.encode(), text);
            assert_eq!(serde_json::from_str::<NewJob>(&text).unwrap(), job);
        }
    }
}
