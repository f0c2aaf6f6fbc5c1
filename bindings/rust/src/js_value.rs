//! The border with JavaScript: what is bound as a `JsValue`, and rows handed out as one.

use isolite_protocol::Value;
use js_sys::{Array, ArrayBuffer, DataView, JSON, JsString, TypeError, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::{Error, Result};

use crate::argument::real;
use crate::error::type_error;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    type Bytes;

    /// Throws for a buffer that was handed over to somebody else.
    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn of(source: &JsValue) -> std::result::Result<Bytes, JsValue>;

    #[wasm_bindgen(js_name = String)]
    type Prefix;

    /// `"".concat(value)`, which like a template takes a value for its text and throws for some.
    #[wasm_bindgen(catch, method, js_class = "String", js_name = concat)]
    fn concat(this: &Prefix, value: &JsValue) -> std::result::Result<JsString, JsValue>;
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
        return Ok(real(number));
    }
    if let Some(boolean) = value.as_bool() {
        return Ok(real(boolean.into()));
    }
    if let Some(bytes) = bytes_of(value)? {
        return Ok(Value::Blob(bytes));
    }
    if value.is_bigint()
        && let Ok(integer) = i64::try_from(value.clone())
    {
        return Ok(Value::Integer(integer));
    }
    let kind = value.js_typeof().as_string().unwrap_or_default();
    let text = JsValue::from_str("").unchecked_into::<Prefix>().concat(value)?;
    Err(type_error(&kind, &String::from(text)))
}

/// The bytes of a buffer, of an array of nothing but bytes, and of a view: of this its elements as
/// bytes, and of a DataView, which has none, no bytes.
fn bytes_of(value: &JsValue) -> Result<Option<Vec<u8>>> {
    if let Some(array) = value.dyn_ref::<Array>() {
        return Ok(array.iter().map(byte).collect());
    }
    if value.has_type::<DataView>() {
        return Ok(Some(Vec::new()));
    }
    if value.has_type::<js_sys::BigInt64Array>() || value.has_type::<js_sys::BigUint64Array>() {
        return Err(Error::from(JsValue::from(TypeError::new(
            "Do not know how to serialize a BigInt",
        ))));
    }
    let is_bytes = value.has_type::<ArrayBuffer>() || ArrayBuffer::is_view(value);
    Ok(if is_bytes { Some(Bytes::of(value)?.to_vec()) } else { None })
}

fn byte(element: JsValue) -> Option<u8> {
    let number = element.as_f64().filter(|number| (0.0..256.0).contains(number))?;
    Some(number as u8)
}

/// Rows as JSON text, as an array of JavaScript values. Integers past 2^53 are rounded by
/// JavaScript's parser, as in D1.
pub(crate) fn rows_of(text: &str) -> Result<Vec<JsValue>> {
    let parsed = JSON::parse(text)?;
    let rows = parsed.dyn_into::<Array>()?;
    Ok(rows.to_vec())
}
