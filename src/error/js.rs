//! What the runtime marks on the errors of a call to a Durable Object.

use js_sys::Reflect;
use worker::Error;

/// The object refused because it has too much to do. Such a call is never repeated at once.
pub(super) fn is_overloaded(error: &Error) -> bool {
    let Error::UnknownJsError { original, .. } = error else { return false };
    Reflect::get(original, &"overloaded".into()).is_ok_and(|overloaded| overloaded.is_truthy())
}
