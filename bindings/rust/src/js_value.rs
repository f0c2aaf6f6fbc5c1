//! The border with JavaScript: what is bound as a `JsValue`, rows handed out as one, and errors,
//! which are JavaScript's own so that they keep their cause on the way through it.

use isolite_protocol::Value;
use js_sys::{Array, ArrayBuffer, JSON, JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::{Error, Result};

use crate::argument::{D1Argument, D1Type};
use crate::error::D1_TYPE_ERROR;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's `String(value)`; throws for some objects.
    #[wasm_bindgen(catch, js_name = String)]
    fn text_of(value: &JsValue) -> std::result::Result<JsString, JsValue>;
}

/// The parameter that a JavaScript value stands for, by D1's rules, and a BigInt besides.
pub(crate) fn value_of(value: &JsValue) -> Result<Value> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Ok(number_value(number));
    }
    if let Some(boolean) = value.as_bool() {
        return Ok(Value::Integer(i64::from(boolean)));
    }
    let value = match value.dyn_ref::<ArrayBuffer>() {
        Some(buffer) => JsValue::from(Uint8Array::new(buffer)),
        None => value.clone(),
    };
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(Value::Blob(bytes.to_vec()));
    }
    if let Some(bytes) = value.dyn_ref::<Array>().and_then(bytes_of) {
        return Ok(Value::Blob(bytes));
    }
    if value.is_bigint()
        && let Ok(integer) = i64::try_from(value.clone())
    {
        return Ok(Value::Integer(integer));
    }
    let kind = value.js_typeof().as_string().unwrap_or_default();
    Err(type_error(&kind, &String::from(text_of(&value)?)))
}

/// As the same number comes over the wire: integral within 64 bits is INTEGER, NaN is NULL.
fn number_value(number: f64) -> Value {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if !number.is_finite() {
        Value::Null
    } else if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) {
        Value::Integer(number as i64)
    } else {
        Value::Real(number)
    }
}

fn bytes_of(array: &Array) -> Option<Vec<u8>> {
    let byte = |element: JsValue| {
        let number = element.as_f64().filter(|number| (0.0..256.0).contains(number))?;
        Some(number as u8)
    };
    array.iter().map(byte).collect()
}

/// Rows as JSON text, as an array of JavaScript values. Integers past 2^53 are rounded by
/// JavaScript's parser, as in D1.
pub(crate) fn rows_of(text: &str) -> Result<Vec<JsValue>> {
    let parsed = JSON::parse(text)?;
    let rows = parsed.dyn_into::<Array>()?;
    Ok(rows.to_vec())
}

pub(crate) fn type_error(kind: &str, value: &str) -> Error {
    let message = format!("Type '{kind}' not supported for value '{value}'");
    d1_error(D1_TYPE_ERROR, &message, &message)
}

pub(crate) fn d1_error(code: &str, message: &str, cause: &str) -> Error {
    let error = js_sys::Error::new(&format!("{code}: {message}"));
    error.set_cause(&js_sys::Error::new(cause));
    Error::from(error)
}

impl<'a> From<&'a D1Type<'a>> for JsValue {
    fn from(argument: &'a D1Type<'a>) -> Self {
        match argument.value() {
            Value::Null => JsValue::NULL,
            Value::Integer(_) if matches!(argument, D1Type::Boolean(true)) => JsValue::TRUE,
            Value::Integer(_) if matches!(argument, D1Type::Boolean(false)) => JsValue::FALSE,
            // A BigInt where a number could not hold it.
            Value::Integer(integer) | Value::Exact(integer) => match i32::try_from(integer) {
                Ok(small) => JsValue::from(small),
                Err(_) => JsValue::from(integer),
            },
            Value::Real(real) => JsValue::from_f64(real),
            Value::Text(text) => JsValue::from_str(&text),
            Value::Blob(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        }
    }
}
