//! Rows as JSON text, written once, straight from SQLite's memory into the answer.
//!
//! One text crosses to JavaScript and becomes objects there by one parse, which is faster than any
//! number of calls across the border. Integers keep all their digits: JavaScript rounds those past
//! 2^53 as it does with D1, other readers need not.

use isolite_protocol::ResultsFormat;

use crate::statement::{Cell, Statement};

/// Writes the rows of one statement.
pub(crate) struct RowWriter {
    format: ResultsFormat,
    /// For objects: `"name":` in the order in which the names first occur, and the column that
    /// gives the value, which is the last one of that name.
    keys: Vec<(Vec<u8>, usize)>,
    first_row: bool,
}

impl RowWriter {
    /// Begins `results` for `statement`.
    pub(crate) fn begin(
        format: ResultsFormat,
        statement: &mut Statement,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut writer = RowWriter { format, keys: vec![], first_row: true };
        if is_grid(format) {
            out.extend_from_slice(b"{\"columns\":");
            out.extend_from_slice(statement.columns_json());
            out.extend_from_slice(b",\"rows\":[");
            return writer;
        }
        let names: Vec<String> =
            (0..statement.column_count()).map(|index| statement.column_name(index)).collect();
        out.push(b'[');
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                continue;
            }
            let mut key = Vec::new();
            write_text(name, &mut key);
            key.push(b':');
            let last = names.iter().rposition(|other| other == name).unwrap_or(index);
            writer.keys.push((key, last));
        }
        writer
    }

    /// Writes the current row.
    pub(crate) fn row(&mut self, statement: &Statement, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.first_row) {
            out.push(b',');
        }
        if is_grid(self.format) {
            out.push(b'[');
            for index in 0..statement.column_count() {
                if index > 0 {
                    out.push(b',');
                }
                write_cell(&statement.cell(index), out);
            }
            out.push(b']');
            return;
        }
        out.push(b'{');
        for (index, (key, column)) in self.keys.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            write_cell(&statement.cell(*column), out);
        }
        out.push(b'}');
    }

    /// Ends `results`.
    pub(crate) fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if is_grid(self.format) { b"]}" } else { b"]" });
    }
}

fn is_grid(format: ResultsFormat) -> bool {
    matches!(format, ResultsFormat::RowsAndColumns | ResultsFormat::Compact)
}

pub(crate) fn write_cell(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Integer(number) => write_number(*number, out),
        Cell::Real(number) => write_real(*number, out),
        Cell::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => write_text(text, out),
            Err(_) => write_text(&String::from_utf8_lossy(bytes), out),
        },
        Cell::Blob(bytes) => {
            out.push(b'[');
            for (index, byte) in bytes.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_number(i64::from(*byte), out);
            }
            out.push(b']');
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_json(text, out);
}

pub(crate) fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// As JavaScript writes it where an integer is meant, so that readers who want an integer get one.
/// Above 2^53 with an exponent: there a reader may take digits alone for an INTEGER.
pub(crate) fn write_real(number: f64, out: &mut Vec<u8>) {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0; // 2^53
    if number.fract() == 0.0 && number.abs() < EXACT_MAX {
        write_number(number as i64, out);
    } else {
        write_json(&number, out);
    }
}

/// Numbers that are not finite become null, as with JSON.stringify.
pub(crate) fn write_json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Writing text and numbers into memory has no way to fail.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok());
}
