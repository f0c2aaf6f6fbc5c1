//! What the directory needs of the platform, as functions: SQL over the object's storage, and
//! the clock.
//!
//! The `worker` crate's cursor lets a JavaScript exception through wasm, so the imports are our
//! own, each with `catch`.

use std::time::Duration;

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

impl<'a> Parameter<'a> {
    pub fn of(text: Option<&'a str>) -> Self {
        text.map_or(Parameter::Null, Parameter::Text)
    }
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

pub(super) use crate::platform_js::now;

/// The time so long from now, in the form of [`now`].
pub(super) fn from_now(delay: Duration) -> String {
    let at_ms = Date::now() + delay.as_secs_f64() * 1000.0;
    Date::new(&JsValue::from_f64(at_ms)).to_iso_string().into()
}

/// How long it is until such a time; nothing if it is past.
pub(super) fn until(time: &str) -> Duration {
    let left_ms = Date::parse(time) - Date::now();
    if left_ms > 0.0 { Duration::from_millis(left_ms.ceil() as u64) } else { Duration::ZERO }
}

/// A time as others write it, in our form; None if it is none.
pub(super) fn time_of(text: &str) -> Option<String> {
    let at_ms = Date::parse(text);
    let date = Date::new(&JsValue::from_f64(at_ms));
    at_ms.is_finite().then(|| date.to_iso_string().into())
}
