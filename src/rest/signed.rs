//! Signed URLs, of the account and the origin that a request came in by.

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::{Method, RestError, UrlKey};

use crate::target::Target;

pub(super) struct Signer {
    key: UrlKey,
    origin: String,
    /// Up to where the database is named.
    base: String,
}

impl Signer {
    /// `target` is any path of a database.
    pub(super) fn of(token: &str, target: &Target) -> Signer {
        const DATABASES: &str = "/d1/database/";
        let path = target.path();
        let end = path.find(DATABASES).map_or(path.len(), |at| at + DATABASES.len());
        Signer {
            key: UrlKey::of_token(token),
            origin: target.origin().to_owned(),
            base: path[..end].to_owned(),
        }
    }

    /// A URL for that method, below the database's.
    pub(super) fn url(
        &self,
        method: Method,
        record: &DatabaseRecord,
        below: &str,
        parameters: &str,
    ) -> String {
        let path = format!("{}{}/{below}", self.base, record.uuid);
        let query = self.key.sign(method, &path, parameters, now_s());
        format!("{}{path}?{query}", self.origin)
    }
}

/// Whether a request came by a URL that was signed.
pub(super) fn check(token: &str, method: Method, target: &Target) -> Result<(), RestError> {
    UrlKey::of_token(token).check(method, target.path(), target.query(), now_s())
}

fn now_s() -> u64 {
    (js_sys::Date::now() / 1_000.0) as u64
}
