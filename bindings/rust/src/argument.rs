//! What can be bound to a statement, as Rust values.
//!
//! What D1 can bind is bound as D1 binds it: every number as REAL, an `Integer` too, because to D1 it
//! is a number of JavaScript. A column of type INTEGER stores it as an integer all the same, and it
//! comes back into an `i64`. What D1 cannot bind, an integer of 64 bits, is bound as INTEGER.

use std::iter::{Once, once};
use std::ops::Deref;

use isolite_protocol::Value;
use js_sys::Array;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use worker::{Error, Result};

use crate::js_value::value_of;

/// The types of D1's parameters, for [`bind_refs`](crate::D1PreparedStatement::bind_refs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum D1Type<'a> {
    Null,
    Real(f64),
    /// Bound as REAL, as D1 does. To bind an INTEGER, say `BigInt`.
    Integer(i32),
    /// Bound as INTEGER, with every digit. D1 itself has no such type.
    BigInt(i64),
    Text(&'a str),
    /// Bound as 1 or 0.
    Boolean(bool),
    Blob(&'a [u8]),
}

/// An argument converted once, to be bound many times.
#[derive(Clone, Debug)]
pub struct D1PreparedArgument<'a> {
    argument: &'a D1Type<'a>,
    value: Value,
}

/// Something that can be bound.
pub trait D1Argument {
    /// The argument as JavaScript has it, to be bound by D1's rules.
    fn js_value(&self) -> impl AsRef<JsValue>;

    /// The argument as SQLite has it. The types of this crate do without JavaScript here.
    fn value(&self) -> Result<Value> {
        value_of(self.js_value().as_ref())
    }
}

/// A number as D1 binds it: JSON, in which it travels there, has no negative zero.
pub(crate) fn real(number: f64) -> Value {
    Value::Real(number + 0.0)
}

fn value_of_type(argument: &D1Type<'_>) -> Value {
    match *argument {
        D1Type::Null => Value::Null,
        D1Type::Real(number) => real(number),
        D1Type::Integer(integer) => Value::Real(integer.into()),
        D1Type::BigInt(integer) => Value::Integer(integer),
        D1Type::Text(text) => Value::Text(text.to_owned()),
        D1Type::Boolean(boolean) => Value::Real(boolean.into()),
        D1Type::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

impl<'a> From<&'a D1Type<'a>> for JsValue {
    fn from(argument: &'a D1Type<'a>) -> Self {
        match *argument {
            D1Type::Null => JsValue::NULL,
            D1Type::Real(number) => JsValue::from_f64(number),
            D1Type::Integer(integer) => JsValue::from_f64(integer.into()),
            D1Type::BigInt(integer) => JsValue::from(integer),
            D1Type::Text(text) => JsValue::from_str(text),
            D1Type::Boolean(boolean) => JsValue::from_bool(boolean),
            D1Type::Blob(bytes) => array_of(bytes),
        }
    }
}

/// An array of numbers, as `worker` makes it, and not a `Uint8Array`.
fn array_of(bytes: &[u8]) -> JsValue {
    bytes.iter().map(|&byte| JsValue::from(byte)).collect::<Array>().into()
}

impl D1Argument for D1Type<'_> {
    fn js_value(&self) -> impl AsRef<JsValue> {
        JsValue::from(self)
    }

    fn value(&self) -> Result<Value> {
        Ok(value_of_type(self))
    }
}

impl D1Argument for D1PreparedArgument<'_> {
    fn js_value(&self) -> impl AsRef<JsValue> {
        JsValue::from(self.argument)
    }

    fn value(&self) -> Result<Value> {
        Ok(self.value.clone())
    }
}

impl D1Argument for Value {
    fn js_value(&self) -> impl AsRef<JsValue> {
        match self {
            Value::Null => JsValue::NULL,
            Value::Integer(integer) | Value::Exact(integer) => JsValue::from(*integer),
            Value::Real(number) => JsValue::from_f64(*number),
            Value::Text(text) => JsValue::from_str(text),
            Value::Blob(bytes) => array_of(bytes),
        }
    }

    fn value(&self) -> Result<Value> {
        Ok(self.clone())
    }
}

impl<'a> D1PreparedArgument<'a> {
    pub fn new(argument: &'a D1Type<'a>) -> Self {
        Self { argument, value: value_of_type(argument) }
    }
}

impl<'a> Deref for D1PreparedArgument<'a> {
    type Target = D1Type<'a>;

    fn deref(&self) -> &Self::Target {
        self.argument
    }
}

/// Lets a single argument be given to `bind_refs` without an array around it.
impl<'a> IntoIterator for &'a D1Type<'a> {
    type Item = &'a D1Type<'a>;
    type IntoIter = Once<&'a D1Type<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        once(self)
    }
}

/// Lets a single argument be given to `bind_refs` without an array around it.
impl<'a> IntoIterator for &'a D1PreparedArgument<'a> {
    type Item = &'a D1PreparedArgument<'a>;
    type IntoIter = Once<&'a D1PreparedArgument<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        once(self)
    }
}

/// A parameter from whatever serde can write as one, as `query!` binds it: `None` is NULL, a vector
/// of bytes a BLOB, and a number a REAL, unless it is an integer beyond 2^53, which D1 refuses and
/// which is an INTEGER here.
pub fn parameter<T: Serialize + ?Sized>(argument: &T) -> Result<Value> {
    // By way of JavaScript, so that the rules are those of `worker`'s macro in every corner.
    let serializer = Serializer::new().serialize_missing_as_null(true);
    let refused = match argument.serialize(&serializer) {
        Ok(value) => return value_of(&value),
        Err(refused) => refused,
    };
    let serializer = serializer.serialize_large_number_types_as_bigints(true);
    let exact = argument.serialize(&serializer).ok().and_then(|value| value_of(&value).ok());
    exact.ok_or_else(|| Error::Internal(refused.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let value = |argument: &D1Type<'_>| argument.value().ok();
        assert_eq!(value(&D1Type::BigInt(i64::MAX)), Some(Value::Integer(i64::MAX)));
        assert_eq!(value(&D1Type::Integer(7)), Some(Value::Real(7.0)));
        assert_eq!(value(&D1Type::Boolean(true)), Some(Value::Real(1.0)));
        assert_eq!(value(&D1Type::Blob(&[1, 255])), Some(Value::Blob(vec![1, 255])));
        let text = D1Type::Text("x");
        let prepared = D1PreparedArgument::new(&text);
        assert_eq!(prepared.value().ok(), Some(Value::Text("x".into())));
        assert_eq!(*prepared, D1Type::Text("x"));
    }

    #[test]
    fn zero_has_no_sign() {
        let Value::Real(zero) = real(-0.0) else { unreachable!("not a REAL") };
        assert!(zero.is_sign_positive());
    }
}
