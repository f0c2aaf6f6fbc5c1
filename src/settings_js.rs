//! Settings: variables of the Worker, text or numbers as its configuration has them.

use js_sys::Reflect;
use worker::Env;

/// The setting of that name, if there is one.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok()?;
    if value.is_undefined() || value.is_null() {
        return None;
    }
    // What is neither is refused as the text that it is not.
    let number = value.as_f64().map(|number| number.to_string());
    Some(value.as_string().or(number).unwrap_or_else(|| format!("{value:?}")))
}
