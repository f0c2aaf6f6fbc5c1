//! What can be bound to a statement, as Rust values.

use std::iter::{Once, once};
use std::ops::Deref;

use isolite_protocol::Value;
use serde::Serialize;
use worker::Result;

use crate::js_value::type_error;

/// The types of D1's parameters, for [`bind_refs`](crate::D1PreparedStatement::bind_refs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum D1Type<'a> {
    Null,
    Real(f64),
    Integer(i32),
    /// An integer of 64 bits, which D1 itself cannot bind.
    BigInt(i64),
    Text(&'a str),
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
    fn value(&self) -> Value;
}

impl D1Argument for D1Type<'_> {
    fn value(&self) -> Value {
        match *self {
            D1Type::Null => Value::Null,
            D1Type::Real(real) => Value::Real(real),
            D1Type::Integer(integer) => Value::Integer(i64::from(integer)),
            D1Type::BigInt(integer) => Value::Integer(integer),
            D1Type::Text(text) => Value::Text(text.to_owned()),
            D1Type::Boolean(boolean) => Value::Integer(i64::from(boolean)),
            D1Type::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}

impl D1Argument for D1PreparedArgument<'_> {
    fn value(&self) -> Value {
        self.value.clone()
    }
}

impl D1Argument for Value {
    fn value(&self) -> Value {
        self.clone()
    }
}

impl<'a> D1PreparedArgument<'a> {
    pub fn new(argument: &'a D1Type<'a>) -> Self {
        Self { argument, value: argument.value() }
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

/// A parameter from whatever serde can write as one: `None` is NULL, a vector of bytes a BLOB, an
/// integer within 64 bits stays itself.
pub fn parameter<T: Serialize + ?Sized>(argument: &T) -> Result<Value> {
    // Through its JSON text, so that the rules are those of the wire and stand in one place.
    let text = serde_json::to_string(argument)?;
    serde_json::from_str(&text).map_err(|_| type_error("object", &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T: Serialize + ?Sized>(argument: &T) -> Value {
        parameter(argument).unwrap_or_else(|_| unreachable!("refused"))
    }

    #[test]
    fn parameters_from_rust_values() {
        assert_eq!(of(&i64::MIN), Value::Integer(i64::MIN));
        assert_eq!(of(&7u8), Value::Integer(7));
        assert_eq!(of(&1.0), Value::Real(1.0));
        assert_eq!(of(&f64::NAN), Value::Null);
        assert_eq!(of(&true), Value::Integer(1));
        assert_eq!(of("text"), Value::Text("text".into()));
        assert_eq!(of(&"text"), Value::Text("text".into()));
        assert_eq!(of(&None::<i32>), Value::Null);
        assert_eq!(of(&Some("x")), Value::Text("x".into()));
        assert_eq!(of(&vec![1u8, 255]), Value::Blob(vec![1, 255]));
    }

    #[test]
    fn arguments() {
        assert_eq!(D1Type::BigInt(i64::MAX).value(), Value::Integer(i64::MAX));
        assert_eq!(D1Type::Boolean(true).value(), Value::Integer(1));
        let text = D1Type::Text("x");
        let prepared = D1PreparedArgument::new(&text);
        assert_eq!(prepared.value(), Value::Text("x".into()));
        assert_eq!(*prepared, D1Type::Text("x"));
    }
}
