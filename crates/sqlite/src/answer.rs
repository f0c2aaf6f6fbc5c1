//! The answer to a request: D1's results, written as JSON while the statements run.

use isolite_protocol::ResultsFormat;

use crate::database::Run;
use crate::error::Error;
use crate::json::{RowWriter, write_number, write_real};
use crate::statement::Statement;

/// What `meta` compares: the state before a query and after it.
pub(crate) struct Moment {
    /// Rows changed since the connection opened, those by triggers and cascades included.
    pub(crate) changes: i64,
    pub(crate) last_row_id: i64,
    pub(crate) size_bytes: u64,
    /// Reading of the request's clock.
    pub(crate) clock_ms: f64,
}

/// Collects the results of one request.
pub(crate) struct AnswerWriter<'a> {
    out: Vec<u8>,
    array: bool,
    count: usize,
    format: ResultsFormat,
    bytes_max: usize,
    served: &'a str,
}

impl<'a> AnswerWriter<'a> {
    pub(crate) fn new(run: &Run<'a>, bytes_max: usize) -> Self {
        let mut out = Vec::with_capacity(512);
        let array = run.array && run.format != ResultsFormat::Compact;
        if array {
            out.push(b'[');
        }
        if run.format == ResultsFormat::Compact {
            out.extend_from_slice(b"{\"success\":true,");
            if let Some(served) = run.served.strip_suffix(',') {
                out.extend_from_slice(b"\"served\":{");
                out.extend_from_slice(served.as_bytes());
                out.extend_from_slice(b"},");
            }
            out.extend_from_slice(b"\"results\":[");
        }
        AnswerWriter { out, array, count: 0, format: run.format, bytes_max, served: run.served }
    }

    /// How many results were written.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Begins a result with the rows of `statement`, and tells how many there were.
    pub(crate) fn rows(&mut self, statement: &mut Statement) -> Result<u64, Error> {
        if self.count > 0 {
            self.out.push(b',');
        }
        // Before the columns are asked for: SQLite compiles a statement anew in its first step when
        // the schema has changed, and only then the columns are those that it will answer.
        let mut row = statement.step()?;
        if self.format == ResultsFormat::Compact {
            self.out.push(b'[');
        } else {
            self.out.extend_from_slice(b"{\"success\":true,\"results\":");
        }
        if self.format == ResultsFormat::Compact && statement.column_count() == 0 {
            self.out.extend_from_slice(b"null");
            return self.check_size().map(|()| 0);
        }
        let mut count = 0;
        let mut rows = RowWriter::begin(self.format, statement, &mut self.out);
        while row {
            rows.row(statement, &mut self.out);
            count += 1;
            self.check_size()?;
            row = statement.step()?;
        }
        rows.end(&mut self.out);
        Ok(count)
    }

    fn check_size(&self) -> Result<(), Error> {
        match self.out.len() > self.bytes_max {
            true => Err(Error::ResultTooLarge { bytes_max: self.bytes_max }),
            false => Ok(()),
        }
    }

    /// Ends the result with its `meta`.
    ///
    /// `rows` are those read and those written.
    pub(crate) fn meta(&mut self, before: &Moment, after: &Moment, rows: (u64, u64)) {
        let changes = after.changes - before.changes;
        let changed = changes != 0
            || after.last_row_id != before.last_row_id
            || after.size_bytes != before.size_bytes;
        let duration_ms = (after.clock_ms - before.clock_ms).max(0.0);
        let out = &mut self.out;
        let numbers = |out: &mut Vec<u8>, keys: [&str; 7]| {
            let [duration, changes_key, last_row_id, changed_db, size, read, written] = keys;
            out.extend_from_slice(duration.as_bytes());
            write_real(duration_ms, out);
            put(out, changes_key, changes);
            put(out, last_row_id, after.last_row_id);
            out.extend_from_slice(changed_db.as_bytes());
            out.extend_from_slice(if changed { b"true" } else { b"false" });
            put(out, size, after.size_bytes);
            put(out, read, rows.0);
            put(out, written, rows.1);
        };
        if self.format == ResultsFormat::Compact {
            numbers(out, [",[", ",", ",", ",", ",", ",", ","]);
            out.extend_from_slice(b"]]");
        } else {
            out.extend_from_slice(b",\"meta\":{");
            out.extend_from_slice(self.served.as_bytes());
            out.extend_from_slice(b"\"timings\":{\"sql_duration_ms\":");
            write_real(duration_ms, out);
            out.push(b'}');
            numbers(out, KEYS);
            out.extend_from_slice(b"}}");
        }
        self.count += 1;
    }

    /// The answer, and how many results there are in it.
    pub(crate) fn finish(mut self) -> (String, usize) {
        if self.array {
            self.out.push(b']');
        }
        if self.format == ResultsFormat::Compact {
            self.out.extend_from_slice(b"]}");
        }
        // Whatever was written was text, so nothing is lost here.
        let text = String::from_utf8(self.out);
        let text = text.unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        (text, self.count)
    }
}

/// The numbers of `meta` in D1's order, each with what stands before it.
const KEYS: [&str; 7] = [
    ",\"duration\":",
    ",\"changes\":",
    ",\"last_row_id\":",
    ",\"changed_db\":",
    ",\"size_after\":",
    ",\"rows_read\":",
    ",\"rows_written\":",
];

fn put(out: &mut Vec<u8>, key: &str, value: impl itoa::Integer) {
    out.extend_from_slice(key.as_bytes());
    write_number(value, out);
}
