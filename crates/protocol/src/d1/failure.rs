//! The one object that answers any request that failed, a batch included.
//!
//! D1's client looks at `error`, and of an array only at the first element: a failure inside an
//! array would be taken for a success. So a failure never stands in an array.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    success: bool,
    pub error: String,
}

impl Failure {
    pub fn new(error: impl Into<String>) -> Self {
        let error: String = error.into();
        // An empty text would read as a success on the client's side.
        let error = if error.is_empty() { "Something went wrong".to_owned() } else { error };
        Self { success: false, error }
    }

    pub fn encode(&self) -> String {
        // Two plain fields cannot fail to encode; the fallback keeps the promise of an answer.
        serde_json::to_string(self)
            .unwrap_or_else(|_| r#"{"success":false,"error":"Something went wrong"}"#.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn encodes_what_the_client_parses() {
        let failure = Failure::new("near \"x\": syntax error");
        let text = r#"{"success":false,"error":"near \"x\": syntax error"}"#;
        assert_eq!(failure.encode(), text);
        assert_eq!(serde_json::from_str::<Failure>(text).unwrap(), failure);
        assert_eq!(Failure::new("").error, "Something went wrong");
    }
}
