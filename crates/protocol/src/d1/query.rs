//! One statement and what is bound to it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::{RequestError, Value};

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

    /// Of a text, and parameters that are a list in JSON.
    pub fn decode(sql: &str, params: &str) -> Result<Self, RequestError> {
        let params = serde_json::from_str(params).map_err(RequestError::from)?;
        Ok(Self { sql: sql.into(), params })
    }
}

/// `exec` of D1's client sends no `params`, and some REST clients send `null`.
fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Option::<Vec<Value>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_apart_are_those_of_a_body() {
        let query = Query::decode("SELECT ?, ?", r#"[1,"a\n"]"#).unwrap();
        assert_eq!(
            query,
            Query::new("SELECT ?, ?", vec![Value::Integer(1), Value::Text("a\n".into())])
        );
        for bad in ["", "{}", "[1", r#"["\ud800"]"#, "[{}]"] {
            assert!(Query::decode("SELECT 1", bad).is_err(), "{bad}");
        }
    }
}
