//! The body of `POST …/fork`: a new database with what another had at a bookmark, at a time, or has
//! now.

use serde::Deserialize;

use super::{RestError, parse_timestamp};
use crate::directory::{DatabaseName, DatabaseRecord, Jurisdiction, LocationHint, NewDatabase};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    pub name: DatabaseName,
    pub at: PointInTime,
    primary_location_hint: Option<LocationHint>,
    jurisdiction: Option<Jurisdiction>,
}

/// What was, or is, at one of a database's positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointInTime {
    Now,
    Bookmark(String),
    /// Milliseconds since 1970.
    Time(u64),
}

#[derive(Deserialize)]
struct Fields {
    name: String,
    #[serde(default)]
    bookmark: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    primary_location_hint: Option<String>,
    #[serde(default)]
    jurisdiction: Option<String>,
}

impl PointInTime {
    /// An empty text counts as none.
    pub fn of(bookmark: Option<String>, timestamp: Option<String>) -> Result<Self, RestError> {
        let is_given = |text: &String| !text.trim().is_empty();
        match (bookmark.filter(is_given), timestamp.filter(is_given)) {
            (None, None) => Ok(PointInTime::Now),
            (Some(bookmark), None) => Ok(PointInTime::Bookmark(bookmark)),
            (None, Some(timestamp)) => parse_timestamp(&timestamp).map(PointInTime::Time),
            (Some(_), Some(_)) => {
                let text = "Give either a bookmark or a timestamp, not both";
                Err(RestError::Malformed(text.to_owned()))
            }
        }
    }
}

impl Fork {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let fields: Fields = serde_json::from_str(body).map_err(|error| {
            RestError::Malformed(format!("The body must be {{\"name\": \"…\"}}: {error}"))
        })?;
        let hint = fields.primary_location_hint.as_deref().map(LocationHint::parse).transpose();
        let border = fields.jurisdiction.as_deref().map(Jurisdiction::parse).transpose();
        Ok(Fork {
            name: DatabaseName::parse(&fields.name).map_err(malformed)?,
            at: PointInTime::of(fields.bookmark, fields.timestamp)?,
            primary_location_hint: hint.map_err(malformed)?,
            jurisdiction: border.map_err(malformed)?,
        })
    }

    /// The database to create: near to its source unless told, and within the same border.
    pub fn to_create(&self, source: &DatabaseRecord) -> Result<NewDatabase, RestError> {
        if source.jurisdiction.is_some_and(|own| self.jurisdiction.is_some_and(|to| to != own)) {
            let text = "A fork stays within the jurisdiction of its source";
            return Err(RestError::Malformed(text.to_owned()));
        }
        Ok(NewDatabase {
            primary_location_hint: self.primary_location_hint.or(source.primary_location_hint),
            jurisdiction: self.jurisdiction.or(source.jurisdiction),
            ..NewDatabase::named(self.name.clone())
        })
    }
}

fn malformed(error: impl ToString) -> RestError {
    RestError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(jurisdiction: Option<Jurisdiction>) -> DatabaseRecord {
        DatabaseRecord {
            uuid: String::new(),
            name: "source".into(),
            created_at: String::new(),
            version: "production".into(),
            primary_location_hint: Some(LocationHint::Weur),
            jurisdiction,
            ..DatabaseRecord::default()
        }
    }

    #[test]
    fn where_it_goes_and_from_when() {
        let near = Fork::decode(r#"{"name":"new"}"#).unwrap();
        assert_eq!(near.at, PointInTime::Now);
        let created = near.to_create(&source(Some(Jurisdiction::Eu))).unwrap();
        assert_eq!(created.name.as_str(), "new");
        assert_eq!(created.primary_location_hint, Some(LocationHint::Weur));
        assert_eq!(created.jurisdiction, Some(Jurisdiction::Eu));
        assert!(!created.if_missing);

        let far =
            r#"{"name":"new","timestamp":"1970-01-01T00:00:01Z","primary_location_hint":"oc"}"#;
        let far = Fork::decode(far).unwrap();
        assert_eq!(far.at, PointInTime::Time(1_000));
        let created = far.to_create(&source(None)).unwrap();
        assert_eq!(created.primary_location_hint, Some(LocationHint::Oc));
        let by_bookmark = Fork::decode(r#"{"name":"new","bookmark":"b"}"#).unwrap();
        assert_eq!(by_bookmark.at, PointInTime::Bookmark("b".into()));
    }

    #[test]
    fn data_crosses_no_border() {
        let fork = Fork::decode(r#"{"name":"new","jurisdiction":"us"}"#).unwrap();
        assert!(fork.to_create(&source(Some(Jurisdiction::Eu))).is_err());
        let created = fork.to_create(&source(None)).unwrap();
        assert_eq!(created.jurisdiction, Some(Jurisdiction::Us));
    }

    #[test]
    fn refusals() {
        for body in [
            "",
            "{}",
            r#"{"name":""}"#,
            r#"{"name":"a","timestamp":"yesterday"}"#,
            r#"{"name":"a","timestamp":"0","bookmark":"b"}"#,
            r#"{"name":"a","primary_location_hint":"mars"}"#,
            r#"{"name":"a","jurisdiction":"mars"}"#,
        ] {
            assert!(matches!(Fork::decode(body), Err(RestError::Malformed(_))), "{body}");
        }
    }
}
