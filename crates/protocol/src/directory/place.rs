//! Where a database's primary is put: D1's location hints and jurisdictions, and the regions that
//! Durable Objects have besides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where the primary is placed when its object is first used. Only a hint to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocationHint {
    Wnam,
    Enam,
    Sam,
    Weur,
    Eeur,
    Apac,
    #[serde(rename = "apac-ne")]
    ApacNe,
    #[serde(rename = "apac-se")]
    ApacSe,
    Oc,
    Afr,
    Me,
}

/// A border that the data must not cross. It can be set only when the database is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Jurisdiction {
    Eu,
    Fedramp,
    Us,
}

/// The place does not exist; nothing was created. The caller chooses one that the text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    LocationHint(String),
    Jurisdiction(String),
}

impl LocationHint {
    pub const ALL: [LocationHint; 11] = [
        LocationHint::Wnam,
        LocationHint::Enam,
        LocationHint::Sam,
        LocationHint::Weur,
        LocationHint::Eeur,
        LocationHint::Apac,
        LocationHint::ApacNe,
        LocationHint::ApacSe,
        LocationHint::Oc,
        LocationHint::Afr,
        LocationHint::Me,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            LocationHint::Wnam => "wnam",
            LocationHint::Enam => "enam",
            LocationHint::Sam => "sam",
            LocationHint::Weur => "weur",
            LocationHint::Eeur => "eeur",
            LocationHint::Apac => "apac",
            LocationHint::ApacNe => "apac-ne",
            LocationHint::ApacSe => "apac-se",
            LocationHint::Oc => "oc",
            LocationHint::Afr => "afr",
            LocationHint::Me => "me",
        }
    }

    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let found = Self::ALL.into_iter().find(|hint| hint.as_str() == text);
        found.ok_or_else(|| PlaceError::LocationHint(text.to_owned()))
    }
}

impl Jurisdiction {
    pub const ALL: [Jurisdiction; 3] = [Jurisdiction::Eu, Jurisdiction::Fedramp, Jurisdiction::Us];

    pub fn as_str(self) -> &'static str {
        match self {
            Jurisdiction::Eu => "eu",
            Jurisdiction::Fedramp => "fedramp",
            Jurisdiction::Us => "us",
        }
    }

    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let found = Self::ALL.into_iter().find(|place| place.as_str() == text);
        found.ok_or_else(|| PlaceError::Jurisdiction(text.to_owned()))
    }
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceError::LocationHint(text) => {
                let known = LocationHint::ALL.map(LocationHint::as_str).join(", ");
                write!(f, "Unknown primary_location_hint {text:?}: use one of {known}")
            }
            PlaceError::Jurisdiction(text) => {
                let known = Jurisdiction::ALL.map(Jurisdiction::as_str).join(", ");
                write!(f, "Unknown jurisdiction {text:?}: use one of {known}")
            }
        }
    }
}

impl std::error::Error for PlaceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_same_everywhere() {
        for hint in LocationHint::ALL {
            assert_eq!(LocationHint::parse(hint.as_str()), Ok(hint));
            assert_eq!(serde_json::to_string(&hint).unwrap(), format!("\"{}\"", hint.as_str()));
        }
        for place in Jurisdiction::ALL {
            assert_eq!(Jurisdiction::parse(place.as_str()), Ok(place));
            assert_eq!(serde_json::to_string(&place).unwrap(), format!("\"{}\"", place.as_str()));
        }
    }

    #[test]
    fn refusals_name_the_choices() {
        let error = LocationHint::parse("mars").unwrap_err().to_string();
        assert!(error.contains("\"mars\"") && error.contains("weur"));
        assert!(Jurisdiction::parse("EU").is_err());
    }
}
