//! `POST …/d1/groups/:prefix/migrations/apply`: migrations for a page of databases whose names begin
//! alike, and what came of each. Whoever has them applied to all asks page by page.

use serde::{Deserialize, Serialize};

use super::RestError;
use crate::directory::GroupPage;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MigrateGroup {
    /// In the order in which they are applied.
    pub migrations: Vec<Migration>,
    /// The name after which the page begins; the first page without it.
    #[serde(default)]
    pub after: Option<String>,
    #[serde(default = "limit")]
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// That of its file, by which each database knows whether it has it.
    pub name: String,
    pub sql: String,
}

/// `/migrate` of a primary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    pub applied: Vec<String>,
    /// The one that failed; those behind it were not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedMigration>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedMigration {
    pub name: String,
    pub error: String,
}

/// What came of one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigratedDatabase {
    pub uuid: String,
    pub name: String,
    pub applied: Vec<String>,
}

/// Why one database has not got them all. Those that are told as applied it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedDatabase {
    pub uuid: String,
    pub name: String,
    /// Missing where the database gave no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<String>,
    pub error: String,
}

/// The result for a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MigratedPage {
    /// Databases on this page.
    pub count: u32,
    /// Databases from this page on.
    pub remaining: u32,
    /// Those that had something applied.
    pub migrated: Vec<MigratedDatabase>,
    pub failures: Vec<FailedDatabase>,
    /// Where the next page begins: `after` of the next request; null behind the last.
    pub next: Option<String>,
}

fn limit() -> u32 {
    25
}

impl MigrateGroup {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let malformed = |text: String| RestError::Malformed(text);
        let decoded: Self = serde_json::from_str(body).map_err(|error| {
            malformed(format!(
                "The body must be {{\"migrations\": [{{\"name\", \"sql\"}}, …]}}: {error}"
            ))
        })?;
        let names = || decoded.migrations.iter().map(|migration| migration.name.as_str());
        if let Some((_, name)) =
            names().enumerate().find(|(at, name)| names().take(*at).any(|it| it == *name))
        {
            return Err(malformed(format!("Two migrations are called {name}")));
        }
        if !(1..=GroupPage::LIMIT_MAX).contains(&decoded.limit) {
            let text = format!("limit must be from 1 to {}", GroupPage::LIMIT_MAX);
            return Err(malformed(text));
        }
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let body = r#"{"migrations":[{"name":"1.sql","sql":"SELECT 1"}],"after":"t-1"}"#;
        let decoded = MigrateGroup::decode(body).unwrap();
        assert_eq!((decoded.limit, decoded.after.as_deref()), (25, Some("t-1")));
        for (body, told) in [
            ("{}", "missing field `migrations`"),
            (r#"{"migrations":[{"name":"1"}]}"#, "missing field `sql`"),
            (r#"{"migrations":[],"limit":0}"#, "limit must be"),
            (
                r#"{"migrations":[{"name":"1","sql":""},{"name":"1","sql":""}]}"#,
                "Two migrations are called 1",
            ),
        ] {
            let text = MigrateGroup::decode(body).unwrap_err().to_string();
            assert!(text.contains(told), "{text}");
        }
    }
}
