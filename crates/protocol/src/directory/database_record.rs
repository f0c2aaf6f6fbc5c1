//! What the directory records of a database, and the same with what its primary adds for REST.

use serde::{Deserialize, Serialize};

use super::{DatabaseSettings, Jurisdiction, LocationHint, MovedTo};

/// Of a database that was never promoted.
const FIRST_EPOCH: u32 = 1;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseRecord {
    pub uuid: String,
    pub name: String,
    /// ISO 8601 with milliseconds, in UTC.
    pub created_at: String,
    /// Always `production`, as D1 has said since its beta ended.
    pub version: String,
    #[serde(default)]
    pub primary_location_hint: Option<LocationHint>,
    #[serde(default)]
    pub jurisdiction: Option<Jurisdiction>,
    #[serde(default, skip_serializing_if = "DatabaseSettings::is_default")]
    pub settings: DatabaseSettings,
    /// How often they were changed: whoever keeps a record learns by it that they were again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settings_revision: u64,
    /// Of its primary: one more with each promotion, or more where some were given up.
    #[serde(default = "first_epoch", skip_serializing_if = "is_first_epoch")]
    pub epoch: u32,
    /// The name of the primary's object, where that is not the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_object: Option<String>,
    /// Set while it is deleted and can still be restored; ISO 8601 as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
    /// When it can no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<String>,
}

impl DatabaseRecord {
    /// The name of the primary's object.
    pub fn primary_name(&self) -> &str {
        self.primary_object.as_deref().unwrap_or(&self.uuid)
    }

    /// The same of a primary of that epoch in that region.
    pub fn promoted(self, epoch: u32, region: Option<LocationHint>) -> Self {
        let primary_object = (epoch > FIRST_EPOCH).then(|| primary_object(&self.uuid, epoch));
        Self { epoch, primary_object, primary_location_hint: region, ..self }
    }

    /// The same where the primary has moved on; None if this is known.
    pub fn moved(&self, to: &MovedTo) -> Option<Self> {
        let newer = to.epoch > self.epoch.max(FIRST_EPOCH);
        newer.then(|| self.clone().promoted(to.epoch, Some(to.region)))
    }
}

/// The name of the object of a primary that was promoted.
pub fn primary_object(database: &str, epoch: u32) -> String {
    match epoch {
        0..=FIRST_EPOCH => database.to_owned(),
        _ => format!("{database}/{epoch}"),
    }
}

/// The database and the epoch that the name of a primary's object has.
pub fn object_epoch(name: &str) -> (&str, u32) {
    match name.split_once('/') {
        Some((database, epoch)) => (database, epoch.parse().unwrap_or(0)),
        None => (name, FIRST_EPOCH),
    }
}

fn first_epoch() -> u32 {
    FIRST_EPOCH
}

fn is_first_epoch(epoch: &u32) -> bool {
    *epoch <= FIRST_EPOCH
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `GET /info` of a primary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseInfo {
    pub num_tables: u64,
    /// Bytes.
    pub file_size: u64,
    #[serde(default)]
    pub bookmark: Option<String>,
}

/// Whether the text has the form of a database's id, a UUID in lower case: 8-4-4-4-12 hex digits.
pub fn is_database_id(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match byte {
            b'-' => dashes.contains(&at),
            b'0'..=b'9' | b'a'..=b'f' => !dashes.contains(&at),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(is_database_id("8d4c3b2a-0000-4000-8000-00000000abcd"));
        for text in [
            "",
            "demo",
            "8d4c3b2a-0000-4000-8000-00000000abc",
            "8D4C3B2A-0000-4000-8000-00000000ABCD",
            "8d4c3b2a00000-4000-8000-00000000abcd",
            "8d4c3b2a-0000-4000-8000-0000000-abcd",
            "8d4c3b2a-0000-4000-8000-00000000abcg",
        ] {
            assert!(!is_database_id(text), "{text}");
        }
    }

    #[test]
    fn a_record_as_the_directory_sends_it() {
        let text = r#"{"uuid":"8d4c3b2a-0000-4000-8000-00000000abcd","name":"demo","created_at":"2026-08-01T00:00:00.000Z","version":"production","primary_location_hint":"weur","jurisdiction":null}"#;
        let record: DatabaseRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.primary_location_hint, Some(LocationHint::Weur));
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }
}
