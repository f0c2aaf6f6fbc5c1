//! The region that this isolate runs in: by the setting `ISOLITE_REGION`, else by where the platform
//! says that a request came in. An isolate does not move, so one request tells for all.

use std::cell::Cell;

use isolite_protocol::directory::LocationHint;
use worker::Env;

use crate::settings_js;

thread_local! {
    static HERE: Cell<Option<LocationHint>> = const { Cell::new(None) };
}

/// Takes down what `request.cf` says of a request that came in here.
pub(crate) fn came_in_at(colo: &str, continent: &str) {
    if let Some(region) = LocationHint::of_colo(colo, continent) {
        HERE.set(Some(region));
    }
}

/// What requests have told.
pub(crate) fn known() -> Option<LocationHint> {
    HERE.get()
}

/// The region, as far as it is known. A setting that is wrong the objects tell.
pub(crate) fn here(env: &Env) -> Option<LocationHint> {
    settings_js::region(env).ok().flatten().or(known())
}

/// The members of `meta` that tell who answered. D1 writes regions in capitals.
pub(crate) fn served(region: Option<&str>, by_primary: bool) -> String {
    let region = region.map(|region| serde_json::Value::String(region.to_uppercase()));
    let region = region.map_or(String::new(), |text| format!("\"served_by_region\":{text},"));
    format!(
        "\"served_by\":\"isolite\",{region}\"served_by_primary\":{by_primary},\
         \"total_attempts\":1,"
    )
}
