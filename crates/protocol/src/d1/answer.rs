//! One result: `{"success":true,"results":…,"meta":{…}}`. Several of them, in an array, answer a
//! batch.
//!
//! `results` stays text: whoever reads it decodes it once, straight into the type wanted, and
//! no 64-bit integer passes through a float on the way.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Failure, RequestError, Value};

/// Rows as JSON text, in the format that was asked for.
pub type RowText = Box<RawValue>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub success: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<RowText>,
    #[serde(default)]
    pub meta: Meta,
}

/// Rows as asked for with `ROWS_AND_COLUMNS`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows<T = Value> {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<T>>,
}

/// What D1 tells of an execution, in D1's order of keys. Each may be missing in what is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by_primary: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
    /// Milliseconds.
    pub duration: f64,
    /// Rows changed, those changed by triggers and cascades included.
    pub changes: i64,
    pub last_row_id: i64,
    pub changed_db: bool,
    /// Bytes in use after the query.
    pub size_after: u64,
    pub rows_read: u64,
    pub rows_written: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_attempts: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    pub sql_duration_ms: f64,
}

impl Answer {
    /// Decodes a whole body. The outer error says that the body is no answer at all, the inner
    /// that it is a failure. One object counts as an array of one, as D1's client reads it.
    pub fn decode(body: &str) -> Result<Result<Vec<Answer>, Failure>, RequestError> {
        if body.trim_start().starts_with('[') {
            return Ok(Ok(serde_json::from_str(body)?));
        }
        let one: OneAnswer = serde_json::from_str(body)?;
        Ok(match one {
            OneAnswer { error: Some(error), .. } => Err(Failure::new(error)),
            OneAnswer { success: false, .. } => Err(Failure::new("")),
            OneAnswer { success, results, meta, .. } => Ok(vec![Answer { success, results, meta }]),
        })
    }
}

/// Success or failure, told apart as D1's client does: by `error`.
#[derive(Deserialize)]
struct OneAnswer {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    results: Option<RowText>,
    #[serde(default)]
    meta: Meta,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_every_digit() {
        let body = r#"{"success":true,"results":{"columns":["id","b"],"rows":
            [[9223372036854775807,[1,255]]]},"meta":{"duration":0.1,"changes":1}}"#;
        let answers = Answer::decode(body).unwrap().unwrap();
        let text = answers[0].results.as_ref().unwrap().get();
        let rows: Rows = serde_json::from_str(text).unwrap();
        assert_eq!(rows.rows, [[Value::Integer(i64::MAX), Value::Blob(vec![1, 255])]]);
        assert_eq!(answers[0].meta.changes, 1);
        assert_eq!(answers[0].meta.served_by, None);
    }

    #[test]
    fn an_array_answers_a_batch() {
        let body = r#"[{"success":true,"results":[],"meta":{}},{"success":true}]"#;
        assert_eq!(Answer::decode(body).unwrap().unwrap().len(), 2);
    }

    #[test]
    fn failures() {
        let failure = Failure::new("no such table: x");
        assert_eq!(Answer::decode(&failure.encode()).unwrap().unwrap_err(), failure);
        assert!(Answer::decode(r#"{"success":false}"#).unwrap().is_err());
        for body in ["", "error code: 1031", "null", "[1]", r#"{"error":1}"#] {
            assert!(Answer::decode(body).is_err(), "{body}");
        }
    }

    #[test]
    fn meta_has_the_keys_of_d1_in_its_order() {
        let meta = Meta { served_by: Some("isolite".into()), ..Meta::default() };
        assert_eq!(
            serde_json::to_string(&meta).unwrap(),
            r#"{"served_by":"isolite","duration":0.0,"changes":0,"last_row_id":0,"changed_db":false,"size_after":0,"rows_read":0,"rows_written":0}"#
        );
    }
}
