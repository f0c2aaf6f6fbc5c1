//! The body of `/query` and `/raw`: `{sql, params?}`, where `sql` may hold several statements, or
//! `{batch: [{sql, params?}]}`.
//!
//! Only the shape is decided here. The statements go on to the primary as text, which checks them
//! as it checks those of every other client.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::RestError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryBody<'a> {
    /// The whole body, for the primary's `/script`.
    Script(&'a str),
    /// The array, for the primary's `/query`.
    Batch(&'a str),
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(default)]
    sql: Option<IgnoredAny>,
    #[serde(default, borrow)]
    batch: Option<&'a RawValue>,
}

impl<'a> QueryBody<'a> {
    pub fn decode(body: &'a str) -> Result<Self, RestError> {
        let malformed = |text: &str| RestError::Malformed(text.to_owned());
        let fields: Fields<'a> = serde_json::from_str(body).map_err(|error| {
            RestError::Malformed(format!("The body must be {{\"sql\": \"…\"}}: {error}"))
        })?;
        match (fields.sql, fields.batch) {
            (Some(_), None) => Ok(QueryBody::Script(body)),
            (None, Some(batch)) if batch.get().starts_with('[') => {
                Ok(QueryBody::Batch(batch.get()))
            }
            (None, Some(_)) => Err(malformed("`batch` must be an array of {sql, params}")),
            (Some(_), Some(_)) => Err(malformed("The body has both `sql` and `batch`")),
            (None, None) => Err(malformed("The body has neither `sql` nor `batch`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_batches() {
        let script = r#"{"sql":"SELECT 1; SELECT 2","params":null}"#;
        assert_eq!(QueryBody::decode(script), Ok(QueryBody::Script(script)));
        let batch = r#"{ "batch": [{"sql":"a"}] }"#;
        assert_eq!(QueryBody::decode(batch), Ok(QueryBody::Batch(r#"[{"sql":"a"}]"#)));
    }

    #[test]
    fn refusals() {
        for body in ["", "[]", "null", "{}", r#"{"batch":{}}"#, r#"{"sql":"a","batch":[]}"#] {
            assert!(matches!(QueryBody::decode(body), Err(RestError::Malformed(_))), "{body}");
        }
    }
}
