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

/// How many bytes of commits go along with an answer to whoever lacks them.
pub(crate) fn answer_commits_bytes_max(env: &Env) -> Result<usize, String> {
    number(env, "ISOLITE_ANSWER_COMMITS_BYTES_MAX", 256 << 10, 0, 8 << 20)
}

/// Memory that the pages of all replicas in one isolate may take.
pub(crate) fn embedded_bytes_max(env: &Env) -> Result<usize, String> {
    number(env, "ISOLITE_EMBEDDED_BYTES_MAX", 48 << 20, 0, 96 << 20)
}

fn number(env: &Env, name: &str, default: usize, from: usize, to: usize) -> Result<usize, String> {
    let Some(text) = setting(env, name) else { return Ok(default) };
    match text.trim().replace('_', "").parse() {
        Ok(number) if (from..=to).contains(&number) => Ok(number),
        _ => Err(format!("{name} is '{text}': set it to a whole number from {from} to {to}")),
    }
}
