//! `…/database/:id/promote`: moves the primary of a database to another region, tells how far that is, or
//! gives it up.

use serde::{Deserialize, Serialize};

use super::RestError;
use crate::directory::{LocationHint, Promotion, PromotionState, PromotionStatus};

/// The body of a `POST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promote {
    pub region: LocationHint,
    /// The primary is out of reach, and what only it has may be lost.
    pub force: bool,
    /// The bookmark that is then to be the last one.
    pub confirm: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    region: String,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    confirm: Option<String>,
}

/// `result` of each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromotionAnswer {
    pub region: LocationHint,
    pub previous_region: Option<LocationHint>,
    pub epoch: u32,
    pub status: PromotionState,
    pub messages: Vec<String>,
    /// How long no writes were taken, in milliseconds, as far as the new primary can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<f64>,
}

const PAGE_BYTES: f64 = 4_096.0;

impl Promote {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let malformed = |error: String| {
            RestError::Malformed(format!("The body must be {{\"region\": \"…\"}}: {error}"))
        };
        let fields: Fields =
            serde_json::from_str(body).map_err(|error| malformed(error.to_string()))?;
        let region = LocationHint::parse(&fields.region.to_ascii_lowercase());
        let region = region.map_err(|_| {
            let known = LocationHint::ALL.map(LocationHint::as_str).join(", ");
            RestError::Malformed(format!("Unknown region {:?}: use one of {known}", fields.region))
        })?;
        let Fields { force, confirm, .. } = fields;
        if confirm.is_some() && !force {
            let text = "`confirm` goes with \"force\": true".to_owned();
            return Err(RestError::Malformed(text));
        }
        Ok(Promote { region, force, confirm })
    }
}

impl PromotionAnswer {
    pub fn new(promotion: &Promotion, status: PromotionStatus) -> Self {
        let megabytes = |pages: u64| pages as f64 * PAGE_BYTES / 1e6;
        let progress = (status.total > 0 && status.state == PromotionState::Active).then(|| {
            let (done, total) = (megabytes(status.done), megabytes(status.total));
            format!("Copied {done:.1} of {total:.1} MB")
        });
        PromotionAnswer {
            region: promotion.region,
            previous_region: promotion.was_in,
            epoch: promotion.epoch,
            status: status.state,
            messages: progress.into_iter().chain(status.waits_for).collect(),
            pause_ms: status.pause_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let promote = Promote { region: LocationHint::Weur, force: false, confirm: None };
        assert_eq!(Promote::decode(r#"{"region":"WEUR"}"#), Ok(promote.clone()));
        let forced = Promote { force: true, confirm: Some("b".into()), ..promote };
        assert_eq!(Promote::decode(r#"{"region":"weur","force":true,"confirm":"b"}"#), Ok(forced));
        for (body, told) in [
            (r#"{"region":"mars"}"#, "\"mars\""),
            ("{}", "region"),
            (r#"{"region":"weur","confirm":"b"}"#, "force"),
        ] {
            match Promote::decode(body) {
                Err(RestError::Malformed(text)) => assert!(text.contains(told), "{text}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn how_far_it_is() {
        let promotion = Promotion {
            epoch: 2,
            region: LocationHint::Weur,
            candidate: true,
            was_in: Some(LocationHint::Enam),
        };
        let status = PromotionStatus {
            state: PromotionState::Active,
            done: 1000,
            total: 5000,
            waits_for: Some("it does not answer".into()),
            pause_ms: None,
        };
        let answer = PromotionAnswer::new(&promotion, status);
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"region":"weur","previous_region":"enam","epoch":2,"status":"active","messages":["Copied 4.1 of 20.5 MB","it does not answer"]}"#
        );
    }
}
