//! Where a dump goes on: the step of its plan, and the key of the last row that was written.
//!
//! As text it is hex digits, dots and letters, fit for an URL. A cursor means something only for the
//! same database at the same position and with the same options.

use std::fmt;
use std::str::FromStr;

use crate::statement::Cell;

/// The first character of a cursor's text, which changes when its form does.
const VERSION: &str = "1";

/// Where a dump goes on. The default is its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DumpCursor {
    pub(super) step: usize,
    /// Of the last row that was written in this step, if one was.
    pub(super) key: Option<Key>,
}

/// The values by which a row is found again.
pub(super) type Key = Vec<KeyValue>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyValue {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// A text is not one that a cursor was encoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;

impl fmt::Display for NotACursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the cursor of a dump")
    }
}

impl std::error::Error for NotACursor {}

impl KeyValue {
    pub(super) fn of(cell: Cell<'_>) -> KeyValue {
        match cell {
            Cell::Null => KeyValue::Null,
            Cell::Integer(number) => KeyValue::Integer(number),
            Cell::Real(number) => KeyValue::Real(number),
            Cell::Text(text) => KeyValue::Text(text.to_vec()),
            Cell::Blob(bytes) => KeyValue::Blob(bytes.to_vec()),
        }
    }

    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            KeyValue::Null => Cell::Null,
            KeyValue::Integer(number) => Cell::Integer(*number),
            KeyValue::Real(number) => Cell::Real(*number),
            KeyValue::Text(text) => Cell::Text(text),
            KeyValue::Blob(bytes) => Cell::Blob(bytes),
        }
    }

    fn decode(text: &str) -> Option<KeyValue> {
        let kind = text.chars().next()?;
        let rest = &text[kind.len_utf8()..];
        Some(match kind {
            'n' if rest.is_empty() => KeyValue::Null,
            'i' => KeyValue::Integer(rest.parse().ok()?),
            'r' => KeyValue::Real(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
            't' => KeyValue::Text(from_hex(rest)?),
            'b' => KeyValue::Blob(from_hex(rest)?),
            _ => return None,
        })
    }
}

impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |f: &mut fmt::Formatter<'_>, kind: &str, bytes: &[u8]| {
            f.write_str(kind)?;
            bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match self {
            KeyValue::Null => f.write_str("n"),
            KeyValue::Integer(number) => write!(f, "i{number}"),
            KeyValue::Real(number) => write!(f, "r{:x}", number.to_bits()),
            KeyValue::Text(text) => hex(f, "t", text),
            KeyValue::Blob(bytes) => hex(f, "b", bytes),
        }
    }
}

impl fmt::Display for DumpCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}", self.step)?;
        self.key.iter().flatten().try_for_each(|value| write!(f, ".{value}"))
    }
}

impl FromStr for DumpCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.split('.');
        if parts.next() != Some(VERSION) {
            return Err(NotACursor);
        }
        let step = parts.next().and_then(|step| step.parse().ok()).ok_or(NotACursor)?;
        let key: Option<Key> = parts.map(KeyValue::decode).collect();
        let key = key.ok_or(NotACursor)?;
        Ok(DumpCursor { step, key: (!key.is_empty()).then_some(key) })
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_as_text() {
        let key = vec![
            KeyValue::Null,
            KeyValue::Integer(i64::MIN),
            KeyValue::Real(-0.0),
            KeyValue::Text(vec![0, 0xff, b'.']),
            KeyValue::Blob(vec![]),
        ];
        for cursor in [
            DumpCursor::default(),
            DumpCursor { step: 17, key: None },
            DumpCursor { step: 1, key: Some(key) },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1", "2.0", "1.x", "1.0.", "1.0.i", "1.0.t0", "1.0.tgg", "1.0.é", "1.-1"]
        {
            assert_eq!(text.parse::<DumpCursor>(), Err(NotACursor), "{text}");
        }
    }
}
