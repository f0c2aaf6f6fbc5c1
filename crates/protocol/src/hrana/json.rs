//! JSON as clients write it, made such as the types read it.
//!
//! The types of `libsql-hrana` know a missing member but not one that is null, want digits and base64
//! without any escape in them, and a float that is a number. Clients send all of those: PHP escapes each
//! slash, JavaScript writes NaN as null. So what does not decode at once is rewritten and tried again.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{HranaError, members};
use crate::d1::surrogates;

pub(super) fn decode<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, HranaError> {
    members::check_json(text)?;
    if let Ok(decoded) = serde_json::from_str(text) {
        return Ok(decoded);
    }
    let replaced = surrogates::replaced(text);
    let malformed = |error: serde_json::Error| {
        HranaError::Malformed(format!("The body is not what Hrana has here: {error}"))
    };
    let mut json = serde_json::from_str(replaced.as_deref().unwrap_or(text)).map_err(malformed)?;
    make_plain(&mut json);
    T::deserialize(&json).map_err(malformed)
}

/// As deep as the parser lets it be, which is 128 levels.
fn make_plain(json: &mut Json) {
    match json {
        Json::Array(elements) => elements.iter_mut().for_each(make_plain),
        Json::Object(members) => {
            make_value_plain(members);
            members.retain(|_, member| !member.is_null());
            members.iter_mut().for_each(|(_, member)| make_plain(member));
        }
        _ => {}
    }
}

/// A value is known by its type.
fn make_value_plain(members: &mut Map<String, Json>) {
    let of_type = |name: &str| members.get("type").is_some_and(|it| it == name);
    if of_type("integer") {
        if let Some(value @ Json::Number(_)) = members.get_mut("value") {
            *value = Json::String(value.to_string());
        }
    } else if of_type("float") && members.get("value").is_none_or(Json::is_null) {
        // What is no number is NULL in SQLite.
        members.insert("type".to_owned(), Json::String("null".to_owned()));
    }
}
