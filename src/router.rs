//! From a database's name to its primary: the way of every query.
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
    let body = Text::from(body.as_str());
    let question = Question { database, create, path, body: Some(&body), session };
    let answer = ask(env, question).await?;
    Ok(Reply { body: answer.text.into(), bookmark: answer.bookmark })
}

#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub database: &'a str,
    pub create: bool,
    pub path: &'a str,
    pub body: Option<&'a Text>,
    pub session: Option<&'a str>,
}

pub(crate) async fn ask(env: &Env, question: Question<'_>) -> Result<Answer> {
    if let Err(failure) = check_client_path(question.path) {
        return Ok(failed(&failure));
    }
    let Question { path, body, session, .. } = question;
    let message = Message { path, body, session };
    let record = match record(env, question).await? {
        Ok(record) => record,
        Err(failure) => return Ok(failed(&failure)),
    };
    let answer = send(env, Object::Primary(&record), message).await?;
    if answer.status != GONE {
        return Ok(answer);
    }
    RECORDS.with_borrow_mut(|records| records.forget(&record.name, &record.uuid));
    match self::record(env, question).await? {
        Ok(record) => send(env, Object::Primary(&record), message).await,
        Err(failure) => Ok(failed(&failure)),
    }
}

async fn record(
    env: &Env,
    question: Question<'_>,
) -> Result<std::result::Result<Rc<DatabaseRecord>, Failure>> {
    let known = RECORDS.with_borrow_mut(|records| records.get(question.database));
    if let Some(record) = known {
        return Ok(Ok(record));
    }
    let name = match DatabaseName::parse(question.database) {
        Ok(name) => name,
        Err(error) => return Ok(Err(bad_name(error))),
    };
    let resolved = if question.create {
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
        Err(Refusal::NotFound(_)) => Err(unknown_database(question.database)),
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

/// D1's client reads a failure from the body alone, whatever the status.
fn failed(failure: &Failure) -> Answer {
    Answer::new(200, failure.encode())
}
