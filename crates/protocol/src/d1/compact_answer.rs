//! The answer in the format `COMPACT`: who answered stands once, and each result is short.
//!
//! ```json
//! {"success": true,
//!  "served": {"served_by": "isolite", "served_by_primary": true, "total_attempts": 1},
//!  "results": [[{"columns": ["id"], "rows": [[1]]}, [0.1, 0, 7, false, 8192, 1, 0]]]}
//! ```
//!
//! A result is its rows, null for a statement that has no columns, and the numbers of its `meta`:
//! duration, changes, last_row_id, changed_db, size_after, rows_read, rows_written. In D1's form the
//! `meta` of a batch of inserts is nine tenths of the answer, and most of the time to parse it.

use serde::Deserialize;

use super::{Answer, Failure, FailureCode, Meta, RequestError, RowText, Timings};

#[derive(Debug, Deserialize)]
pub struct CompactAnswer {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    code: Option<FailureCode>,
    #[serde(default)]
    served: Meta,
    #[serde(default)]
    results: Vec<(Option<RowText>, Numbers)>,
}

type Numbers = (f64, i64, i64, bool, u64, u64, u64);

impl CompactAnswer {
    /// Decodes a whole body. The outer error says that the body is no answer at all, the inner
    /// that it is a failure.
    pub fn decode(body: &str) -> Result<Result<Vec<Answer>, Failure>, RequestError> {
        let CompactAnswer { success, error, code, served, results } = serde_json::from_str(body)?;
        match (success, error) {
            (_, Some(error)) => return Ok(Err(Failure::new(error).coded(code))),
            (false, None) => return Ok(Err(Failure::new(""))),
            (true, None) => {}
        }
        let answer = |(rows, numbers)| {
            let meta = meta(&served, numbers);
            Answer { success: true, results: rows, meta }
        };
        Ok(Ok(results.into_iter().map(answer).collect()))
    }
}

fn meta(served: &Meta, numbers: Numbers) -> Meta {
    let (duration, changes, last_row_id, changed_db, size_after, rows_read, rows_written) = numbers;
    Meta {
        timings: Some(Timings { sql_duration_ms: duration }),
        duration,
        changes,
        last_row_id,
        changed_db,
        size_after,
        rows_read,
        rows_written,
        ..served.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_failures() {
        let body = r#"{"success":true,"served":{"served_by":"isolite","total_attempts":1},
            "results":[[{"columns":["a"],"rows":[[9223372036854775807]]},[0.5,1,2,true,8192,3,4]],
            [null,[0.0,0,2,false,8192,0,0]]]}"#;
        let answers = CompactAnswer::decode(body).unwrap().unwrap();
        assert_eq!(answers.len(), 2);
        assert!(answers[0].results.as_ref().unwrap().get().contains("9223372036854775807"));
        assert_eq!(answers[0].meta.served_by.as_deref(), Some("isolite"));
        assert_eq!((answers[0].meta.changes, answers[0].meta.rows_written), (1, 4));
        assert!(answers[1].results.is_none());

        let failure = Failure::new("no such table: x");
        assert_eq!(CompactAnswer::decode(&failure.encode()).unwrap().unwrap_err(), failure);
        assert!(CompactAnswer::decode("{}").unwrap().is_err());
        for body in ["", "error code: 1031", "null", "[1]", r#"{"success":true,"results":[1]}"#] {
            assert!(CompactAnswer::decode(body).is_err(), "{body}");
        }
    }
}
