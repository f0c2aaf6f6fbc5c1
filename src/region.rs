//! The region that this isolate runs in: by the setting `ISOLITE_REGION`, else by where the platform
//! says that a request came in. An isolate does not move, so one request tells for all.

use std::cell::Cell;

use isolite_protocol::directory::LocationHint;
use worker::Env;

use crate::settings_js::setting;

thread_local! {
    static HERE: Cell<Option<LocationHint>> = const { Cell::new(None) };
}

/// Takes down what `request.cf` says of a request that came in here.
pub(crate) fn came_in_at(colo: &str, continent: &str) {
    if let Some(region) = LocationHint::of_colo(colo, continent) {
        HERE.set(Some(region));
    }
}

/// The region, as far as it is known.
pub(crate) fn here(env: &Env) -> Option<LocationHint> {
    let set = setting(env, "ISOLITE_REGION");
    set.and_then(|text| LocationHint::of_setting(&text)).or(HERE.get())
}
