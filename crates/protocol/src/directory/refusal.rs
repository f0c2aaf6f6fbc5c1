//! What the directory answers when it does not do as asked: a status and `{"error": "…"}`.
//! Nothing has changed in the directory after a refusal.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request itself is wrong; the text says how.
    Malformed(String),
    /// No database has that name or id.
    NotFound(String),
    /// A database has that name already.
    NameTaken(String),
    /// No such path or method at the directory: the caller is of another version.
    NoRoute,
}

#[derive(Serialize, Deserialize)]
struct Body {
    error: String,
}

impl Refusal {
    pub fn not_found(database: &str) -> Self {
        Refusal::NotFound(format!("The database {database} could not be found"))
    }

    pub fn name_taken(name: &str) -> Self {
        Refusal::NameTaken(format!("A database with the name {name} already exists"))
    }

    pub fn status(&self) -> u16 {
        match self {
            Refusal::Malformed(_) => 400,
            Refusal::NotFound(_) => 404,
            Refusal::NoRoute => 405,
            Refusal::NameTaken(_) => 409,
        }
    }

    pub fn message(&self) -> &str {
        match self {
            Refusal::Malformed(text) | Refusal::NotFound(text) | Refusal::NameTaken(text) => text,
            Refusal::NoRoute => "No such path at the directory",
        }
    }

    pub fn encode(&self) -> String {
        let body = Body { error: self.message().to_owned() };
        serde_json::to_string(&body).unwrap_or_else(|_| r#"{"error":""}"#.to_owned())
    }

    /// The refusal that a status and a body stand for; `None` if they are none, as when the
    /// directory itself failed.
    pub fn decode(status: u16, body: &str) -> Option<Self> {
        let Body { error } = serde_json::from_str(body).ok()?;
        match status {
            400 => Some(Refusal::Malformed(error)),
            404 => Some(Refusal::NotFound(error)),
            405 => Some(Refusal::NoRoute),
            409 => Some(Refusal::NameTaken(error)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_and_decoded() {
        let refusals = [
            Refusal::Malformed("bad \"name\"".into()),
            Refusal::not_found("demo"),
            Refusal::name_taken("demo"),
            Refusal::NoRoute,
        ];
        for refusal in refusals {
            assert_eq!(Refusal::decode(refusal.status(), &refusal.encode()), Some(refusal));
        }
        assert_eq!(Refusal::decode(500, r#"{"error":"x"}"#), None);
        assert_eq!(Refusal::decode(404, "not found"), None);
    }
}
