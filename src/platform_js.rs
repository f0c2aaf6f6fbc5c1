//! What we need of the platform besides objects: random ids, and where a request came in.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use worker::{Request, State};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid_js() -> Result<String, JsValue>;
}

/// The time as ISO 8601 with milliseconds, in UTC: as text such times are in order.
pub(crate) fn now() -> String {
    js_sys::Date::new_0().to_iso_string().into()
}

/// Milliseconds since the Unix epoch. Within a request time stands still until something is awaited.
pub(crate) fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

pub(crate) fn random_uuid() -> worker::Result<String> {
    Ok(random_uuid_js()?)
}

/// 244 bits of them are random.
#[cfg(feature = "entry")]
pub(crate) fn random_bytes() -> worker::Result<[u8; 32]> {
    let digits = format!("{}{}", random_uuid()?, random_uuid()?).replace('-', "");
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..digits.len()).step_by(2)) {
        let digits = digits.get(at..at + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    Ok(bytes)
}

/// A random number that is not zero.
pub(crate) fn random_u64() -> u64 {
    let digits: String = random_uuid().unwrap_or_default().split('-').collect();
    // The first twelve digits and the last four are all random.
    let number = |part: Option<&str>| part.and_then(|part| u64::from_str_radix(part, 16).ok());
    let (upper, lower) = (number(digits.get(..12)), number(digits.get(28..)));
    let number = upper.unwrap_or_default() << 16 | lower.unwrap_or_default();
    if number == 0 { 1 } else { number }
}

/// The data centre and the continent where a request came in, as its `cf` tells. Not by the type that
/// `worker` has for it, which panics where the platform leaves one out, as workerd alone does.
pub(crate) fn came_in_at(request: &Request) -> Option<(String, String)> {
    let cf = Reflect::get(request.inner(), &"cf".into()).ok().filter(JsValue::is_object)?;
    let text = |name: &str| Reflect::get(&cf, &name.into()).ok().and_then(|it| it.as_string());
    Some((text("colo")?, text("continent").unwrap_or_default()))
}

/// The jurisdiction within which an object stays, if it has one.
pub(crate) fn jurisdiction(state: &State) -> Option<String> {
    let id = Reflect::get(state.as_raw(), &"id".into()).ok()?;
    Reflect::get(&id, &"jurisdiction".into()).ok()?.as_string()
}
