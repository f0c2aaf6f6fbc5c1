//! The answer to a request: D1's results, written as JSON while the statements run.

use isolite_protocol::ResultsFormat;

use crate::database::Run;
use crate::error::Error;
use crate::json::{RowWriter, write_json};
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
        if run.array {
            out.push(b'[');
        }
        AnswerWriter {
            out,
            array: run.array,
            count: 0,
            format: run.format,
            bytes_max,
            served: run.served,
        }
    }

    /// How many results were written.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Begins a result with the rows of `statement`.
    pub(crate) fn rows(&mut self, statement: &mut Statement) -> Result<(), Error> {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(b"{\"success\":true,\"results\":");
        let mut rows = RowWriter::begin(self.format, statement, &mut self.out);
        while statement.step()? {
            rows.row(statement, &mut self.out);
            if self.out.len() > self.bytes_max {
                return Err(Error::ResultTooLarge { bytes_max: self.bytes_max });
            }
        }
        rows.end(&mut self.out);
        Ok(())
    }

    /// Ends the result with its `meta`.
    pub(crate) fn meta(&mut self, before: &Moment, after: &Moment, rows_read: u64) {
        let changes = after.changes - before.changes;
        let changed = changes != 0
            || after.last_row_id != before.last_row_id
            || after.size_bytes != before.size_bytes;
        let duration_ms = (after.clock_ms - before.clock_ms).max(0.0);
        let out = &mut self.out;
        out.extend_from_slice(b",\"meta\":{");
        out.extend_from_slice(self.served.as_bytes());
        out.extend_from_slice(b"\"timings\":{\"sql_duration_ms\":");
        write_json(&duration_ms, out);
        out.push(b'}');
        out.extend_from_slice(b",\"duration\":");
        write_json(&duration_ms, out);
        for (key, value) in [(",\"changes\":", changes), (",\"last_row_id\":", after.last_row_id)] {
            out.extend_from_slice(key.as_bytes());
            write_json(&value, out);
        }
        out.extend_from_slice(b",\"changed_db\":");
        write_json(&changed, out);
        let counts = [
            (",\"size_after\":", after.size_bytes),
            (",\"rows_read\":", rows_read),
            (",\"rows_written\":", changes.max(0) as u64),
        ];
        for (key, value) in counts {
            out.extend_from_slice(key.as_bytes());
            write_json(&value, out);
        }
        out.extend_from_slice(b"}}");
        self.count += 1;
    }

    /// The answer, and how many results there are in it.
    pub(crate) fn finish(mut self) -> (Vec<u8>, usize) {
        if self.array {
            self.out.push(b']');
        }
        (self.out, self.count)
    }
}
