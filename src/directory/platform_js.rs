//! What the directory needs of the platform, as functions: SQL over the object's storage, and
//! the clock.
//!
//! The `worker` crate's cursor lets a JavaScript exception through wasm, so the imports are our
//! own, each with `catch`.

use js_sys::{Array, Date};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use worker::{Result, Storage};

#[wasm_bindgen]
extern "C" {
    type SqlStorage;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &SqlStorage, sql: &str, parameters: Array) -> Result<SqlCursor, JsValue>;

    type SqlCursor;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &SqlCursor) -> Result<Array, JsValue>;
}

pub(super) struct Sql(SqlStorage);

/// Numbers are absent on purpose: the platform binds every one of them as REAL.
#[derive(Clone, Copy)]
pub(super) enum Parameter<'a> {
    Null,
    Text(&'a str),
}

impl Sql {
    pub fn of(storage: &Storage) -> Self {
        Self(JsValue::from(storage.sql().as_ref()).unchecked_into())
    }

    pub fn exec(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<()> {
        self.0.exec(sql, array(parameters))?;
        Ok(())
    }

    pub fn query<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<T>> {
        let rows = self.0.exec(sql, array(parameters))?.to_array()?;
        rows.iter().map(|row| Ok(serde_wasm_bindgen::from_value(row)?)).collect()
    }
}

fn array(parameters: &[Parameter<'_>]) -> Array {
    let values = parameters.iter().map(|parameter| match parameter {
        Parameter::Null => JsValue::NULL,
        Parameter::Text(text) => JsValue::from_str(text),
    });
    values.collect()
}

/// The time as ISO 8601 with milliseconds, in UTC.
pub(super) fn now() -> String {
    Date::new_0().to_iso_string().into()
}
