//! The faults of the platform and of the directory, as REST tells of them.

mod js;

use isolite_protocol::directory::Refusal;
use isolite_protocol::rest::RestError;
use worker::Error;

/// No answer came from an object: it was reset, is too busy, or the network failed.
pub(crate) fn of_platform(error: &Error) -> RestError {
    let text = match error {
        // Without the class, which the text of this variant begins with.
        Error::UnknownJsError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    if js::is_overloaded(error) { RestError::Overloaded(text) } else { RestError::Internal(text) }
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
