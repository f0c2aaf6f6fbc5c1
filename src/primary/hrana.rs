//! The paths of Hrana: what a request comes with, and whether its caller may be answered by what it knows.

use isolite_protocol::hrana::Encoding;
use isolite_protocol::query_string;

use super::{Opened, Primary, age_of, no_path};
use crate::object::call_js::Answer;
use crate::target::Target;

/// The status for a caller that knows settings which were changed since. Nothing was done.
pub(crate) const SETTINGS_CHANGED: u16 = 409;

/// What a request came with.
pub(super) struct Asked {
    pub encoding: Encoding,
    pub read_only: bool,
    pub json: String,
    pub protobuf: Vec<u8>,
}

impl Primary {
    pub(super) async fn hrana(&self, target: &Target, json: String, protobuf: Vec<u8>) -> Answer {
        let query = target.query();
        if target.path() == "/hrana/cursor/next" {
            // Its beginning was let in.
            return self.next_piece(query_string::raw(query, "cursor").unwrap_or_default()).await;
        }
        if !self.knows_settings(query) {
            return Answer::new(SETTINGS_CHANGED, "");
        }
        let is = |name, value| query_string::raw(query, name) == Some(value);
        let encoding = match is("encoding", "protobuf") {
            true => Encoding::Protobuf,
            false => Encoding::Json,
        };
        let asked = Asked { encoding, read_only: is("access", "read"), json, protobuf };
        match target.path() {
            "/hrana/pipeline" => self.pipeline(asked).await,
            "/hrana/alone" => self.alone(asked).await,
            "/hrana/cursor" => self.cursor(asked).await,
            "/hrana/settings" => Answer::new(200, ""),
            _ => no_path(),
        }
    }

    /// Whether its caller knows what is set of the database, and so by which keys it is let in.
    fn knows_settings(&self, query: &str) -> bool {
        let set = self.engine.with(|Opened { set, .. }| Ok(age_of(set, query)));
        // What is wrong with the database shows in the answer.
        set.map_or(true, |age_ms| age_ms == 0.0)
    }
}
