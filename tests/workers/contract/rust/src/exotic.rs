//! Values that JSON cannot carry, by their names, as tests/contract/interpreter.mjs has them.

use js_sys::{
    Array, ArrayBuffer, BigInt, BigInt64Array, DataView, Date, Float32Array, Object, Reflect,
    Symbol, Uint8Array,
};
use wasm_bindgen::{JsCast, JsValue};
use worker::{Error, Result};

/// The value that a parameter stands for.
pub fn value(param: JsValue) -> Result<JsValue> {
    if !param.is_object() || Array::is_array(&param) {
        return Ok(param);
    }
    let Some(name) = Reflect::get(&param, &"exotic".into())?.as_string() else {
        return Ok(param);
    };
    Ok(match name.as_str() {
        "undefined" => JsValue::UNDEFINED,
        "bigint" => BigInt::from(5).into(),
        "symbol" => Symbol::for_("s").into(),
        // Rust cannot write one, and so gives one that is there.
        "function" => Reflect::get(&js_sys::global(), &"Date".into())?,
        "NaN" => JsValue::from_f64(f64::NAN),
        "Infinity" => JsValue::from_f64(f64::INFINITY),
        "-0" => JsValue::from_f64(-0.0),
        "object" => {
            let object = Object::new();
            Reflect::set(&object, &"a".into(), &JsValue::from(1))?;
            object.into()
        }
        "Date" => Date::new(&JsValue::from(0)).into(),
        "ArrayBuffer" => Uint8Array::from([1, 2, 255].as_slice()).buffer().into(),
        "Uint8Array" => Uint8Array::from([0, 1, 2, 255].as_slice()).subarray(1, 4).into(),
        "Float32Array" => Float32Array::from([1.5, 2.0, -1.0, 300.0].as_slice()).into(),
        "DataView" => DataView::new(&ArrayBuffer::new(4), 0, 4).into(),
        "BigInt64Array" => BigInt64Array::from([1].as_slice()).into(),
        other => return Err(Error::RustError(format!("no value {other}"))),
    })
}

pub fn values(params: &JsValue) -> Result<Vec<JsValue>> {
    let params = params.dyn_ref::<Array>().ok_or("no array of values")?;
    params.iter().map(value).collect()
}
