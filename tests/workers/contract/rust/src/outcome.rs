//! What comes of a call, as JSON: `{value}`, or `{error: {type, message, cause}}`.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use wasm_bindgen::JsCast;
use worker::{Error, Result};

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Value(Box<RawValue>),
    Error(Described),
}

/// An error by what a Worker sees of it.
#[derive(Serialize)]
pub struct Described {
    /// The class of the JavaScript error inside.
    r#type: String,
    message: String,
    cause: Option<String>,
    /// The variant of `worker::Error`, on which a Rust Worker matches.
    variant: &'static str,
}

/// What a result tells.
#[derive(Serialize)]
pub struct Told<M, R> {
    pub success: bool,
    pub meta: M,
    pub results: Vec<R>,
}

#[derive(Serialize)]
pub struct Executed {
    pub count: Option<u32>,
    pub duration: Option<f64>,
}

impl Outcome {
    pub fn of<T: Serialize>(result: Result<T>) -> Self {
        match result.and_then(|value| Ok(to_raw_value(&value)?)) {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Error(Described::of(&error)),
        }
    }
}

impl Described {
    pub fn of(error: &Error) -> Self {
        let variant = error.into();
        match error {
            Error::D1(error) => Self::thrown(error.as_ref(), Some(error.cause()), variant),
            Error::UnknownJsError { name, message, cause, .. } => Self {
                r#type: name.clone().unwrap_or_default(),
                message: message.clone(),
                cause: match cause.as_deref() {
                    Some(Error::UnknownJsError { message, .. }) => Some(message.clone()),
                    _ => None,
                },
                variant,
            },
            other => match other.to_js_value().dyn_ref::<js_sys::Error>() {
                Some(original) => Self::thrown(original, None, variant),
                None => Self::other(other.to_string(), variant),
            },
        }
    }

    fn thrown(original: &js_sys::Error, cause: Option<String>, variant: &'static str) -> Self {
        let (r#type, message) = (original.name().into(), original.message().into());
        Self { r#type, message, cause, variant }
    }

    fn other(message: String, variant: &'static str) -> Self {
        Self { r#type: String::new(), message, cause: None, variant }
    }
}
