//! A SQLite value as JSON, in D1's reading of it.
//!
//! Parameters come straight from the text into this type: no tree of JSON values is built, and a
//! 64-bit integer keeps every digit. A blob is an array of bytes, as D1's client sends it. A number
//! is bound as JavaScript's are, as a REAL, unless the request says otherwise; what is an INTEGER
//! whatever the request says is an object with its digits, `{"$integer": "-1"}`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    /// An integer that says of itself that it is one.
    Exact(i64),
}

/// An integral number within 64 bits is an INTEGER, every other number a REAL; a boolean is 1 or 0.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a number, a string, a boolean or an array of bytes")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Integer(i64::from(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        // Past 2^63 SQLite's own literals turn into REAL as well.
        Ok(i64::try_from(value).map_or(Value::Real(value as f64), Value::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut bytes = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(4096));
        while let Some(Byte(byte)) = elements.next_element()? {
            bytes.push(byte);
        }
        Ok(Value::Blob(bytes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        if let Some(key) = entries.next_key::<String>()? {
            if key == EXACT {
                return exact(entries);
            }
            entries.next_value::<IgnoredAny>()?;
        }
        // The text of the error must not depend on what else is wrong inside the object.
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(A::Error::custom("Type 'object' not supported for value '[object Object]'"))
    }
}

/// The one key of an integer that says what it is.
const EXACT: &str = "$integer";

fn exact<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Value, A::Error> {
    let digits: String = entries.next_value()?;
    if entries.next_key::<IgnoredAny>()?.is_some() {
        return Err(A::Error::custom(format_args!("`{EXACT}` must be the only key")));
    }
    let integer = digits.parse().map(Value::Exact);
    integer.map_err(|_| A::Error::custom(format_args!("`{EXACT}` must be digits of 64 bits")))
}

/// An element of a blob: a number taken as a byte the way a `Uint8Array` takes it, fraction cut off
/// and modulo 256. D1's client sends typed arrays of every kind by their elements.
struct Byte(u8);

impl<'de> Deserialize<'de> for Byte {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByteVisitor)
    }
}

struct ByteVisitor;

impl<'de> Visitor<'de> for ByteVisitor {
    type Value = Byte;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte, that is a number from 0 to 255")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Byte, E> {
        Ok(Byte(value as u8))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Byte, E> {
        Ok(Byte(value as u8))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Byte, E> {
        Ok(Byte(value.trunc().rem_euclid(256.0) as u8))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Byte, E> {
        Err(not_a_byte(value))
    }

    /// JSON has null where JavaScript had NaN or an infinity, and those count as zero.
    fn visit_unit<E: Error>(self) -> Result<Byte, E> {
        Ok(Byte(0))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Byte, E> {
        // Cut, so that an error never carries a whole document back.
        Err(not_a_byte(value.chars().take(40).collect::<String>()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Byte, A::Error> {
        Err(not_a_byte("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Byte, A::Error> {
        Err(not_a_byte("[object Object]"))
    }
}

fn not_a_byte<E: Error>(value: impl fmt::Display) -> E {
    E::custom(format_args!(
        "Type 'object' not supported for value '{value}' in an array: \
         only numbers, taken as bytes, can be bound as an array"
    ))
}

/// The inverse: what is written is read back as the same value. NaN and the infinities, which
/// JSON cannot hold, become null, as in D1.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Exact(value) => {
                let mut object = serializer.serialize_map(Some(1))?;
                object.serialize_entry(EXACT, &value.to_string())?;
                object.end()
            }
            Value::Real(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Blob(bytes) => serializer.collect_seq(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value::{self, *};

    fn decode(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn error(text: &str) -> String {
        serde_json::from_str::<Value>(text).unwrap_err().to_string()
    }

    #[test]
    fn numbers() {
        assert_eq!(decode("0"), Integer(0));
        assert_eq!(decode("9007199254740993"), Integer(9_007_199_254_740_993));
        assert_eq!(decode("9223372036854775807"), Integer(i64::MAX));
        assert_eq!(decode("-9223372036854775808"), Integer(i64::MIN));
        assert_eq!(decode("9223372036854775808"), Real(9_223_372_036_854_775_808.0));
        assert_eq!(decode("100000000000000000000"), Real(1e20));
        assert_eq!(decode("1e20"), Real(1e20));
        assert_eq!(decode(r#"{"$integer":"9223372036854775807"}"#), Exact(i64::MAX));
        assert_eq!(decode("1.0"), Real(1.0));
        assert_eq!(decode("0.1"), Real(0.1));
        // One of the texts that the fast float parser rounds to the wrong neighbour.
        assert_eq!(decode("51.24817837550540"), Real(51.248_178_375_505_4));
        assert!(error("1e999").contains("number out of range"));
    }

    #[test]
    fn the_other_types() {
        assert_eq!(decode("null"), Null);
        assert_eq!(decode("true"), Integer(1));
        assert_eq!(decode("false"), Integer(0));
        assert_eq!(decode(r#""a\u0000b\ud83d\ude00""#), Text("a\0b😀".into()));
        assert_eq!(decode("[]"), Blob(vec![]));
        assert_eq!(decode("[0,255,1.9,255.5]"), Blob(vec![0, 255, 1, 255]));
        assert_eq!(decode("[1.5,2,-1,300,-1.5,256.0,null]"), Blob(vec![1, 2, 255, 44, 255, 0, 0]));
    }

    #[test]
    fn refusals() {
        assert!(
            error("{\"a\":[{}]}").starts_with("Type 'object' not supported for value '[object")
        );
        for text in [
            r#"{"$integer":1}"#,
            r#"{"$integer":""}"#,
            r#"{"$integer":"1.0"}"#,
            r#"{"$integer":"9223372036854775808"}"#,
            r#"{"$integer":"1","a":1}"#,
        ] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
        for text in ["[1,\"a\"]", "[true]", "[[1]]", "[{}]"] {
            assert!(error(text).starts_with("Type 'object' not supported for value"), "{text}");
        }
        assert!(error(&"[".repeat(100_000)).contains("Type 'object' not supported"));
        assert!(error(&"{\"a\":".repeat(100_000)).contains("EOF"));
    }

    #[test]
    fn written_and_read_back() {
        let values = [
            Null,
            Integer(i64::MIN),
            Real(1.0),
            Real(5e-324),
            Text("\"\n\u{2028}".into()),
            Blob(vec![0, 128, 255]),
            Exact(i64::MIN),
        ];
        for value in values {
            assert_eq!(decode(&serde_json::to_string(&value).unwrap()), value);
        }
        assert_eq!(serde_json::to_string(&Real(f64::NAN)).unwrap(), "null");
    }
}
