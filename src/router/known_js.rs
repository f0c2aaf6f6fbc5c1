//! Reads of statements that this isolate's memory has answered before: the class `KnownStatements`.
//!
//! A number stands for the text and its columns, and parameters and rows are read and written in
//! place, in the memory of this wasm (`isolite_sqlite::Cells`). Each is a part of what it costs to
//! answer in microseconds.

use std::cell::RefCell;

use isolite_sqlite::Cells;
use wasm_bindgen::prelude::*;

use crate::embedded_replicas::{self, Reader};

thread_local! {
    static CELLS: RefCell<Cells> = RefCell::default();
}

/// Holds nothing: the numbers belong to this instance of the wasm, which has one memory for cells.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownStatements {}

#[wasm_bindgen]
impl KnownStatements {
    #[wasm_bindgen(constructor)]
    pub fn new() -> KnownStatements {
        KnownStatements {}
    }

    /// The memory in which addresses are.
    pub fn memory(&self) -> JsValue {
        wasm_bindgen::memory()
    }

    /// The address at which parameters are written.
    pub fn params_at(&self) -> usize {
        CELLS.with_borrow(|cells| cells.params_at().0 as usize)
    }

    /// The address at which their texts are written.
    pub fn param_texts_at(&self) -> usize {
        CELLS.with_borrow(|cells| cells.params_at().1 as usize)
    }

    /// The number of a statement that was just answered, 0 if it has none. It holds as long as the
    /// statement is kept and its columns are the same, and is never given again.
    pub fn number(&self, id: &str, sql: &str) -> f64 {
        embedded_replicas::statement_number(id, sql).map_or(0.0, |number| number as f64)
    }

    /// Answers a statement with as many parameters as were written; the rest is as of
    /// `Router.read_query`. Returns the address of the answer, or 0 if the text has to be asked for.
    #[allow(clippy::too_many_arguments)]
    pub fn read(
        &self,
        id: &str,
        number: f64,
        params: usize,
        session: Option<String>,
        seen: Option<String>,
        age_ms_max: f64,
        now_ms: f64,
        known: u32,
    ) -> usize {
        let (session, seen) = (session.as_deref(), seen.as_deref());
        let reader = Reader { session, seen, age_ms_max: Some(age_ms_max), now_ms, known };
        CELLS.with_borrow_mut(|cells| {
            match embedded_replicas::read_known(id, &reader, number as u64, params, cells) {
                true => cells.answer_at() as usize,
                false => 0,
            }
        })
    }
}
