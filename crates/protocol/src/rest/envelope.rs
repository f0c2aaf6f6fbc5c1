//! The envelope of every REST answer: `{result, success, errors, messages, result_info?}`.
//!
//! It is wrapped around the result's text, which comes from the primary as JSON and is not parsed
//! on the way: a large result costs one copy, and its integers keep their digits.

use serde::Serialize;

use super::RestError;

pub struct Envelope;

/// Which page of a list this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ResultInfo {
    pub page: u32,
    pub per_page: u32,
    /// Elements on this page.
    pub count: u32,
    /// Elements on all pages.
    pub total_count: u32,
    pub total_pages: u32,
}

#[derive(Serialize)]
struct ErrorText {
    code: u32,
    message: String,
}

impl Envelope {
    /// `result` is JSON.
    pub fn success(result: &str, info: Option<&ResultInfo>) -> String {
        let info = info.and_then(|info| serde_json::to_string(info).ok());
        let info = info.map(|text| format!(",\"result_info\":{text}")).unwrap_or_default();
        format!(r#"{{"result":{result},"success":true,"errors":[],"messages":[]{info}}}"#)
    }

    pub fn failure(error: &RestError) -> String {
        let result = if matches!(error, RestError::Sql(_)) { "[]" } else { "null" };
        let text = ErrorText { code: error.code(), message: error.to_string() };
        let text = serde_json::to_string(&text).unwrap_or_default();
        format!(r#"{{"result":{result},"success":false,"errors":[{text}],"messages":[]}}"#)
    }
}

impl ResultInfo {
    pub fn new(page: u32, per_page: u32, count: u32, total_count: u32) -> Self {
        let total_pages = total_count.div_ceil(per_page.max(1));
        Self { page, per_page, count, total_count, total_pages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_carries_the_text_as_it_is() {
        assert_eq!(
            Envelope::success("[9223372036854775807]", None),
            r#"{"result":[9223372036854775807],"success":true,"errors":[],"messages":[]}"#
        );
        let info = ResultInfo::new(2, 10, 1, 11);
        assert_eq!(
            Envelope::success("[]", Some(&info)),
            r#"{"result":[],"success":true,"errors":[],"messages":[],"result_info":{"page":2,"per_page":10,"count":1,"total_count":11,"total_pages":2}}"#
        );
    }

    #[test]
    fn failures() {
        assert_eq!(
            Envelope::failure(&RestError::Sql("near \"x\": syntax error".into())),
            r#"{"result":[],"success":false,"errors":[{"code":7500,"message":"near \"x\": syntax error"}],"messages":[]}"#
        );
        assert_eq!(
            Envelope::failure(&RestError::Unauthorized),
            r#"{"result":null,"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[]}"#
        );
    }
}
