//! What a primary answers that has made way for another one. Nothing was done, so whoever asked may ask
//! the new one for the same.

use serde::{Deserialize, Serialize};

use super::LocationHint;
use crate::Failure;

/// The status of such an answer.
pub const MOVED: u16 = 421;

/// Where the primary is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedTo {
    pub epoch: u32,
    pub region: LocationHint,
}

#[derive(Serialize, Deserialize)]
struct Moved {
    /// For whoever does not know that primaries move.
    #[serde(flatten)]
    failure: Failure,
    moved: MovedTo,
}

impl MovedTo {
    pub fn encode(self) -> String {
        let region = self.region.as_str();
        let text = format!("The primary of this database has moved to {region}: try again");
        let moved = Moved { failure: Failure::new(text), moved: self };
        serde_json::to_string(&moved).unwrap_or_default()
    }

    /// None if the text is none of such an answer.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(|moved: Moved| moved.moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::DatabaseRecord;

    #[test]
    fn told_and_understood() {
        let to = MovedTo { epoch: 3, region: LocationHint::Weur };
        let text = r#"{"success":false,"error":"The primary of this database has moved to weur: try again","moved":{"epoch":3,"region":"weur"}}"#;
        assert_eq!(to.encode(), text);
        assert_eq!(MovedTo::decode(text), Some(to));
        assert_eq!(MovedTo::decode(r#"{"success":false,"error":"x"}"#), None);
    }

    #[test]
    fn a_record_goes_along_once() {
        let record = DatabaseRecord { uuid: "d".into(), ..DatabaseRecord::default() };
        let to = MovedTo { epoch: 3, region: LocationHint::Weur };
        let moved = record.moved(&to).unwrap();
        assert_eq!((moved.primary_name(), moved.epoch), ("d/3", 3));
        assert_eq!(moved.primary_location_hint, Some(LocationHint::Weur));
        assert_eq!(moved.moved(&to), None);
        assert_eq!(moved.moved(&MovedTo { epoch: 2, ..to }), None);
    }
}
