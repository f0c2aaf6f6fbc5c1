//! A database as REST shows it: the directory's record, and what its primary knows, if it was
//! asked.

use serde::Serialize;
use serde_json::value::Value as Json;

use crate::directory::{
    DatabaseInfo, DatabaseRecord, DatabaseSettings, Jurisdiction, LocationHint,
};

#[derive(Clone, Debug, Serialize)]
pub struct Database {
    uuid: String,
    name: String,
    created_at: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_tables: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
    /// In capitals, as D1 writes it here; missing while the platform alone chose the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_in_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<Jurisdiction>,
    /// D1's `read_replication`, and of our own those that are set.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    settings: Option<DatabaseSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_at: Option<String>,
}

impl Database {
    /// As an element of a list: what the directory knows. Asking every primary for more would
    /// wake them all.
    pub fn listed(record: DatabaseRecord) -> Self {
        Self {
            uuid: record.uuid,
            name: record.name,
            created_at: record.created_at,
            version: record.version,
            num_tables: None,
            file_size: None,
            running_in_region: None,
            jurisdiction: record.jurisdiction,
            settings: None,
            deleted_at: record.deleted_at,
            purge_at: record.purge_at,
        }
    }

    /// By itself, with what its primary answered, if it was asked and did answer.
    pub fn detailed(record: DatabaseRecord, info: Option<&DatabaseInfo>) -> Self {
        let hint = record.primary_location_hint.map(LocationHint::as_str);
        Self {
            num_tables: info.map(|info| info.num_tables),
            file_size: info.map(|info| info.file_size),
            running_in_region: hint.map(str::to_uppercase),
            settings: Some(record.settings.clone()),
            ..Self::listed(record)
        }
    }

    /// The fields whose answer needs the primary.
    pub fn needs_info(fields: Option<&str>) -> bool {
        fields.is_none_or(|fields| {
            fields.split(',').any(|field| matches!(field, "num_tables" | "file_size"))
        })
    }
}

/// `?fields=uuid,name` leaves the named fields; without it all stay. Unknown names are ignored.
pub fn select_fields(
    database: &Database,
    fields: Option<&str>,
) -> Result<String, serde_json::Error> {
    let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
        return serde_json::to_string(database);
    };
    let mut json = serde_json::to_value(database)?;
    if let Json::Object(entries) = &mut json {
        entries.retain(|key, _| fields.split(',').any(|field| field == key));
    }
    serde_json::to_string(&json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> DatabaseRecord {
        DatabaseRecord {
            uuid: "8d4c3b2a-0000-4000-8000-00000000abcd".into(),
            name: "demo".into(),
            created_at: "2026-08-01T00:00:00.000Z".into(),
            version: "production".into(),
            primary_location_hint: Some(LocationHint::Weur),
            jurisdiction: None,
            ..DatabaseRecord::default()
        }
    }

    #[test]
    fn all_fields() {
        let info = DatabaseInfo { num_tables: 2, file_size: 8192, bookmark: None };
        let text = select_fields(&Database::detailed(record(), Some(&info)), None).unwrap();
        assert_eq!(
            text,
            r#"{"uuid":"8d4c3b2a-0000-4000-8000-00000000abcd","name":"demo","created_at":"2026-08-01T00:00:00.000Z","version":"production","num_tables":2,"file_size":8192,"running_in_region":"WEUR","read_replication":{"mode":"auto"}}"#
        );
    }

    #[test]
    fn in_a_list() {
        let text = select_fields(&Database::listed(record()), None).unwrap();
        assert_eq!(
            text,
            r#"{"uuid":"8d4c3b2a-0000-4000-8000-00000000abcd","name":"demo","created_at":"2026-08-01T00:00:00.000Z","version":"production"}"#
        );
    }

    #[test]
    fn some_fields() {
        let database = Database::detailed(record(), None);
        let text = select_fields(&database, Some("name,nope")).unwrap();
        assert_eq!(text, r#"{"name":"demo"}"#);
        assert!(!Database::needs_info(Some("uuid,name")));
        assert!(Database::needs_info(Some("uuid,file_size")));
        assert!(Database::needs_info(None));
    }
}
