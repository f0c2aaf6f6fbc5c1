//! Where a replica belongs: its database, the primary of that, and its own region.

use isolite_protocol::query_string;

use crate::object::call_js::Address;

/// As a caller's path has it: `database=<id>&region=<region>&hint=<of the primary>&jurisdiction=<of
/// both>`, the last two empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub database: String,
    pub region: String,
    pub hint: Option<String>,
    pub jurisdiction: Option<String>,
}

impl Home {
    pub fn of_query(query: &str) -> Option<Home> {
        let value = |name| query_string::value(query, name).filter(|value| !value.is_empty());
        Some(Home {
            database: value("database")?,
            region: value("region")?,
            hint: value("hint"),
            jurisdiction: value("jurisdiction"),
        })
    }

    /// The primary's.
    pub fn address(&self) -> Address<'_> {
        Address {
            name: &self.database,
            location_hint: self.hint.as_deref(),
            jurisdiction: self.jurisdiction.as_deref(),
        }
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
