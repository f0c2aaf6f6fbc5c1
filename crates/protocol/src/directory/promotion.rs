//! What is said of a promotion: to the object that is to be the primary, and by the others that take part.

use serde::{Deserialize, Serialize};

use super::{LocationHint, SettingsRevision};
use crate::rest::Home;

/// What an object is told that is to be the primary: `/promotion/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPromotion {
    pub epoch: u32,
    pub region: LocationHint,
    /// The database, as its primary until then is found.
    pub source: Home,
    /// What it takes over from, as the primary is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_over: Option<TakesOver>,
}

/// What a primary is made of that nobody can ask any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TakesOver {
    /// The replica of a region.
    Replica(LocationHint),
    /// The newest that the bucket has, of the primary of an epoch of the database with a tag, in hex.
    Backup { path: String, tag: String },
}

/// A promotion as the directory knows it: the one that is under way, or the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    pub epoch: u32,
    pub region: LocationHint,
    /// It is under way.
    pub candidate: bool,
    /// Where the primary is until then, or was; None where nobody had said.
    pub was_in: Option<LocationHint>,
}

/// What a primary that has made way gives to the next one: `/promotion/fence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inheritance<S> {
    /// The replicas there are, which are to go with the database.
    pub replicas: Vec<S>,
    /// What names of streams are signed with, if there were any.
    #[serde(default)]
    pub baton_secret: Option<Vec<u8>>,
    /// The number of its newest interval, which who follows generations knows.
    #[serde(default)]
    pub interval: Option<u32>,
    /// Its newest job, which is over, as it is kept: whoever started it may still ask what came of it.
    #[serde(default)]
    pub job: Option<String>,
}

/// What the directory tells whom it has registered: `/promotion/register`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub settings: SettingsRevision,
}

/// How far a promotion is: `/promotion/status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PromotionStatus {
    pub state: PromotionState,
    /// Pages that were copied, of how many.
    #[serde(default)]
    pub done: u64,
    #[serde(default)]
    pub total: u64,
    /// Why it does not go on now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// From when no more writes were taken until the new primary took some, in milliseconds, by the clock of
    /// the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromotionState {
    /// It does what comes before it is the primary.
    Active,
    /// It is the primary.
    Complete,
    /// It never will be.
    #[default]
    Abandoned,
}
