//! The body of `POST …/d1/backups/restore`: a new database, or one that is empty, becomes what a backup in
//! the bucket holds.

use serde::Deserialize;

use super::{BackupPoint, RestError, parse_timestamp};
use crate::directory::{DatabaseName, Jurisdiction, LocationHint, NewDatabase};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreBackup {
    pub into: RestoreInto,
    pub path: String,
    pub at: BackupPoint,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreInto {
    New(Box<NewDatabase>),
    /// By its id or its name.
    Empty(String),
}

#[derive(Deserialize)]
struct Fields {
    path: Option<String>,
    name: Option<String>,
    database: Option<String>,
    timestamp: Option<String>,
    txid: Option<String>,
    primary_location_hint: Option<String>,
    jurisdiction: Option<String>,
}

/// Of the key of an object, of which 1024 are allowed.
const PATH_BYTES_MAX: usize = 900;

impl RestoreBackup {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let fields: Fields = serde_json::from_str(body).map_err(|error| {
            let text = format!(r#"The body must be {{"name": "…", "path": "…"}}: {error}"#);
            RestError::Malformed(text)
        })?;
        let path = backup_path(fields.path.as_deref())?;
        let hint = fields.primary_location_hint.as_deref().map(LocationHint::parse).transpose();
        let border = fields.jurisdiction.as_deref().map(Jurisdiction::parse).transpose();
        let (hint, border) = (hint.map_err(malformed)?, border.map_err(malformed)?);
        let into = match (fields.name, fields.database) {
            (Some(name), None) => RestoreInto::New(Box::new(NewDatabase {
                primary_location_hint: hint,
                jurisdiction: border,
                ..NewDatabase::named(DatabaseName::parse(&name).map_err(malformed)?)
            })),
            (None, Some(database)) => RestoreInto::Empty(database),
            _ => return Err(malformed("Give either the name of a new database, or a database")),
        };
        let at = point(fields.timestamp.as_deref(), fields.txid.as_deref())?;
        Ok(RestoreBackup { into, path, at })
    }
}

/// Without slashes at its ends; empty for the root of the bucket, which is asked for as `/`.
pub fn backup_path(path: Option<&str>) -> Result<String, RestError> {
    let path = path.map(str::trim).filter(|path| !path.is_empty());
    let path = path.ok_or(malformed("Say by path where in the bucket the backup is"))?;
    match path.trim_matches('/') {
        path if path.len() > PATH_BYTES_MAX => Err(malformed("There is no path of that length")),
        path => Ok(path.to_owned()),
    }
}

/// An empty text counts as none.
fn point(timestamp: Option<&str>, txid: Option<&str>) -> Result<BackupPoint, RestError> {
    let given = |text: &&str| !text.trim().is_empty();
    match (timestamp.filter(given), txid.filter(given)) {
        (None, None) => Ok(BackupPoint::Newest),
        (Some(timestamp), None) => parse_timestamp(timestamp).map(BackupPoint::Time),
        (None, Some(txid)) => parse_txid(txid.trim()).map(BackupPoint::Txid),
        (Some(_), Some(_)) => Err(malformed("Give either a timestamp or a txid, not both")),
    }
}

fn parse_txid(text: &str) -> Result<u64, RestError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let txid = u64::from_str_radix(text, 16).ok().filter(|txid| digits && *txid > 0);
    let error = || malformed(format!("{text:?} is no txid: write it in hex, as Litestream does"));
    txid.ok_or_else(error)
}

fn malformed(error: impl ToString) -> RestError {
    RestError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &str) -> RestoreBackup {
        RestoreBackup::decode(body).unwrap()
    }

    #[test]
    fn where_to_and_what() {
        let new = r#"{"name":"new","path":"/a/b c/","primary_location_hint":"weur"}"#;
        let RestoreBackup { into: RestoreInto::New(new), path, at } = decoded(new) else {
            panic!("not a new one")
        };
        let hint = new.primary_location_hint;
        assert_eq!((new.name.as_str(), hint), ("new", Some(LocationHint::Weur)));
        assert_eq!((path.as_str(), at), ("a/b c", BackupPoint::Newest));
        let empty = r#"{"database":"d","path":"/","timestamp":"","txid":"0000000000ab12cd"}"#;
        let empty = decoded(empty);
        assert_eq!(empty.into, RestoreInto::Empty("d".into()));
        assert_eq!((empty.path.as_str(), empty.at), ("", BackupPoint::Txid(0xab12cd)));
        let then = decoded(r#"{"name":"new","path":"a","timestamp":"1970-01-01T00:00:01.5Z"}"#);
        assert_eq!(then.at, BackupPoint::Time(1_500));
    }

    #[test]
    fn refusals() {
        let long = format!(r#"{{"name":"a","path":"{}"}}"#, "x".repeat(901));
        for body in [
            "",
            "{}",
            r#"{"name":"a"}"#,
            r#"{"name":"a","path":" "}"#,
            r#"{"path":"p"}"#,
            r#"{"name":"a","database":"b","path":"p"}"#,
            r#"{"name":"","path":"p"}"#,
            r#"{"name":"a","path":"p","txid":"0"}"#,
            r#"{"name":"a","path":"p","txid":"+1"}"#,
            r#"{"name":"a","path":"p","txid":"10000000000000000"}"#,
            r#"{"name":"a","path":"p","timestamp":"yesterday"}"#,
            r#"{"name":"a","path":"p","timestamp":"0","txid":"1"}"#,
            r#"{"name":"a","path":"p","jurisdiction":"mars"}"#,
            &long,
        ] {
            assert!(matches!(RestoreBackup::decode(body), Err(RestError::Malformed(_))), "{body}");
        }
    }
}
