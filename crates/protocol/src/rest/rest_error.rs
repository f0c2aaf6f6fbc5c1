//! Everything that REST answers besides success, with the status, the code and the message of each
//! in one table. The codes are D1's.

use std::fmt;

/// After any of these the database is as it was before the request, except after `Internal` and
/// `Overloaded`: a write may then have happened, and the caller has to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestError {
    /// The operator has to set the token before REST can be used.
    TokenNotConfigured,
    /// The caller sends another token, or one that was revoked or has expired.
    Unauthorized,
    /// The token is not for this, or a signed URL is not right or has expired; the text says which.
    Forbidden(String),
    NoRoute(String),
    MethodNotAllowed {
        allow: String,
    },
    BodyTooLarge {
        bytes_max: usize,
    },
    /// The caller splits the file.
    FileTooLarge {
        bytes_max: u64,
    },
    /// The caller corrects the body.
    Malformed(String),
    /// The id or name that was asked for.
    NoSuchDatabase(String),
    /// The id that was asked for.
    NoSuchToken(String),
    NameTaken,
    /// A deleted database's name has been given to another one.
    NameTakenMeanwhile(String),
    /// What was asked for in a database; the text says what.
    NotFound(String),
    /// The database does not do it, or not now, as while a restore runs; the text says why.
    Refused(String),
    /// It goes on, and the text tells how to look for its end.
    StillRunning(String),
    /// SQLite's or the engine's own text.
    Sql(String),
    /// The caller waits and tries again.
    Overloaded(String),
    Internal(String),
}

const ROUTES: &str = "databases are at /client/v4/accounts/:account/d1/database";

/// Names the variable that src/rest.rs reads.
const SET_A_TOKEN: &str = "The REST interface is closed until a token is set: \
    run `wrangler secret put ISOLITE_ADMIN_TOKEN`, \
    or put ISOLITE_ADMIN_TOKEN=… into .dev.vars for local development";

impl RestError {
    pub fn status(&self) -> u16 {
        self.parts().0
    }

    pub fn code(&self) -> u32 {
        self.parts().1
    }

    /// The table: status, code and message of each.
    fn parts(&self) -> (u16, u32, String) {
        match self {
            RestError::Malformed(text) => (400, 7400, text.clone()),
            RestError::Sql(text) => (400, 7500, text.clone()),
            // Not 409: Cloudflare's API clients retry that by themselves.
            RestError::NameTaken => {
                (400, 7502, "A database with that name already exists".to_owned())
            }
            RestError::NameTakenMeanwhile(text) => (400, 7502, text.clone()),
            // Neither of these is 409 or 5xx: a second restore would forget what the first one undid.
            RestError::Refused(text) => (400, 7500, text.clone()),
            RestError::StillRunning(text) => (400, 7503, text.clone()),
            RestError::Unauthorized => (401, 10000, "Authentication error".to_owned()),
            RestError::Forbidden(text) => (403, 7403, text.clone()),
            RestError::NoRoute(path) => (404, 7000, format!("No route for {path}: {ROUTES}")),
            RestError::NoSuchDatabase(database) => {
                (404, 7404, format!("The database {database} could not be found"))
            }
            RestError::NoSuchToken(id) => (404, 7404, format!("The token {id} could not be found")),
            RestError::NotFound(text) => (404, 7404, text.clone()),
            RestError::MethodNotAllowed { allow } => {
                (405, 7001, format!("Method not available for that URI: use {allow}"))
            }
            RestError::BodyTooLarge { bytes_max } => {
                (413, 7400, format!("The body is larger than {bytes_max} bytes"))
            }
            RestError::FileTooLarge { bytes_max } => {
                (413, 7400, format!("The file is larger than {bytes_max} bytes"))
            }
            RestError::Overloaded(text) => (429, 7500, text.clone()),
            RestError::Internal(text) => (500, 7500, text.clone()),
            RestError::TokenNotConfigured => (503, 10001, SET_A_TOKEN.to_owned()),
        }
    }
}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().2)
    }
}

impl std::error::Error for RestError {}
