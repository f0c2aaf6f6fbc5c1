//! What is set of one database: D1's `read_replication`, and what is ours.
//!
//! A body of REST changes settings, whole or in part; both are one function over the settings that
//! there were before. Each value is checked, and names that nobody knows are refused, so that a
//! misspelt setting is not taken for one that was set. `limits` are compared with the isolate's own
//! by whoever knows those.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::access_token::PublicKey;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseSettings {
    #[serde(default)]
    pub read_replication: ReadReplication,
    /// How old the answers to reads outside sessions may be, where a handle does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_staleness_ms: Option<u64>,
    /// How long what was overwritten can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    /// How much of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_bytes_max: Option<u64>,
    /// Whose tokens are taken, before those of the Worker's own key: public keys of
    /// [`crate::access_token`] with spaces between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_key: Option<String>,
    /// Limits below those of the isolate, by the names of its settings: `steps_max` for
    /// `ISOLITE_STEPS_MAX`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u64>,
}

/// Whether reads are answered by replicas, those of regions and those in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadReplication {
    pub mode: ReadReplicationMode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadReplicationMode {
    #[default]
    Auto,
    /// Every read goes to the primary.
    Disabled,
}

/// Settings with the number of the change that made them, as a primary is told them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsRevision {
    pub revision: u64,
    pub settings: DatabaseSettings,
}

/// Nothing was changed; the text tells what to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub String);

/// As good as no bound: some thirty years.
const STALENESS_MS_MAX: u64 = 1_000_000_000_000;
/// As that of all databases of a Worker.
const RETENTION_DAYS_MAX: u64 = 3_650;
/// The same.
const HISTORY_BYTES_MAX: u64 = 3 << 30;

const NAMES: [&str; 6] = [
    "read_replication",
    "max_staleness_ms",
    "retention_days",
    "history_bytes_max",
    "jwt_key",
    "limits",
];

impl DatabaseSettings {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn replicates(&self) -> bool {
        self.read_replication.mode == ReadReplicationMode::Auto
    }

    /// These with what a body sets; `null` sets a default again.
    pub fn changed_by(&self, body: &str) -> Result<Self, SettingsError> {
        let body = object(body)?;
        match body.keys().find(|name| !NAMES.contains(&name.as_str())) {
            Some(name) => {
                Err(SettingsError(format!("Unknown setting '{name}': use {}", NAMES.join(", "))))
            }
            None => self.changed(&body),
        }
    }

    /// Those among the members of a new database's body.
    pub fn of_new(body: &str) -> Result<Self, SettingsError> {
        Self::default().changed(&object(body)?)
    }

    fn changed(&self, body: &Map<String, Json>) -> Result<Self, SettingsError> {
        let mut settings = self.clone();
        if let Some(value) = body.get("read_replication") {
            settings.read_replication = read_replication(value)?;
        }
        let set = |name, slot: &mut Option<u64>, max| match body.get(name) {
            Some(value) => number(name, value, 0, max).map(|number| *slot = number),
            None => Ok(()),
        };
        set("max_staleness_ms", &mut settings.max_staleness_ms, STALENESS_MS_MAX)?;
        set("retention_days", &mut settings.retention_days, RETENTION_DAYS_MAX)?;
        set("history_bytes_max", &mut settings.history_bytes_max, HISTORY_BYTES_MAX)?;
        if let Some(value) = body.get("jwt_key") {
            settings.jwt_key = jwt_key(value)?;
        }
        match body.get("limits") {
            None => {}
            Some(Json::Null) => settings.limits.clear(),
            Some(Json::Object(limits)) => {
                for (name, value) in limits {
                    match number(&format!("limits.{name}"), value, 1, u64::MAX)? {
                        Some(limit) => settings.limits.insert(name.clone(), limit),
                        None => settings.limits.remove(name),
                    };
                }
            }
            Some(_) => return Err(SettingsError("limits must be an object".to_owned())),
        }
        Ok(settings)
    }
}

fn object(body: &str) -> Result<Map<String, Json>, SettingsError> {
    serde_json::from_str(body)
        .map_err(|error| SettingsError(format!("The body must be an object of settings: {error}")))
}

fn read_replication(value: &Json) -> Result<ReadReplication, SettingsError> {
    if value.is_null() {
        return Ok(ReadReplication::default());
    }
    serde_json::from_value(value.clone()).map_err(|_| {
        let text = "read_replication must be {\"mode\": \"auto\"} or {\"mode\": \"disabled\"}";
        SettingsError(text.to_owned())
    })
}

/// Each in its shortest form. No text of an error has the value in it: it may be a private key.
fn jwt_key(value: &Json) -> Result<Option<String>, SettingsError> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) => {
            let keys = PublicKey::parse_all(text)
                .map_err(|error| SettingsError(format!("jwt_key is not a public key: {error}")))?;
            let keys: Vec<_> = keys.iter().map(PublicKey::to_string).collect();
            Ok(Some(keys.join(" ")))
        }
        _ => Err(SettingsError("jwt_key must be a text, or null for none".to_owned())),
    }
}

fn number(name: &str, value: &Json, min: u64, max: u64) -> Result<Option<u64>, SettingsError> {
    if value.is_null() {
        return Ok(None);
    }
    match value.as_u64() {
        Some(number) if (min..=max).contains(&number) => Ok(Some(number)),
        _ if max == u64::MAX => {
            Err(SettingsError(format!("{name} is {value}: set it to a whole number from {min} on")))
        }
        _ => Err(SettingsError(format!(
            "{name} is {value}: set it to a whole number from {min} to {max}"
        ))),
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stays_until_it_is_set_again() {
        let before = DatabaseSettings::default();
        let body = r#"{"read_replication":{"mode":"disabled"},"max_staleness_ms":250,
            "limits":{"steps_max":1000,"params_max":5}}"#;
        let first = before.changed_by(body).unwrap();
        assert!(!first.replicates());
        assert_eq!(first.max_staleness_ms, Some(250));
        let body = r#"{"retention_days":7,"max_staleness_ms":null,"limits":{"params_max":null}}"#;
        let second = first.changed_by(body).unwrap();
        assert!(!second.replicates());
        assert_eq!((second.max_staleness_ms, second.retention_days), (None, Some(7)));
        assert_eq!(second.limits, BTreeMap::from([("steps_max".to_owned(), 1000)]));
        let text = serde_json::to_string(&second).unwrap();
        assert_eq!(serde_json::from_str::<DatabaseSettings>(&text).unwrap(), second);
    }

    #[test]
    fn wrong_values_are_told() {
        for (body, told) in [
            ("[]", "The body must be an object"),
            (r#"{"read_replication":{"mode":"on"}}"#, r#"must be {"mode": "auto"}"#),
            (r#"{"read_replication":"auto"}"#, r#"must be {"mode": "auto"}"#),
            (r#"{"max_staleness_ms":-1}"#, "max_staleness_ms is -1: set it to a whole number"),
            (r#"{"max_staleness_ms":"1"}"#, "max_staleness_ms is \"1\""),
            (r#"{"retention_days":3651}"#, "from 0 to 3650"),
            (r#"{"history_bytes_max":1.5}"#, "history_bytes_max is 1.5"),
            (r#"{"limits":[]}"#, "limits must be an object"),
            (r#"{"limits":{"steps_max":0}}"#, "limits.steps_max is 0: set it to"),
            (r#"{"readReplication":{}}"#, "Unknown setting 'readReplication': use read_rep"),
        ] {
            let SettingsError(text) = DatabaseSettings::default().changed_by(body).unwrap_err();
            assert!(text.contains(told), "{text}");
        }
    }

    #[test]
    fn keys() {
        const KEY: &str = "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ";
        let before = DatabaseSettings::default();
        let body = r#"{"jwt_key":"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=\n-----END PUBLIC KEY-----\n"}"#;
        let one = before.changed_by(body).unwrap();
        assert_eq!(one.jwt_key.as_deref(), Some(KEY));
        let two = one.changed_by(&format!(r#"{{"jwt_key":"{KEY},{KEY}="}}"#)).unwrap();
        assert_eq!(two.jwt_key, Some(format!("{KEY} {KEY}")));
        assert_eq!(two.changed_by(r#"{"retention_days":1}"#).unwrap().jwt_key, two.jwt_key);
        assert!(two.changed_by(r#"{"jwt_key":null}"#).unwrap().is_default());
        for (value, told) in [
            (r#""""#, "jwt_key is not a public key: it is empty"),
            (r#""c2VjcmV0""#, "jwt_key is not a public key: it has 6 bytes"),
            (r#""-----BEGIN PRIVATE KEY-----\nc2VjcmV0""#, "it is a private key"),
            (r#"["c2VjcmV0"]"#, "jwt_key must be a text"),
        ] {
            let body = format!(r#"{{"jwt_key":{value}}}"#);
            let SettingsError(text) = before.changed_by(&body).unwrap_err();
            assert!(text.contains(told) && !text.contains("c2Vj"), "{text}");
        }
    }

    #[test]
    fn a_new_database_may_say_more() {
        let body = r#"{"name":"x","read_replication":{"mode":"disabled"},"other":1}"#;
        assert!(!DatabaseSettings::of_new(body).unwrap().replicates());
        assert!(DatabaseSettings::of_new(r#"{"name":"x"}"#).unwrap().is_default());
    }
}
