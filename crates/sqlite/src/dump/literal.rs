//! Values as SQL that gives exactly them again, in this SQLite and in those that others use.

use std::io::Write;

use crate::json::write_number;
use crate::statement::Cell;

/// Writes a value. Only what every SQLite and D1's list of functions have is used.
pub(super) fn write_literal(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => out.extend_from_slice(b"NULL"),
        Cell::Integer(number) => write_number(*number, out),
        Cell::Real(number) => write_real(*number, out),
        Cell::Text(text) => write_text(text, out),
        Cell::Blob(bytes) => write_blob(bytes, out),
    }
}

/// Up to 15 digits every SQLite reads exactly. Beyond, older ones come nearest when they are given
/// all 17.
fn write_real(number: f64, out: &mut Vec<u8>) {
    const DIGITS_EXACT: usize = 15;
    if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"9.0e+999" } else { b"-9.0e+999" });
        return;
    }
    let shortest = format!("{number:?}");
    let digits = shortest.split('e').next().unwrap_or_default();
    if digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_EXACT {
        out.extend_from_slice(shortest.as_bytes());
    } else {
        // Writing into memory does not fail.
        let _ = write!(out, "{number:.16e}");
    }
}

/// A text that a statement cannot hold, with NUL or not UTF-8, goes by its bytes.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    if text.contains(&0) || std::str::from_utf8(text).is_err() {
        out.extend_from_slice(b"CAST(");
        write_blob(text, out);
        out.extend_from_slice(b" AS TEXT)");
        return;
    }
    out.push(b'\'');
    for (index, part) in text.split(|byte| *byte == b'\'').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"''");
        }
        out.extend_from_slice(part);
    }
    out.push(b'\'');
}

fn write_blob(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(2 * bytes.len() + 3);
    out.extend_from_slice(b"X'");
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(cell: Cell<'_>) -> String {
        let mut out = vec![];
        write_literal(&cell, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn literals() {
        assert_eq!(literal(Cell::Null), "NULL");
        assert_eq!(literal(Cell::Integer(i64::MAX)), "9223372036854775807");
        assert_eq!(literal(Cell::Integer(i64::MIN)), "-9223372036854775808");
        for (number, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e300, "1e300"),
            (0.1 + 0.2, "3.0000000000000004e-1"),
            (f64::INFINITY, "9.0e+999"),
            (f64::NEG_INFINITY, "-9.0e+999"),
        ] {
            assert_eq!(literal(Cell::Real(number)), text);
        }
        assert_eq!(literal(Cell::Text(b"it's\n'")), "'it''s\n'''");
        assert_eq!(literal(Cell::Text(b"a\0")), "CAST(X'6100' AS TEXT)");
        assert_eq!(literal(Cell::Text(b"\xff")), "CAST(X'FF' AS TEXT)");
        assert_eq!(literal(Cell::Blob(b"")), "X''");
        assert_eq!(literal(Cell::Blob(b"\x01\xfe")), "X'01FE'");
    }
}
