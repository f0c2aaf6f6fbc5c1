//! Errors of the database as D1 words them: a code, a colon, the message, and the message alone as
//! the cause.
//!
//! They travel as [`worker::Error`], in the variants that `worker::d1` itself returns: most methods
//! give an [`Error::D1`], but `all` and `bind` an [`Error::UnknownJsError`]. So a `match` written for
//! D1 goes on matching; [`D1Failure`] reads both.

use std::fmt;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use worker::{D1Database, Error};

pub(crate) const D1_ERROR: &str = "D1_ERROR";
pub(crate) const D1_EXEC_ERROR: &str = "D1_EXEC_ERROR";
pub(crate) const D1_TYPE_ERROR: &str = "D1_TYPE_ERROR";
pub(crate) const D1_COLUMN_NOTFOUND: &str = "D1_COLUMN_NOTFOUND";
pub(crate) const D1_DUMP_ERROR: &str = "D1_DUMP_ERROR";

/// An error that the database answered with: nothing of the statement or batch has been done.
/// (A [`worker::Error`] that is none of these means that no answer came.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct D1Failure {
    message: String,
    cause: String,
}

impl D1Failure {
    /// The failure in this error, if it is one.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::D1(error) => {
                let original: &js_sys::Error = error.as_ref();
                Some(Self { message: original.message().into(), cause: error.cause() })
            }
            Error::UnknownJsError { message, cause, .. } if message.starts_with("D1_") => {
                let cause = match cause.as_deref() {
                    Some(Error::UnknownJsError { message, .. }) => message.clone(),
                    _ => "unknown error".to_owned(),
                };
                Some(Self { message: message.clone(), cause })
            }
            _ => None,
        }
    }

    /// `D1_ERROR`, `D1_EXEC_ERROR`, `D1_TYPE_ERROR`, `D1_COLUMN_NOTFOUND` or `D1_DUMP_ERROR`.
    pub fn code(&self) -> &str {
        self.message.split_once(':').map_or(&*self.message, |(code, _)| code)
    }

    /// The message without the code, as `UNIQUE constraint failed: notes.id: SQLITE_CONSTRAINT`.
    pub fn cause(&self) -> &str {
        &self.cause
    }
}

impl fmt::Display for D1Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for D1Failure {}

fn js_error(code: &str, message: &str, cause: &str) -> js_sys::Error {
    let error = js_sys::Error::new(&format!("{code}: {message}"));
    error.set_cause(&js_sys::Error::new(cause));
    error
}

/// A failure as most methods return it.
pub(crate) fn d1_error(code: &str, message: &str, cause: &str) -> Error {
    as_d1(js_error(code, message, cause))
}

/// What `bind` does not take, as it returns it.
pub(crate) fn type_error(kind: &str, value: &str) -> Error {
    let message = format!("Type '{kind}' not supported for value '{value}'");
    Error::from(js_error(D1_TYPE_ERROR, &message, &message))
}

/// A failure as `all` returns it.
pub(crate) fn thrown(error: Error) -> Error {
    match &error {
        Error::D1(error) => {
            let original: &JsValue = error.as_ref();
            Error::from(original.clone())
        }
        _ => error,
    }
}

/// An [`Error::D1`] of this error. Only `worker` can make one, of what D1's class threw at it; so an
/// object that throws this error stands in for D1's.
fn as_d1(error: js_sys::Error) -> Error {
    let again = error.clone();
    let throw = Closure::once_into_js(move || -> Result<JsValue, JsValue> { Err(error.into()) });
    let thrower = Object::new();
    if let Err(error) = Reflect::set(&thrower, &"withSession".into(), &throw) {
        return Error::from(error);
    }
    match thrower.unchecked_into::<D1Database>().with_session(None) {
        Err(error) => error,
        Ok(_) => Error::from(again),
    }
}
