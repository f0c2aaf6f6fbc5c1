//! The line that is logged of a request: one JSON object, without what was asked unless that is wanted.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// What is kept of what was asked.
const ASKED_BYTES_MAX: usize = 8_192;

/// Of which requests there is a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Off,
    /// Those that failed.
    #[default]
    Error,
    Request,
}

/// A line. What is not known is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestLine {
    pub message: &'static str,
    /// `rest`, `hrana` or `rpc`: by which a request has come.
    pub door: &'static str,
    pub kind: String,
    /// That of the platform, if it has one, by which its own logs are found.
    pub request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bookmark: Option<String>,
    pub status: u16,
    pub duration_ms: f64,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The beginning of the body, in which values are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

/// What an answer tells of what was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_written: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What each result of D1 says, its rows apart.
#[derive(Deserialize)]
struct D1Result {
    meta: D1Rows,
}

#[derive(Deserialize)]
struct D1Rows {
    #[serde(default)]
    rows_read: u64,
    #[serde(default)]
    rows_written: u64,
}

impl LogLevel {
    /// What a setting says.
    pub fn parse(text: &str) -> Option<LogLevel> {
        match text.trim() {
            "off" => Some(LogLevel::Off),
            "error" => Some(LogLevel::Error),
            "request" => Some(LogLevel::Request),
            _ => None,
        }
    }
}

impl RequestLine {
    pub fn failed(&self) -> bool {
        self.status >= 400 || self.outcome.error.is_some()
    }

    /// As JSON.
    pub fn encode(&self) -> String {
        // Plain fields cannot fail to encode.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The part of a body that a line has. What names a stream of libSQL's clients opens it to whoever has a
    /// token, and is left out.
    pub fn beginning(body: &str) -> String {
        let members = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(body).ok();
        let without = members.filter(|members| members.contains_key("baton")).map(|mut members| {
            members.remove("baton");
            serde_json::Value::Object(members).to_string()
        });
        let body = without.as_deref().unwrap_or(body);
        let mut end = ASKED_BYTES_MAX.min(body.len());
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        body[..end].to_owned()
    }
}

impl Outcome {
    pub fn of_error(error: String) -> Self {
        Outcome { error: Some(error), ..Outcome::default() }
    }

    /// Of D1's result, or an array of such; of any other text nothing is known.
    pub fn of_d1(text: &str) -> Self {
        let one = || serde_json::from_str(text).map(|result| vec![result]);
        let results: Vec<D1Result> =
            serde_json::from_str(text).or_else(|_| one()).unwrap_or_default();
        let mut outcome = Outcome::default();
        results.iter().for_each(|it| outcome.add(it.meta.rows_read, it.meta.rows_written));
        outcome
    }

    fn add(&mut self, rows_read: u64, rows_written: u64) {
        *self.rows_read.get_or_insert(0) += rows_read;
        *self.rows_written.get_or_insert(0) += rows_written;
    }
}

/// What is told of one result of Hrana, its rows apart.
#[derive(Deserialize)]
struct HranaResult {
    #[serde(default)]
    rows_read: u64,
    #[serde(default)]
    rows_written: u64,
    #[serde(default)]
    cols: Option<IgnoredAny>,
    #[serde(default)]
    step_results: Vec<Option<HranaResult>>,
    #[serde(default)]
    step_errors: Vec<Option<HranaError>>,
}

#[derive(Deserialize)]
struct HranaError {
    message: String,
}

#[derive(Deserialize)]
struct HranaPipeline {
    results: Vec<HranaStep>,
}

#[derive(Deserialize)]
struct HranaStep {
    #[serde(default)]
    response: Option<HranaResponse>,
    #[serde(default)]
    error: Option<HranaError>,
}

#[derive(Deserialize)]
struct HranaResponse {
    #[serde(default)]
    result: Option<HranaResult>,
}

/// Of the answer to one statement or batch alone, or a refusal.
#[derive(Deserialize)]
struct HranaAlone {
    #[serde(default)]
    result: Option<HranaResult>,
    #[serde(default)]
    message: Option<String>,
}

impl Outcome {
    /// Of an answer of Hrana's in JSON.
    pub fn of_hrana(text: &str) -> Self {
        let mut outcome = Outcome::default();
        if let Ok(HranaPipeline { results }) = serde_json::from_str(text) {
            for HranaStep { response, error } in results {
                outcome.note(error);
                outcome.take(response.and_then(|response| response.result));
            }
        } else if let Ok(HranaAlone { result, message }) = serde_json::from_str(text) {
            outcome.note(message.map(|message| HranaError { message }));
            outcome.take(result);
        }
        outcome
    }

    /// Whether an answer of Hrana's in JSON has an error in it. Rows have no such text: in a value each
    /// quotation mark is escaped.
    pub fn hrana_failed(text: &str) -> bool {
        const STEP_ERRORS: &str = "\"step_errors\":";
        let of_batch = |errors: &str| {
            let errors = errors.trim_start_matches(|it: char| "[null,".contains(it));
            errors.starts_with('{')
        };
        let mut batches = text.match_indices(STEP_ERRORS);
        text.contains("\"type\":\"error\"")
            || batches.any(|(at, key)| of_batch(&text[at + key.len()..]))
    }

    fn take(&mut self, result: Option<HranaResult>) {
        let Some(result) = result else { return };
        if result.cols.is_some() {
            self.add(result.rows_read, result.rows_written);
        }
        result.step_errors.into_iter().for_each(|error| self.note(error));
        result.step_results.into_iter().for_each(|result| self.take(result));
    }

    /// The first error is the one that is told.
    fn note(&mut self, error: Option<HranaError>) {
        self.error = self.error.take().or(error.map(|error| error.message));
    }
}

#[cfg(feature = "hrana")]
impl Outcome {
    /// Of the results of a pipeline, before they are encoded.
    pub fn of_results(results: &[libsql_hrana::proto::StreamResult]) -> Self {
        use libsql_hrana::proto::{StmtResult, StreamResponse, StreamResult};
        let mut outcome = Outcome::default();
        let take = |outcome: &mut Outcome, result: &StmtResult| {
            outcome.add(result.rows_read, result.rows_written);
        };
        for result in results {
            let error = match result {
                StreamResult::Ok { response: StreamResponse::Execute(it) } => {
                    take(&mut outcome, &it.result);
                    None
                }
                StreamResult::Ok { response: StreamResponse::Batch(it) } => {
                    it.result.step_results.iter().flatten().for_each(|it| take(&mut outcome, it));
                    it.result.step_errors.iter().flatten().next()
                }
                StreamResult::Error { error } => Some(error),
                _ => None,
            };
            outcome.note(error.map(|error| HranaError { message: error.message.clone() }));
        }
        outcome
    }

    /// As it goes along with an answer in protobuf, which only its client decodes.
    pub fn encode(&self) -> String {
        // Plain fields cannot fail to encode.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn decode(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows_read: u64, rows_written: u64) -> Outcome {
        let (rows_read, rows_written) = (Some(rows_read), Some(rows_written));
        Outcome { rows_read, rows_written, error: None }
    }

    #[test]
    fn a_line_has_what_is_known() {
        let line = RequestLine {
            message: "request",
            door: "rest",
            kind: "query".into(),
            request_id: "8c".into(),
            status: 200,
            outcome: rows(3, 0),
            ..RequestLine::default()
        };
        assert_eq!(
            line.encode(),
            r#"{"message":"request","door":"rest","kind":"query","request_id":"8c","status":200,"duration_ms":0.0,"rows_read":3,"rows_written":0}"#
        );
        assert!(!line.failed());
        assert!(RequestLine { status: 404, ..line.clone() }.failed());
        assert!(RequestLine { outcome: Outcome::of_error("no".into()), ..line }.failed());
    }

    #[test]
    fn what_was_asked_is_cut_between_characters() {
        assert_eq!(RequestLine::beginning("short"), "short");
        assert_eq!(RequestLine::beginning(r#"{"sql":1, "a":2}"#), r#"{"sql":1, "a":2}"#);
        assert_eq!(RequestLine::beginning(r#"{"baton":"secret","a":2}"#), r#"{"a":2}"#);
        let long = "é".repeat(ASKED_BYTES_MAX);
        let kept = RequestLine::beginning(&format!("x{long}"));
        assert_eq!(kept.len(), ASKED_BYTES_MAX - 1);
    }

    #[test]
    fn rows_of_d1() {
        let text = r#"[{"results":[{"meta":{"rows_read":9}}],"success":true,"meta":{"rows_read":2,"rows_written":1,"x":0}},{"meta":{"rows_read":3}}]"#;
        assert_eq!(Outcome::of_d1(text), rows(5, 1));
        assert_eq!(Outcome::of_d1(r#"{"success":false}"#), Outcome::default());
        assert_eq!(Outcome::of_d1("[]"), Outcome::default());
        assert_eq!(Outcome::of_d1(r#"{"results":[],"meta":{"rows_read":4}}"#), rows(4, 0));
    }

    #[test]
    fn rows_and_errors_of_hrana() {
        let one = r#"{"cols":[],"rows":[[{"type":"text","value":"\"type\":\"error\""}]],"rows_read":2,"rows_written":1}"#;
        let whole = format!(
            r#"{{"results":[{{"type":"ok","response":{{"type":"execute","result":{one}}}}},{{"type":"ok","response":{{"type":"close"}}}}]}}"#
        );
        assert_eq!(Outcome::of_hrana(&whole), rows(2, 1));
        assert!(!Outcome::hrana_failed(&whole));
        let batch =
            format!(r#"{{"step_results":[{one},null],"step_errors":[null,{{"message":"no"}}]}}"#);
        let told = Outcome::of_hrana(&format!(r#"{{"result":{batch}}}"#));
        assert_eq!(told, Outcome { error: Some("no".into()), ..rows(2, 1) });
        let failed = r#"{"results":[{"type":"error","error":{"message":"no such table"}}]}"#;
        assert!(Outcome::hrana_failed(failed));
        assert_eq!(Outcome::of_hrana(failed), Outcome::of_error("no such table".into()));
        let refused = r#"{"message":"a token","code":"X"}"#;
        assert_eq!(Outcome::of_hrana(refused), Outcome::of_error("a token".into()));
        assert_eq!(Outcome::of_hrana("nothing"), Outcome::default());
    }

    #[test]
    fn levels() {
        assert_eq!(LogLevel::parse(" request "), Some(LogLevel::Request));
        assert_eq!(LogLevel::parse("all"), None);
        assert!(LogLevel::Off < LogLevel::Error && LogLevel::Error < LogLevel::Request);
    }
}
