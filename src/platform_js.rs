//! What we need of the platform besides objects: random ids.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid_js() -> Result<String, JsValue>;
}

pub(crate) fn random_uuid() -> worker::Result<String> {
    Ok(random_uuid_js()?)
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
