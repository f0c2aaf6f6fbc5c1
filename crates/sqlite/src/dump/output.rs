//! One piece of a dump while it is written, with rows gathered into statements.

use super::rows::Form;

/// A statement has no more, unless one row alone is longer. D1 takes 100,000 bytes.
const STATEMENT_BYTES_MAX: usize = 60_000;

/// A statement has no more values: D1 bounds the program that a statement is compiled to.
const STATEMENT_VALUES_MAX: usize = 4_000;

pub(super) struct Output {
    bytes: Vec<u8>,
    bytes_max: usize,
    /// Where the statement starts that is still open.
    open: Option<usize>,
    values: usize,
}

impl Output {
    pub(super) fn new(bytes_max: usize) -> Output {
        Output { bytes: vec![], bytes_max, open: None, values: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= self.bytes_max.max(1)
    }

    pub(super) fn statement(&mut self, sql: &str) {
        self.bytes.extend_from_slice(sql.as_bytes());
        self.bytes.push(b'\n');
    }

    /// A line that no name in it ends.
    pub(super) fn comment(&mut self, text: &str) {
        self.statement(&format!("-- {}", text.replace(['\n', '\r'], " ")));
    }

    /// Adds a row of `values` values to the open statement, or to a new one if it is full.
    pub(super) fn row(&mut self, form: &Form, row: &[u8], values: usize) {
        let values = values + 2;
        if let Some(start) = self.open {
            let len = self.bytes.len() - start + row.len();
            if len > STATEMENT_BYTES_MAX || self.values + values > STATEMENT_VALUES_MAX {
                self.end_rows(form);
            }
        }
        match self.open {
            Some(_) => self.bytes.push(b','),
            None => {
                self.open = Some(self.bytes.len());
                self.values = 0;
                self.bytes.extend_from_slice(form.open.as_bytes());
            }
        }
        self.bytes.extend_from_slice(row);
        self.values += values;
    }

    pub(super) fn end_rows(&mut self, form: &Form) {
        if self.open.take().is_some() {
            self.bytes.extend_from_slice(form.close.as_bytes());
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
