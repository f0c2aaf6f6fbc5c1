//! Why a request is refused as a whole: not for what its SQL does, but for what it is.

use std::fmt;

use serde::Serialize;

use super::{BatonError, Route};

/// Nothing of the request was done, except where a pipeline's earlier requests were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HranaError {
    /// The body is not what the endpoint takes.
    Malformed(String),
    /// The body has more bytes than are taken.
    BodyTooLarge {
        bytes_max: usize,
    },
    /// It has more in it than is taken, as small as that may be.
    TooManyMembers {
        members_max: usize,
    },
    Baton(BatonError),
    /// The stream was idle for too long, or its object has started anew. A new one may be opened.
    StreamExpired,
    /// A request behind the one that closes the stream.
    StreamClosed,
    /// A step's condition names a step that is not before it.
    ConditionAhead {
        step: usize,
    },
    /// Neither `sql` nor `sql_id`, or both.
    SqlOrId,
    SqlNotStored {
        sql_id: i32,
    },
    /// More streams are open than one database has room for.
    TooManyStreams {
        streams_max: usize,
    },
    Unauthorized(String),
    Forbidden(String),
    NoSuchDatabase(String),
    NoSuchPath(String),
    /// The database cannot answer now; a retry may help.
    Unavailable(String),
}

/// All of what clients look for: some for `error`, others for `message` and `code`.
#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl HranaError {
    pub fn status(&self) -> u16 {
        match self {
            HranaError::Unauthorized(_) => 401,
            HranaError::Forbidden(_) => 403,
            HranaError::NoSuchDatabase(_) | HranaError::NoSuchPath(_) => 404,
            HranaError::BodyTooLarge { .. } | HranaError::TooManyMembers { .. } => 413,
            HranaError::TooManyStreams { .. } => 429,
            HranaError::Unavailable(_) => 503,
            _ => 400,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            HranaError::Malformed(_)
            | HranaError::StreamClosed
            | HranaError::ConditionAhead { .. }
            | HranaError::SqlOrId
            | HranaError::SqlNotStored { .. } => "HRANA_PROTO_ERROR",
            HranaError::BodyTooLarge { .. } | HranaError::TooManyMembers { .. } => {
                "REQUEST_TOO_LARGE"
            }
            HranaError::Baton(_) => "BATON_INVALID",
            HranaError::StreamExpired => "STREAM_EXPIRED",
            HranaError::TooManyStreams { .. } => "TOO_MANY_STREAMS",
            HranaError::Unauthorized(_) => "AUTH_FAILED",
            HranaError::Forbidden(_) => "BLOCKED",
            HranaError::NoSuchDatabase(_) => "NAMESPACE_DOESNT_EXIST",
            HranaError::NoSuchPath(_) => "NOT_FOUND",
            HranaError::Unavailable(_) => "UNAVAILABLE",
        }
    }

    /// The body of the answer, in JSON.
    pub fn body(&self) -> String {
        let message = self.to_string();
        // libSQL's server has these two members here and no other.
        let error = (*self != HranaError::StreamExpired).then_some(message.as_str());
        let body = Body { message: &message, code: self.code(), error };
        // Texts have no way to fail.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl fmt::Display for HranaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HranaError::Malformed(text)
            | HranaError::Unauthorized(text)
            | HranaError::Forbidden(text)
            | HranaError::NoSuchDatabase(text)
            | HranaError::Unavailable(text) => f.write_str(text),
            HranaError::BodyTooLarge { bytes_max } => {
                write!(f, "The body has more than {bytes_max} bytes: send less at once")
            }
            HranaError::TooManyMembers { members_max } => write!(
                f,
                "The body has more than {members_max} values and statements: send less at once"
            ),
            HranaError::Baton(error) => error.fmt(f),
            HranaError::StreamExpired => f.write_str("The stream has expired due to inactivity"),
            HranaError::StreamClosed => f.write_str(
                "An earlier request of this pipeline closes the stream: `close` comes last",
            ),
            HranaError::ConditionAhead { step } => {
                write!(f, "The condition of step {step} names a step that does not come before it")
            }
            HranaError::SqlOrId => {
                f.write_str("One of `sql` and `sql_id` must be given, and not both")
            }
            HranaError::SqlNotStored { sql_id } => {
                write!(f, "No SQL is stored as {sql_id}: send `store_sql` first")
            }
            HranaError::TooManyStreams { streams_max } => write!(
                f,
                "{streams_max} streams of this database are open: close some, or retry later"
            ),
            HranaError::NoSuchPath(path) if Route::has_lost_its_name(path) => write!(
                f,
                "There is nothing at {path}: a base URL ends with a slash, as in https://…/db/NAME/"
            ),
            HranaError::NoSuchPath(path) => write!(f, "There is nothing at {path}"),
        }
    }
}

impl std::error::Error for HranaError {}

impl From<BatonError> for HranaError {
    fn from(error: BatonError) -> Self {
        HranaError::Baton(error)
    }
}

#[cfg(test)]
mod tests {
    use super::HranaError;

    #[test]
    fn bodies() {
        assert_eq!(
            HranaError::StreamExpired.body(),
            r#"{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}"#
        );
        let body = HranaError::NoSuchPath("/x".into()).body();
        assert_eq!(
            body,
            r#"{"message":"There is nothing at /x","code":"NOT_FOUND","error":"There is nothing at /x"}"#
        );
        let told = |path: &str| HranaError::NoSuchPath(path.into()).to_string();
        assert!(
            told("/db/v2/pipeline")
                .ends_with("a base URL ends with a slash, as in https://…/db/NAME/")
        );
        assert_eq!(told("/db/x/pipeline"), "There is nothing at /db/x/pipeline");
    }
}
