//! From a database's name to its primary. Rust's queries go all the way here; JavaScript only asks
//! where the primary is ([`Router`]) and calls it itself.
//!
//! The directory is asked once for each name and isolate, and the record kept. It is only data:
//! stubs do not outlive a request. When the primary says that its database was deleted, the name
//! is resolved once more, for it may have been given to a new database since.

mod js;

use std::cell::RefCell;
use std::rc::Rc;

use isolite_protocol::d1::{Failure, check_client_path};
use isolite_protocol::directory::{
    DatabaseName, DatabaseRecord, NameError, NewDatabase, RecordCache, Refusal,
};
use worker::{Env, Result};

use crate::directory::client;
use crate::object_js::{Answer, Message, Object, Text, send};

pub use js::Router;

/// Records kept in an isolate, each of some 300 bytes.
const RECORDS_MAX: usize = 2_000;

/// A primary's status for a database that was deleted.
const GONE: u16 = 404;

thread_local! {
    static RECORDS: RefCell<RecordCache> = RefCell::new(RecordCache::new(RECORDS_MAX));
}

/// D1's HTTP body, and the bookmark that came with it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub body: String,
    pub bookmark: Option<String>,
}

/// Asks the database of that name, creating it first if it is missing and `create` says so.
///
/// `path` is D1's, as `/query?resultsFormat=ROWS_AND_COLUMNS`, and `body` goes with it unread. An
/// unknown database is D1's failure in the reply; an error means that no answer came, and whether
/// a write has happened is not known.
pub async fn call(
    env: &Env,
    database: &str,
    create: bool,
    path: &str,
    body: String,
    session: Option<&str>,
) -> Result<Reply> {
    if let Err(failure) = check_client_path(path) {
        return Ok(failed(&failure));
    }
    let body = Text::from(body);
    let message = Message { path, body: Some(&body), session };
    let record = match resolve(env, database, create).await? {
        Ok(record) => record,
        Err(failure) => return Ok(failed(&failure)),
    };
    let answer = send(env, Object::Primary(&record), message).await?;
    if answer.status != GONE {
        return Ok(answer.into());
    }
    RECORDS.with_borrow_mut(|records| records.forget(database, &record.uuid));
    match resolve(env, database, create).await? {
        Ok(record) => Ok(send(env, Object::Primary(&record), message).await?.into()),
        Err(failure) => Ok(failed(&failure)),
    }
}

/// The record of a database, from this isolate's memory or from the directory.
async fn resolve(
    env: &Env,
    database: &str,
    create: bool,
) -> Result<std::result::Result<Rc<DatabaseRecord>, Failure>> {
    let known = RECORDS.with_borrow_mut(|records| records.get(database));
    if let Some(record) = known {
        return Ok(Ok(record));
    }
    let name = match DatabaseName::parse(database) {
        Ok(name) => name,
        Err(error) => return Ok(Err(bad_name(error))),
    };
    let resolved = if create {
        client::create(env, &NewDatabase { if_missing: true, ..NewDatabase::named(name) }).await?
    } else {
        client::resolve(env, &name).await?
    };
    Ok(match resolved {
        Ok(record) => {
            let record = Rc::new(record);
            RECORDS.with_borrow_mut(|records| records.insert(Rc::clone(&record)));
            Ok(record)
        }
        Err(Refusal::NotFound(_)) => Err(unknown_database(database)),
        Err(refusal) => Err(Failure::new(refusal.message())),
    })
}

fn unknown_database(name: &str) -> Failure {
    Failure::new(format!(
        "No such database: {name}. Create it with `wrangler d1 create {name}` or through REST, \
         or bind it so that it is created on first use (`create: true`)"
    ))
}

fn bad_name(error: NameError) -> Failure {
    Failure::new(error.to_string())
}

/// D1's client reads a failure from the body alone.
fn failed(failure: &Failure) -> Reply {
    Reply { body: failure.encode(), bookmark: None }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Reply { body: answer.text.into(), bookmark: answer.bookmark }
    }
}
