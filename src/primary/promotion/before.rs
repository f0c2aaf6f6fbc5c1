//! The past that the primary before this one has: it stays there, and is asked for as long as it is kept.

use isolite_core::{Bookmark, Position};
use isolite_protocol::query_string;
use isolite_protocol::rest::Home;
use serde::{Deserialize, Serialize};

use super::{Engine, Primary, unreadable};
use crate::object::call_js::{Address, Answer, Message, Object, Text, send};
use crate::primary::{Caller, Refused, not_done};
use crate::target::Target;

/// The primary before this one, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::primary) struct Before {
    pub home: Home,
    /// When this one began, in milliseconds since the Unix epoch.
    pub until_ms: u64,
}

impl Primary {
    /// Whether a request is for the past before this primary began.
    pub(in crate::primary) fn is_before(&self, target: &Target) -> bool {
        is_of_past(target) && matches!(self.engine.before_of(target), Ok(Some(_)))
    }

    /// Has the primary before this one answer.
    pub(in crate::primary) async fn ask_before(
        &self,
        target: &Target,
        body: String,
        caller: &Caller,
    ) -> Answer {
        let before = match self.engine.before_of(target) {
            Ok(Some(before)) => before,
            Ok(None) => return crate::primary::no_path(),
            Err(refused) => return not_done(&refused),
        };
        let text = Text::from(body);
        let message = Message {
            path: target.as_str(),
            body: Some(&text),
            session: caller.session.as_deref(),
            ..Message::default()
        };
        let address = Address::of(&before.home, before.home.primary_name());
        match send(&self.engine.env, Object::Primary(address), message).await {
            // What it has is no longer kept.
            Ok(answer) if answer.status == 404 => not_done(&Refused::Asked(TOO_OLD.to_owned())),
            Ok(answer) => answer,
            Err(error) => {
                let text = format!("the primary that was before does not answer: {error}");
                not_done(&Refused::Busy(text))
            }
        }
    }
}

const TOO_OLD: &str = "that is older than what is kept: it was before the primary moved";

impl Engine {
    /// The primary before this one, if a request is for what that has.
    fn before_of(&self, target: &Target) -> Result<Option<Before>, Refused> {
        let query = target.query();
        let bookmark =
            query_string::value(query, "as_of").or_else(|| query_string::value(query, "at"));
        if let Some(bookmark) = bookmark {
            return self.before(&bookmark);
        }
        let time_ms = query_string::raw(query, "timestamp_ms");
        let time_ms = time_ms.and_then(|text| text.parse::<u64>().ok());
        let Some(time_ms) = time_ms else { return Ok(None) };
        let before = self.kept_before()?;
        Ok(before.filter(|before: &Before| time_ms < before.until_ms))
    }

    /// The primary before this one, if a bookmark is of that, or of one still before.
    pub(in crate::primary) fn before(&self, bookmark: &str) -> Result<Option<Before>, Refused> {
        let Ok(Bookmark { position: Position { epoch, .. }, .. }) = bookmark.parse() else {
            return Ok(None);
        };
        match self.storage.epoch()? {
            Some(own) if epoch < own => self.kept_before(),
            _ => Ok(None),
        }
    }

    fn kept_before(&self) -> Result<Option<Before>, Refused> {
        if self.storage.is_blank()? {
            return Ok(None);
        }
        let text = self.storage.before()?;
        Ok(text.map(|text| serde_json::from_slice(&text).map_err(unreadable)).transpose()?)
    }

    pub(super) fn keep_before(&self, before: &Before) -> Result<(), isolite_core::StorageError> {
        self.storage.set_before(&serde_json::to_vec(before).map_err(unreadable)?)
    }
}

/// What may be asked of a primary that has made way: what it was.
pub(super) fn is_of_past(target: &Target) -> bool {
    let query = target.query();
    match target.path() {
        "/past" | "/export/dump" | "/export/pages" => true,
        "/time_travel/bookmark" => query_string::raw(query, "timestamp_ms").is_some(),
        "/query" | "/execute" | "/script" => query_string::raw(query, "as_of").is_some(),
        _ => false,
    }
}
