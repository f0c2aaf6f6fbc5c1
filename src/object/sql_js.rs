//! The object's own SQLite, as JavaScript gives it.
//!
//! The `worker` crate has no `transactionSync` and lets exceptions of the cursor through wasm, so
//! the imports are our own, each with `catch`. Numbers are bound as REAL by the platform; below
//! 2^53, and in integer columns, that loses nothing.

use std::rc::Rc;

use isolite_core::StorageError;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::State;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type DurableObjectStorage;

    #[wasm_bindgen(method, getter, catch)]
    fn sql(this: &DurableObjectStorage) -> Result<SqlStorage, JsValue>;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &DurableObjectStorage,
        body: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;

    type DurableObjectState;

    #[wasm_bindgen(method, getter)]
    fn storage(this: &DurableObjectState) -> DurableObjectStorage;

    #[derive(Clone)]
    type SqlStorage;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &SqlStorage, sql: &str, values: &Array) -> Result<SqlCursor, JsValue>;

    type SqlCursor;

    #[wasm_bindgen(method, catch)]
    fn raw(this: &SqlCursor) -> Result<js_sys::Iterator, JsValue>;
}

/// The storage of one object. Clones are the same storage.
#[derive(Clone)]
pub(crate) struct Storage {
    storage: Rc<DurableObjectStorage>,
}

/// A value bound to a statement.
pub(crate) enum Bound<'a> {
    /// A whole number below 2^53.
    Number(u64),
    Bytes(&'a [u8]),
    Null,
}

/// One row, its columns in order.
pub(crate) struct Row(Array);

impl Storage {
    pub(crate) fn of(state: &State) -> Self {
        let state: &DurableObjectState = state.as_raw().unchecked_ref();
        Storage { storage: Rc::new(state.storage()) }
    }

    /// Runs one statement, calling `visit` with each row.
    pub(crate) fn query<E: From<StorageError>>(
        &self,
        sql: &str,
        values: &[Bound<'_>],
        mut visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.exec(sql, values).and_then(|cursor| cursor.raw()).map_err(failed)?;
        loop {
            let next = rows.next().map_err(failed)?;
            if next.done() {
                return Ok(());
            }
            visit(Row(next.value().unchecked_into()))?;
        }
    }

    /// Runs one statement that answers nothing.
    pub(crate) fn run(&self, sql: &str, values: &[Bound<'_>]) -> Result<(), StorageError> {
        self.exec(sql, values).map(drop).map_err(failed)
    }

    /// Runs `body` as one transaction of its own: all of it or nothing.
    pub(crate) fn atomically(
        &self,
        mut body: impl FnMut() -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut body = || body().map_err(|error| JsValue::from(js_sys::Error::new(&error.0)));
        self.storage.transaction_sync(&mut body).map(drop).map_err(failed)
    }

    fn exec(&self, sql: &str, values: &[Bound<'_>]) -> Result<SqlCursor, JsValue> {
        let values = values.iter().map(|value| match value {
            Bound::Number(number) => JsValue::from_f64(*number as f64),
            Bound::Bytes(bytes) => Uint8Array::from(*bytes).into(),
            Bound::Null => JsValue::NULL,
        });
        self.storage.sql()?.exec(sql, &values.collect())
    }
}

impl Row {
    /// A whole number below 2^53; 0 for anything else.
    pub(crate) fn number(&self, column: u32) -> u64 {
        self.0.get(column).as_f64().map_or(0, |number| number as u64)
    }

    /// A blob, copied into our memory; empty for anything else.
    pub(crate) fn bytes(&self, column: u32) -> Vec<u8> {
        match self.0.get(column).dyn_into::<js_sys::ArrayBuffer>() {
            Ok(buffer) => Uint8Array::new(&buffer).to_vec(),
            Err(_) => Vec::new(),
        }
    }
}

fn failed(error: JsValue) -> StorageError {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    StorageError(message.unwrap_or_else(|| format!("{error:?}")))
}
