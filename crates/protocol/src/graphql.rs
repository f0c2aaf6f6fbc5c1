//! As much of Cloudflare's GraphQL analytics as wrangler asks for: the two data sets of D1's queries.
//!
//! A request is parsed into a tree of fields ([`document`]), of which a [`Plan`] is made for each
//! data set: which databases, which hours, in what order. The plan makes the groups of what the
//! primaries report, with the fields that were selected. Everything else is refused by an error that
//! says what there is.

mod answer;
mod dataset;
mod document;
mod filter;
mod plan;
mod time;

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

pub use answer::{failure, success};
pub use plan::{Databases, Plan};

/// What is asked for is not there, or is not GraphQL; the text says what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError(String);

impl fmt::Display for GraphqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GraphqlError {}

impl GraphqlError {
    pub fn too_many_databases(count: u32, count_max: u32) -> Self {
        GraphqlError(format!(
            "The query is over {count} databases, and at most {count_max} are asked at once: name \
             a database, or filter by databaseId or databaseId_in"
        ))
    }
}

/// A document is short; this bounds what parsing it may cost.
const DOCUMENT_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Json>>,
}

/// What a request's body asks for: one plan for each data set, in the order of the document.
pub fn decode(body: &str) -> Result<Vec<Plan>, GraphqlError> {
    let Body { query, variables } = serde_json::from_str(body)
        .map_err(|error| GraphqlError(format!("The body must be {{query, variables}}: {error}")))?;
    if query.len() > DOCUMENT_BYTES_MAX {
        let text = format!("The query is longer than {DOCUMENT_BYTES_MAX} bytes");
        return Err(GraphqlError(text));
    }
    let fields = document::parse(&query, &variables.unwrap_or_default())?;
    let accounts = only(only(&fields, "viewer")?, "accounts")?;
    accounts.iter().map(Plan::of).collect()
}

/// The fields of the one field of that name.
fn only<'a>(
    fields: &'a [document::Field],
    name: &str,
) -> Result<&'a [document::Field], GraphqlError> {
    match fields {
        [field] if field.name == name => Ok(&field.fields),
        _ => Err(GraphqlError(format!(
            "Only {{ viewer {{ accounts {{ … }} }} }} can be queried, with {}",
            dataset::NAMES
        ))),
    }
}

#[cfg(test)]
mod tests;
