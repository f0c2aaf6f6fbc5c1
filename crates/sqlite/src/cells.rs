//! Parameters and rows as JavaScript writes and reads them in place, in this module's own memory.
//!
//! JSON costs a row that is found in two microseconds as much again, to write its numbers as digits,
//! to read them back, and to name its columns once more. Here a cell is eight bytes: a number is
//! itself, and anything else a NaN, of which no value of SQLite is one, with a code in its lower half:
//!
//! | code | is |
//! |---|---|
//! | 0 and more | a text of so many bytes, all ASCII; texts lie behind each other |
//! | -1 | NULL |
//! | -2 | the next of `others`, a list in JSON: what is not plain, as it stands in any answer |
//!
//! An answer is [`HEADER`] numbers, then the cells row by row. `bindings/js/src/cells.ts` is the other
//! side. Whoever reads or writes there does so at once: the next call uses the same memory.

use isolite_protocol::Value;

use crate::error::Error;
use crate::json::write_cell;
use crate::statement::{Cell, Statement};

/// The numbers of `meta`, of rows, and where texts and others are.
const HEADER: usize = 11;
const NULL: i32 = -1;
const OTHER: i32 = -2;
/// Longer texts are read faster by JavaScript as JSON.
const TEXT_BYTES_MAX: usize = 64;
/// Parameters beyond these come as JSON.
const PARAMS_MAX: usize = 100;
const PARAM_TEXT_BYTES_MAX: usize = 4_096;
/// Integers that a number of JavaScript holds exactly.
const SAFE_MAX: u64 = (1 << 53) - 1;
/// What is kept from one answer to the next.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// The memory that both sides use.
pub struct Cells {
    params: Box<[u64; PARAMS_MAX]>,
    param_texts: Box<[u8; PARAM_TEXT_BYTES_MAX]>,
    /// Those of the running statement, which refers to them.
    values: Vec<Value>,
    answer: Vec<u64>,
    texts: Vec<u8>,
    others: Vec<u8>,
}

impl Default for Cells {
    fn default() -> Self {
        Cells {
            params: Box::new([0; PARAMS_MAX]),
            param_texts: Box::new([0; PARAM_TEXT_BYTES_MAX]),
            values: vec![],
            answer: vec![],
            texts: vec![],
            others: vec![],
        }
    }
}

impl Cells {
    /// Where parameters are written, and their texts. These places never change.
    pub fn params_at(&self) -> (*const u64, *const u8) {
        (self.params.as_ptr(), self.param_texts.as_ptr())
    }

    /// Where the answer is, until the next.
    pub fn answer_at(&self) -> *const u64 {
        self.answer.as_ptr()
    }

    /// Reads the parameters that were written; None if that was not as it should be.
    pub(crate) fn take_params(&mut self, count: usize) -> Option<&[Value]> {
        self.values.clear();
        let mut texts = self.param_texts.as_slice();
        for bits in self.params.get(..count)? {
            let number = f64::from_bits(*bits);
            let value = match (number.is_nan(), *bits as i32) {
                (false, _) => Value::Real(number),
                (true, NULL) => Value::Null,
                (true, len) => {
                    let (text, rest) = texts.split_at_checked(usize::try_from(len).ok()?)?;
                    texts = rest;
                    Value::Text(std::str::from_utf8(text).ok()?.to_owned())
                }
            };
            self.values.push(value);
        }
        Some(&self.values)
    }

    pub(crate) fn begin(&mut self) {
        if self.answer.capacity() * 8 + self.texts.capacity() + self.others.capacity()
            > KEPT_BYTES_MAX
        {
            (self.answer, self.texts, self.others) = Default::default();
        }
        self.answer.clear();
        self.answer.resize(HEADER, 0);
        self.texts.clear();
        self.others.clear();
    }

    /// Writes the current row.
    pub(crate) fn row(&mut self, statement: &Statement, width: usize) {
        for index in 0..width {
            let bits = match statement.cell(index) {
                Cell::Null => code(NULL),
                Cell::Integer(number) if number.unsigned_abs() <= SAFE_MAX => {
                    (number as f64).to_bits()
                }
                // As in JSON there is no -0, and what is not finite is NULL.
                Cell::Real(number) if number.is_finite() => (number + 0.0).to_bits(),
                Cell::Real(_) => code(NULL),
                Cell::Text(text) if text.len() <= TEXT_BYTES_MAX && text.is_ascii() => {
                    self.texts.extend_from_slice(text);
                    code(text.len() as i32)
                }
                cell => {
                    self.others.push(if self.others.is_empty() { b'[' } else { b',' });
                    write_cell(&cell, &mut self.others);
                    code(OTHER)
                }
            };
            self.answer.push(bits);
        }
    }

    /// An answer of which the JSON might be too large is left to those who write it. That of a cell
    /// is no more than six times as long.
    pub(crate) fn check_size(&self, json_bytes_max: usize) -> Result<(), Error> {
        let bytes = self.answer.len() * 8 + self.texts.len() + self.others.len();
        match bytes > json_bytes_max / 6 {
            true => Err(Error::ResultTooLarge { bytes_max: json_bytes_max }),
            false => Ok(()),
        }
    }

    /// Ends an answer with its numbers; nothing was changed, so those of changes stay 0.
    pub(crate) fn end(&mut self, row_count: usize, meta: &CellsMeta) {
        if !self.others.is_empty() {
            self.others.push(b']');
        }
        let header: [f64; HEADER] = [
            0.0,
            0.0,
            meta.last_row_id as f64,
            0.0,
            meta.size_bytes as f64,
            meta.rows.0 as f64,
            meta.rows.1 as f64,
            row_count as f64,
            self.texts.as_ptr() as usize as f64,
            self.others.as_ptr() as usize as f64,
            self.others.len() as f64,
        ];
        for (place, number) in self.answer.iter_mut().zip(header) {
            *place = number.to_bits();
        }
    }
}

/// What `meta` tells of a read.
pub(crate) struct CellsMeta {
    pub(crate) last_row_id: i64,
    pub(crate) size_bytes: u64,
    /// Read and written.
    pub(crate) rows: (u64, u64),
}

fn code(code: i32) -> u64 {
    f64::NAN.to_bits() & !0xffff_ffff | u64::from(code as u32)
}

/// What JavaScript does on its side.
#[cfg(test)]
impl Cells {
    pub(crate) fn set_params(&mut self, params: &[f64]) {
        for (place, number) in self.params.iter_mut().zip(params) {
            *place = number.to_bits();
        }
    }

    pub(crate) fn told(&self) -> Vec<String> {
        let others: Vec<serde_json::Value> =
            serde_json::from_slice(&self.others).unwrap_or_default();
        let mut others = others.iter();
        let mut texts = self.texts.as_slice();
        let tell = |bits: &u64| {
            let number = f64::from_bits(*bits);
            match *bits as i32 {
                _ if !number.is_nan() => number.to_string(),
                NULL => "null".to_owned(),
                OTHER => others.next().unwrap().to_string(),
                len => {
                    let (text, rest) = texts.split_at(len as usize);
                    texts = rest;
                    String::from_utf8(text.to_vec()).unwrap()
                }
            }
        };
        self.answer[HEADER..].iter().map(tell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_they_were_written() {
        let mut cells = Cells::default();
        cells.params[..4].copy_from_slice(&[7.5f64.to_bits(), code(2), code(NULL), code(1)]);
        cells.param_texts[..3].copy_from_slice(b"abc");
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [Value::Real(7.5), text("ab"), Value::Null, text("c")];
        assert_eq!(cells.take_params(4), Some(expected.as_slice()));
        assert_eq!(cells.take_params(0), Some([].as_slice()));
        assert_eq!(cells.take_params(PARAMS_MAX + 1), None);
        cells.params[0] = code(PARAM_TEXT_BYTES_MAX as i32 + 1);
        assert_eq!(cells.take_params(1), None);
        cells.params[0] = code(OTHER);
        assert_eq!(cells.take_params(1), None);
    }
}
