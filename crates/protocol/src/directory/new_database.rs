//! What a database is created from: `POST /create` at the directory, and `POST …/d1/database` in
//! REST, whose bodies agree.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DatabaseName, DatabaseSettings, Jurisdiction, LocationHint, NameError, PlaceError,
    SettingsError,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewDatabase {
    #[serde(serialize_with = "name_as_text")]
    pub name: DatabaseName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_location_hint: Option<LocationHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<Jurisdiction>,
    /// Where the caller is: there its primary goes, unless it is told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<LocationHint>,
    /// An existing database of that name is the answer, not an error.
    pub if_missing: bool,
    /// The database whose schema it begins with.
    #[serde(serialize_with = "template_as_text", skip_serializing_if = "Option::is_none")]
    pub template: Option<DatabaseName>,
    #[serde(flatten)]
    pub settings: DatabaseSettings,
}

/// Nothing was created; the text tells what to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewDatabaseError {
    Body(String),
    Name(NameError),
    Place(PlaceError),
    Template(NameError),
    Settings(SettingsError),
}

impl NewDatabase {
    pub fn named(name: DatabaseName) -> Self {
        Self {
            name,
            primary_location_hint: None,
            jurisdiction: None,
            region: None,
            if_missing: false,
            template: None,
            settings: DatabaseSettings::default(),
        }
    }

    pub fn decode(body: &str) -> Result<Self, NewDatabaseError> {
        let fields: Fields = serde_json::from_str(body)
            .map_err(|error| NewDatabaseError::Body(error.to_string()))?;
        let settings = DatabaseSettings::of_new(body).map_err(NewDatabaseError::Settings)?;
        Ok(Self { settings, ..fields.checked()? })
    }
}

#[derive(Deserialize)]
struct Fields {
    name: String,
    #[serde(default)]
    primary_location_hint: Option<String>,
    #[serde(default)]
    jurisdiction: Option<String>,
    #[serde(default)]
    region: Option<LocationHint>,
    #[serde(default)]
    if_missing: bool,
    #[serde(default)]
    template: Option<String>,
}

impl Fields {
    /// All but the settings.
    fn checked(self) -> Result<NewDatabase, NewDatabaseError> {
        let fields = self;
        let hint = fields.primary_location_hint.as_deref().map(LocationHint::parse).transpose();
        let jurisdiction = fields.jurisdiction.as_deref().map(Jurisdiction::parse).transpose();
        let template = fields.template.as_deref().map(DatabaseName::parse).transpose();
        Ok(NewDatabase {
            name: DatabaseName::parse(&fields.name).map_err(NewDatabaseError::Name)?,
            primary_location_hint: hint.map_err(NewDatabaseError::Place)?,
            jurisdiction: jurisdiction.map_err(NewDatabaseError::Place)?,
            region: fields.region,
            if_missing: fields.if_missing,
            template: template.map_err(NewDatabaseError::Template)?,
            settings: DatabaseSettings::default(),
        })
    }
}

fn template_as_text<S: serde::Serializer>(
    template: &Option<DatabaseName>,
    to: S,
) -> Result<S::Ok, S::Error> {
    template.as_ref().map(DatabaseName::as_str).serialize(to)
}

fn name_as_text<S: serde::Serializer>(name: &DatabaseName, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(name.as_str())
}

impl fmt::Display for NewDatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NewDatabaseError::Body(text) => {
                write!(f, "The body must be {{\"name\": \"…\"}}: {text}")
            }
            NewDatabaseError::Name(error) => error.fmt(f),
            NewDatabaseError::Place(error) => error.fmt(f),
            NewDatabaseError::Template(error) => write!(f, "template: {error}"),
            NewDatabaseError::Settings(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NewDatabaseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field() {
        let new = NewDatabase::decode(
            r#"{"name":"demo","primary_location_hint":"weur","jurisdiction":"eu","if_missing":true,
                "template":"base","read_replication":{"mode":"disabled"},"other":1}"#,
        )
        .unwrap();
        assert_eq!(new.primary_location_hint, Some(LocationHint::Weur));
        assert_eq!(new.jurisdiction, Some(Jurisdiction::Eu));
        assert_eq!(new.template.as_ref().map(DatabaseName::as_str), Some("base"));
        assert!(!new.settings.replicates());
        let text = serde_json::to_string(&new).unwrap();
        assert_eq!(NewDatabase::decode(&text), Ok(new));
    }

    #[test]
    fn refusals() {
        use NewDatabaseError::{Body, Name, Place};
        for text in ["", "[]", "{}", r#"{"name":1}"#, r#"{"name":"a","if_missing":"yes"}"#] {
            assert!(matches!(NewDatabase::decode(text), Err(Body(_))), "{text}");
        }
        assert!(matches!(NewDatabase::decode(r#"{"name":""}"#), Err(Name(_))));
        let body = r#"{"name":"a","primary_location_hint":"mars"}"#;
        assert!(matches!(NewDatabase::decode(body), Err(Place(_))));
    }
}
