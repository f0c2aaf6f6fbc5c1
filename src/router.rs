//! From a database's name to its primary. Rust's queries go all the way here; JavaScript only asks
//! where the primary is ([`Router`]) and calls it itself.
//!
//! The directory is asked once for each name and isolate, and the record kept. It is only data:
//! stubs do not outlive a request. When the primary says that its database was deleted, the name
//! is resolved once more, for it may have been given to a new database since.

#[cfg(feature = "entry")]
mod ask_primary;
mod js;
mod known_js;
mod local;
#[cfg(feature = "entry")]
mod measure;
mod moved;
mod near;

use std::cell::RefCell;
use std::rc::Rc;

use isolite_core::SESSION_AGE_MS_MAX;
use isolite_protocol::Request as Queries;
use isolite_protocol::d1::{Failure, check_client_path, is_of_transaction};
use isolite_protocol::directory::{
    DatabaseName, DatabaseRecord, NameError, NewDatabase, RecordCache, Refusal,
};
use worker::{Env, Request, Result};

use crate::directory::client;
use crate::object::call_js::{Answer, Message, Object, Text, send};
use crate::{embedded_replicas, platform_js, region};

#[cfg(feature = "entry")]
pub(crate) use ask_primary::ask_primary;
pub use js::Router;
pub use known_js::KnownStatements;
#[cfg(feature = "entry")]
pub(crate) use measure::measure;
pub(crate) use moved::follow;
use moved::following;
use near::Near;
pub(crate) use near::replica_name;

/// Records kept in an isolate, each of some 300 bytes.
const RECORDS_MAX: usize = 2_000;

/// How old the answer to a read outside sessions may be where nobody says.
const STALENESS_MS: f64 = 1_000.0;

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

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub database: &'a str,
    /// Whether the database is created if it is missing.
    pub create: bool,
    /// The database whose schema one that is created begins with.
    pub template: Option<&'a str>,
    /// D1's constraint or bookmark, in a session.
    pub session: Option<&'a str>,
    /// How old the answer to a read may be; zero sends all reads to the primary. Who does not say has
    /// what is set of the database, and in a session ten seconds.
    pub age_ms_max: Option<f64>,
    /// Outside sessions, a bookmark that the answer must not be older than.
    pub seen: Option<&'a str>,
}

impl Caller<'_> {
    fn wants_replica(&self) -> bool {
        self.age_ms_max != Some(0.0)
    }

    fn bounded(self, record: &DatabaseRecord) -> Self {
        let of_database = || record.settings.max_staleness_ms.map_or(STALENESS_MS, |ms| ms as f64);
        let own = self.session.is_none().then(of_database);
        Self { age_ms_max: self.age_ms_max.or(own), ..self }
    }

    fn age_bound_ms(&self) -> f64 {
        self.age_ms_max.unwrap_or(SESSION_AGE_MS_MAX)
    }
}

/// Asks a database.
///
/// `path` is D1's, as `/query?resultsFormat=ROWS_AND_COLUMNS`, and `body` goes with it unread, unless
/// this isolate's replica answers. An unknown database is D1's failure in the reply; an error means
/// that no answer came, and whether a write has happened is not known.
pub async fn call(env: &Env, caller: Caller<'_>, path: &str, body: String) -> Result<Reply> {
    if let Err(failure) = check_client_path(path) {
        return Ok(failed(&failure));
    }
    let record = match resolve(env, caller.database, caller.create, caller.template).await? {
        Ok(record) => record,
        Err(failure) => return Ok(failed(&failure)),
    };
    embedded_replicas::set_up(env);
    let caller = caller.bounded(&record);
    let may_read = caller.wants_replica() && !is_of_transaction(path);
    if may_read && let Some(reply) = local::read(env, &record, &caller, path, &body) {
        return Ok(reply);
    }
    let reads = may_read
        && Queries::decode(&body).is_ok_and(|queries| isolite_sqlite::may_only_read(&queries));
    let text = Text::from(body);
    let asked = async |record: &DatabaseRecord| ask(env, record, &caller, path, &text, reads).await;
    let answer = following(&record, &asked).await?;
    if answer.status != GONE {
        return Ok(answer.into());
    }
    forget(caller.database, &record.uuid);
    match resolve(env, caller.database, caller.create, caller.template).await? {
        Ok(record) => Ok(following(&record, &asked).await?.into()),
        Err(failure) => Ok(failed(&failure)),
    }
}

/// Takes down where a request came in, as its `cf` says: there the replicas are near.
pub fn came_in(request: &Request) {
    if let Some((colo, continent)) = platform_js::came_in_at(request) {
        region::came_in_at(&colo, &continent);
    }
}

/// Asks the region's replica what only reads, and the primary everything else.
async fn ask(
    env: &Env,
    record: &DatabaseRecord,
    caller: &Caller<'_>,
    path: &str,
    body: &Text,
    reads: bool,
) -> Result<Answer> {
    let Caller { session, seen, age_ms_max, .. } = *caller;
    let reads = reads && session != Some("first-primary");
    let near = if reads { Near::of(env, record) } else { None };
    let newest = if session.is_none() { local::newest(record) } else { None };
    // As text they are in order.
    let least = seen.max(newest.as_deref());
    let near_path = near.as_ref().map(|near| near.path(path, age_ms_max, least));
    let object = match &near {
        Some(near) => Object::Replica(near.address(record)),
        None => Object::primary_of(record),
    };
    let primary_path = near_path.is_none().then(|| placed(path, record));
    let path = near_path.as_deref().or(primary_path.as_deref()).unwrap_or(path);
    let have = local::have(record);
    let message = Message { path, body: Some(body), session, have: Some(&have), ltx: None };
    let sent_ms = js_sys::Date::now();
    // It only begins after this call.
    local::begin(env, record, caller);
    let answer = send(env, object, message).await?;
    local::learn(env, record, caller, sent_ms, &answer);
    Ok(answer)
}

fn forget(database: &str, id: &str) {
    forget_place(database, id);
    embedded_replicas::forget(id);
}

/// Forgets what the directory has told, so that it is asked anew.
pub(crate) fn forget_place(database: &str, id: &str) {
    RECORDS.with_borrow_mut(|records| records.forget(database, id));
}

/// The path of a call to the primary, which says what of its settings is known here. Of two of a name
/// the first counts.
fn placed(path: &str, record: &DatabaseRecord) -> String {
    if record.settings_revision == 0 {
        return path.to_owned();
    }
    let (resource, query) = path.split_once('?').unwrap_or((path, ""));
    format!("{resource}?settings={}&{query}", record.settings_revision)
}

/// The record of a database, from this isolate's memory or from the directory.
async fn resolve(
    env: &Env,
    database: &str,
    create: bool,
    template: Option<&str>,
) -> Result<std::result::Result<Rc<DatabaseRecord>, Failure>> {
    let known = RECORDS.with_borrow_mut(|records| records.get(database));
    if let Some(record) = known {
        return Ok(Ok(record));
    }
    let name = match DatabaseName::parse(database) {
        Ok(name) => name,
        Err(error) => return Ok(Err(bad_name(error))),
    };
    let template = match template.map(DatabaseName::parse).transpose() {
        Ok(template) => template,
        Err(error) => return Ok(Err(bad_name(error))),
    };
    Ok(match found(env, name, create, template).await? {
        Ok(record) => Ok(record),
        Err(Refusal::NotFound(_)) => Err(unknown_database(database)),
        Err(refusal) => Err(Failure::new(refusal.message())),
    })
}

/// The record of a name that this isolate may know, as the directory has it otherwise.
#[cfg(feature = "entry")]
pub(crate) async fn record_of(
    env: &Env,
    name: DatabaseName,
    create: bool,
) -> Result<std::result::Result<Rc<DatabaseRecord>, Refusal>> {
    match RECORDS.with_borrow_mut(|records| records.get(name.as_str())) {
        Some(record) => Ok(Ok(record)),
        None => found(env, name, create, None).await,
    }
}

async fn found(
    env: &Env,
    name: DatabaseName,
    create: bool,
    template: Option<DatabaseName>,
) -> Result<std::result::Result<Rc<DatabaseRecord>, Refusal>> {
    let resolved = if create {
        let region = region::here(env);
        let new = NewDatabase { if_missing: true, region, template, ..NewDatabase::named(name) };
        client::create(env, &new).await?
    } else {
        client::resolve(env, &name).await?
    };
    Ok(resolved.map(|record| {
        let record = Rc::new(record);
        if !local::is_kept(&record) {
            embedded_replicas::forget(&record.uuid);
        }
        RECORDS.with_borrow_mut(|records| records.insert(Rc::clone(&record)));
        record
    }))
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
