//! The faults of the platform and of the directory, as REST tells of them.

use isolite_protocol::directory::Refusal;
use isolite_protocol::rest::RestError;
use worker::Error;

use crate::object_js::is_overloaded;

/// No answer came from an object: it was reset, is too busy, or the network failed.
pub(crate) fn of_platform(error: &Error) -> RestError {
    let text = message(error);
    if is_overloaded(error) { RestError::Overloaded(text) } else { RestError::Internal(text) }
}

/// The directory answered and refused. `database` is what the caller named.
pub(crate) fn of_directory(refusal: Refusal, database: &str) -> RestError {
    match refusal {
        Refusal::Malformed(text) => RestError::Malformed(text),
        Refusal::NotFound(_) => RestError::NoSuchDatabase(database.to_owned()),
        Refusal::NameTaken(_) => RestError::NameTaken,
        Refusal::NoRoute => RestError::Internal(refusal.message().to_owned()),
    }
}

/// The text of an error that JavaScript threw, without its class before it.
pub(crate) fn message(error: &Error) -> String {
    match error {
        Error::UnknownJsError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}
