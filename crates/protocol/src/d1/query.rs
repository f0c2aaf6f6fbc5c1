//! One statement and what is bound to it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Shared, because the queries of a batch often have one text.
    pub sql: Arc<str>,
    #[serde(default, deserialize_with = "null_as_empty", skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Value>,
}

impl Query {
    pub fn new(sql: impl Into<Arc<str>>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params }
    }
}

/// `exec` of D1's client sends no `params`, and some REST clients send `null`.
fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Option::<Vec<Value>>::deserialize(deserializer).map(Option::unwrap_or_default)
}
