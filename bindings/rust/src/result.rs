//! What running a statement gave: rows, still as text, and what D1 tells of the execution.

use isolite_protocol::d1::RowText;
use isolite_protocol::{Answer, Meta};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::Result;

use crate::rows::Results;

/// The result of one statement. Its rows are decoded when they are asked for.
#[derive(Clone, Debug)]
pub struct D1Result {
    results: Option<RowText>,
    meta: Meta,
}

/// What D1 tells of an execution.
#[derive(Clone, Debug, Deserialize)]
pub struct D1ResultMeta {
    pub changed_db: Option<bool>,
    pub changes: Option<usize>,
    /// Milliseconds.
    pub duration: Option<f64>,
    pub last_row_id: Option<i64>,
    pub rows_read: Option<usize>,
    pub rows_written: Option<usize>,
    /// Bytes.
    pub size_after: Option<usize>,
}

/// The result of [`exec`](crate::D1Database::exec). Its methods cannot fail, but have the types of
/// `worker`'s.
#[derive(Clone, Copy, Debug)]
pub struct D1ExecResult {
    count: u32,
    duration: f64,
}

impl D1Result {
    pub(crate) fn new(answer: Answer) -> Self {
        Self { results: answer.results, meta: answer.meta }
    }

    /// Always `true`: a failure is an error of the call. Kept for D1's interface.
    pub fn success(&self) -> bool {
        true
    }

    /// Always `None`, as `success` is always `true`.
    pub fn error(&self) -> Option<String> {
        None
    }

    /// The rows, each decoded as a map from column names. Of columns with the same name the last
    /// counts, as in D1.
    pub fn results<T>(&self) -> Result<Vec<T>>
    where
        T: for<'a> Deserialize<'a>,
    {
        match &self.results {
            Some(results) => Results::of(results.get())?.all(),
            None => Ok(Vec::new()),
        }
    }

    pub fn meta(&self) -> Result<Option<D1ResultMeta>> {
        let count = |count: u64| usize::try_from(count).ok();
        Ok(Some(D1ResultMeta {
            changed_db: Some(self.meta.changed_db),
            changes: usize::try_from(self.meta.changes).ok(),
            duration: Some(self.meta.duration),
            last_row_id: Some(self.meta.last_row_id),
            rows_read: count(self.meta.rows_read),
            rows_written: count(self.meta.rows_written),
            size_after: count(self.meta.size_after),
        }))
    }
}

impl D1ExecResult {
    pub(crate) fn new(answers: &[Answer]) -> Self {
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        Self { count, duration: answers.iter().map(|answer| answer.meta.duration).sum() }
    }

    /// Lines executed.
    pub fn count(&self) -> std::result::Result<Option<u32>, JsValue> {
        Ok(Some(self.count))
    }

    /// Milliseconds spent in the database.
    pub fn duration(&self) -> std::result::Result<Option<f64>, JsValue> {
        Ok(Some(self.duration))
    }
}
