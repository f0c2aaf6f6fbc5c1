//! The body of `POST …/import`: three steps, told apart by `action`.

use serde::Deserialize;

use super::RestError;

/// `etag` is the MD5 of the file as 32 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportAction {
    /// Where may the file be put?
    Init { etag: String },
    /// The file is there.
    Ingest { etag: String, filename: String },
    /// How far is it? The bookmark is the job that the answer before named.
    Poll { job: String },
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Fields {
    Init { etag: String },
    Ingest { etag: String, filename: String },
    Poll { current_bookmark: String },
}

impl ImportAction {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let fields: Fields = serde_json::from_str(body).map_err(|error| {
            let form = r#"{"action": "init" | "ingest" | "poll", …}"#;
            RestError::Malformed(format!("The body must be {form}: {error}"))
        })?;
        Ok(match fields {
            Fields::Init { etag } => ImportAction::Init { etag: parse_etag(&etag)? },
            Fields::Ingest { etag, filename } => ImportAction::Ingest {
                etag: parse_etag(&etag)?,
                filename: parse_filename(&filename)?,
            },
            Fields::Poll { current_bookmark } => ImportAction::Poll { job: current_bookmark },
        })
    }
}

/// With the quotes of a header or without.
fn parse_etag(text: &str) -> Result<String, RestError> {
    let digits = text.trim_matches('"').to_ascii_lowercase();
    if digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    let text = format!("The etag {text:?} is none: it is the file's MD5, 32 hex digits");
    Err(RestError::Malformed(text))
}

/// The name of an upload is part of an object's name and of a path: letters, digits, `.`, `_`, `-`.
pub fn parse_filename(text: &str) -> Result<String, RestError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=128).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(RestError::Malformed("The filename is not one that `init` gave out".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn every_action() {
        let decode = |body: &str| ImportAction::decode(body).unwrap();
        let etag = || MD5.to_owned();
        assert_eq!(
            decode(&format!(r#"{{"action":"init","etag":"{MD5}"}}"#)),
            ImportAction::Init { etag: etag() }
        );
        assert_eq!(
            decode(&format!(r#"{{"action":"ingest","filename":"x.sql","etag":"\"{MD5}\""}}"#)),
            ImportAction::Ingest { etag: etag(), filename: "x.sql".into() }
        );
        assert_eq!(
            decode(r#"{"action":"poll","current_bookmark":"7"}"#),
            ImportAction::Poll { job: "7".into() }
        );
    }

    #[test]
    fn refusals() {
        for body in [
            "",
            "{}",
            r#"{"action":"explode"}"#,
            r#"{"action":"init"}"#,
            r#"{"action":"init","etag":""}"#,
            r#"{"action":"init","etag":"x41d8cd98f00b204e9800998ecf8427e"}"#,
            r#"{"action":"ingest","etag":"d41d8cd98f00b204e9800998ecf8427e","filename":"a/b"}"#,
            r#"{"action":"ingest","etag":"d41d8cd98f00b204e9800998ecf8427e","filename":""}"#,
            r#"{"action":"poll"}"#,
        ] {
            assert!(matches!(ImportAction::decode(body), Err(RestError::Malformed(_))), "{body}");
        }
    }
}
