//! Why a body was refused. Nothing was executed: the caller corrects the body and sends it again.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The body is not JSON. The text says where it stops being so.
    Syntax(String),
    /// It is JSON, but not a query: a field is missing, or a parameter has a type that D1 cannot
    /// bind. The text is D1's own where D1 has one.
    Shape(String),
}

impl RequestError {
    pub fn code(&self) -> &'static str {
        match self {
            RequestError::Syntax(_) => "BODY_NOT_JSON",
            RequestError::Shape(_) => "BODY_NOT_A_QUERY",
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Syntax(text) => write!(f, "The body is not valid JSON: {text}"),
            RequestError::Shape(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for RequestError {}

impl From<serde_json::Error> for RequestError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        if !error.is_data() {
            return RequestError::Syntax(text);
        }
        // serde_json appends the place; clients compare D1's texts, which have none.
        let place = format!(" at line {} column {}", error.line(), error.column());
        RequestError::Shape(text.strip_suffix(&place).unwrap_or(&text).to_owned())
    }
}
