//! Where a replica belongs: its database, the primary of that, and its own region.

use isolite_protocol::directory::{LocationHint, MovedTo, primary_object};
use isolite_protocol::query_string;

use crate::object::call_js::Address;

/// As a caller's path has it: `database=<id>&region=<region>&hint=<of the primary>&epoch=<of the
/// primary>&jurisdiction=<of both>`, hint and jurisdiction empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub database: String,
    pub region: String,
    pub hint: Option<String>,
    pub epoch: u32,
    /// The name of the primary's object.
    pub primary: String,
    pub jurisdiction: Option<String>,
}

impl Home {
    pub fn of_query(query: &str) -> Option<Home> {
        let value = |name| query_string::value(query, name).filter(|value| !value.is_empty());
        let database = value("database")?;
        let epoch = value("epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
        Some(Home {
            primary: primary_object(&database, epoch),
            database,
            region: value("region")?,
            hint: value("hint"),
            epoch,
            jurisdiction: value("jurisdiction"),
        })
    }

    /// The primary's.
    pub fn address(&self) -> Address<'_> {
        Address {
            name: &self.primary,
            location_hint: self.hint.as_deref(),
            jurisdiction: self.jurisdiction.as_deref(),
        }
    }

    /// The same once the primary has moved; None if this is known.
    pub fn moved(&self, to: &MovedTo) -> Option<Home> {
        (to.epoch > self.epoch.max(1)).then(|| Home {
            hint: Some(LocationHint::as_str(to.region).to_owned()),
            epoch: to.epoch,
            primary: primary_object(&self.database, to.epoch),
            ..self.clone()
        })
    }

    /// What tells the primary to push here.
    pub fn subscription(&self) -> String {
        let encode = query_string::encode;
        let name = crate::router::replica_name(&self.database, &self.region);
        let mut query = format!("follow={}&replica={}", encode(&self.region), encode(&name));
        if let Some(jurisdiction) = &self.jurisdiction {
            query += "&jurisdiction=";
            query += &encode(jurisdiction);
        }
        query
    }
}

pub(super) fn number(query: &str, name: &str) -> Option<f64> {
    query_string::raw(query, name)?.parse().ok().filter(|number: &f64| number.is_finite())
}
