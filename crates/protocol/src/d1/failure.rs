//! The one object that answers any request that failed, a batch included.
//!
//! D1's client looks at `error`, and of an array only at the first element: a failure inside an
//! array would be taken for a success. So a failure never stands in an array.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    success: bool,
    pub error: String,
    /// What kind it is, where a program does something about it; D1's client leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<FailureCode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureCode {
    /// A session begins from a bookmark that this database has not given out, or cannot reach.
    /// Nothing was done; the same request may be sent from a constraint.
    #[serde(rename = "BOOKMARK_REFUSED")]
    BookmarkRefused,
    /// Others were writing for as long as the request could wait. Nothing was done; a retry may help.
    #[serde(rename = "TRANSACTION_BUSY")]
    TransactionBusy,
    /// The transaction of the request is over: it was rolled back because others waited or because it
    /// was silent, or has ended as it was asked to.
    #[serde(rename = "TRANSACTION_ENDED")]
    TransactionEnded,
}

impl Failure {
    pub fn new(error: impl Into<String>) -> Self {
        let error: String = error.into();
        // An empty text would read as a success on the client's side.
        let error = if error.is_empty() { "Something went wrong".to_owned() } else { error };
        Self { success: false, error, code: None }
    }

    pub fn coded(self, code: impl Into<Option<FailureCode>>) -> Self {
        Self { code: code.into(), ..self }
    }

    pub fn encode(&self) -> String {
        // Plain fields cannot fail to encode; the fallback keeps the promise of an answer.
        serde_json::to_string(self)
            .unwrap_or_else(|_| r#"{"success":false,"error":"Something went wrong"}"#.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_the_client_parses() {
        let failure = Failure::new("near \"x\": syntax error");
        let text = r#"{"success":false,"error":"near \"x\": syntax error"}"#;
        assert_eq!(failure.encode(), text);
        assert_eq!(serde_json::from_str::<Failure>(text).unwrap(), failure);
        let coded = Failure::new("x").coded(FailureCode::BookmarkRefused);
        let text = r#"{"success":false,"error":"x","code":"BOOKMARK_REFUSED"}"#;
        assert_eq!(coded.encode(), text);
        assert_eq!(serde_json::from_str::<Failure>(text).unwrap(), coded);
        assert_eq!(Failure::new("").error, "Something went wrong");
    }
}
