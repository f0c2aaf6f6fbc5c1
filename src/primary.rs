//! The primary: the Durable Object through which every write of one database goes.
//!
//! It answers D1's HTTP protocol, as RPC carries it. From the call to the answer nothing is
//! awaited, so requests cannot interleave inside a transaction; the platform holds each answer back
//! until the commit before it is durable.
//!
//! Invariants:
//! - the engine is opened from storage, and thrown away after any storage error;
//! - once deleted, an object answers 404 for good: its id is never given to another database.

mod background;
mod object_storage;
mod storage_js;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use isolite_core::{CheckpointPolicy, Error as CoreError, Store};
use isolite_protocol::{DatabaseInfo, Failure};
use isolite_protocol::{Request as Queries, query_string};
use isolite_sqlite::{Database, Error as SqlError, Limits, Run};
use js_sys::Array;
use wasm_bindgen::prelude::*;
use worker::{DurableObject, Env, Request, Response, Result, State, console_error, durable_object};

use crate::object_js::Answer;
use crate::settings_js::setting;
use crate::target::Target;
use object_storage::ObjectStorage;

/// Pages that the store keeps besides SQLite's own cache: 2 MiB.
const CACHE_PAGES: usize = 512;
/// Commits that go along with an answer, in bytes.
const COMMITS_BYTES_MAX: usize = 256 << 10;
/// Commits that a replica asks for: more, and a snapshot is less.
const SYNC_BYTES_MAX: usize = 8 << 20;
/// The platform carries 32 MiB in one call.
const SNAPSHOT_BYTES_MAX: usize = 30 << 20;

#[durable_object(fetch)]
pub struct IsolitePrimary {
    /// None in the one instance that stands for its class.
    primary: Option<Primary>,
}

struct Primary {
    state: State,
    engine: Rc<Engine>,
    served: String,
}

/// What background work shares with the requests.
pub(crate) struct Engine {
    storage: storage_js::Storage,
    /// What its database may take, or how the settings are wrong.
    limits: std::result::Result<Limits, String>,
    database: RefCell<Option<Database>>,
    checkpoint: CheckpointPolicy,
    checkpoint_runs: Cell<bool>,
}

impl DurableObject for IsolitePrimary {
    fn new(state: State, env: Env) -> Self {
        let engine = Engine {
            storage: storage_js::Storage::of(&state),
            limits: Limits::from_settings(|name| setting(&env, name)),
            database: RefCell::new(None),
            checkpoint: CheckpointPolicy::default(),
            checkpoint_runs: Cell::new(false),
        };
        let primary = Primary { state, engine: Rc::new(engine), served: served(&env) };
        IsolitePrimary { primary: Some(primary) }
    }

    /// Nobody calls it: only RPC is spoken between our objects.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("A primary is called by RPC", 404)
    }
}

#[wasm_bindgen]
impl IsolitePrimary {
    /// Resolves with `[text, status, bookmark, commits]`, see [`crate::object_js`].
    ///
    /// `have` is where the caller's replica stands, empty if it has none; the answer then has a
    /// bookmark, and what the replica lacks if that is little.
    pub fn call(&self, path: &JsValue, body: &JsValue, session: &JsValue, have: &JsValue) -> Array {
        // As values, because whoever has the namespace may call with anything.
        let (path, body) = (path.as_string(), body.as_string());
        let target = Target::of_path(&path.unwrap_or_default());
        let caller = Caller { session: session.is_string(), have: have.as_string() };
        let answer = match &self.primary {
            Some(primary) => primary.answer(&target, &body.unwrap_or_default(), &caller),
            None => no_path(),
        };
        answer.encode()
    }
}

impl IsolitePrimary {
    /// An instance without an object, from which its class is found.
    pub(crate) fn blank() -> Self {
        IsolitePrimary { primary: None }
    }
}

/// What a caller says of itself.
struct Caller {
    /// It is in a session, and wants a bookmark.
    session: bool,
    have: Option<String>,
}

impl Primary {
    fn answer(&self, target: &Target, body: &str, caller: &Caller) -> Answer {
        let answer = match target.path() {
            "/query" | "/execute" => self.query(body, target.query(), false, caller),
            "/script" => self.query(body, target.query(), true, caller),
            "/commits" => self.commits(caller),
            "/snapshot" => self.snapshot(target.query()),
            "/info" => self.info(),
            "/delete" => self.delete(),
            _ => return no_path(),
        };
        self.check_in_background();
        answer
    }

    fn query(&self, body: &str, query: &str, script: bool, caller: &Caller) -> Answer {
        let queries = match Queries::decode(body) {
            Ok(queries) => queries,
            Err(error) => return fail(&error.to_string(), 200),
        };
        let run = Run::of(&queries, query, &js_sys::Date::now, &self.served);
        let run = if script { run.as_script() } else { run };
        let done = self.engine.with(|database| {
            let done = database.run(&run)?;
            // The request is done, whatever comes of this.
            let commits = caller.lacks(database, COMMITS_BYTES_MAX).unwrap_or(None);
            Ok((done, database.position(), commits))
        });
        match done {
            Ok((done, position, commits)) => {
                let wanted = caller.session || caller.have.is_some();
                let bookmark = wanted.then(|| position.to_string());
                Answer { bookmark, commits, ..Answer::new(200, done.answer) }
            }
            Err(unavailable) => refuse(&unavailable),
        }
    }

    /// What the caller's replica lacks.
    fn commits(&self, caller: &Caller) -> Answer {
        self.pages(|database| caller.lacks(database, SYNC_BYTES_MAX))
    }

    /// The whole database, if it has no more than `pages_max` pages.
    fn snapshot(&self, query: &str) -> Answer {
        let pages_max = query_string::raw(query, "pages_max").and_then(|max| max.parse().ok());
        self.pages(|database| match pages_max {
            Some(max) if database.size_pages() <= max => database.snapshot(SNAPSHOT_BYTES_MAX),
            _ => Ok(None),
        })
    }

    fn pages(
        &self,
        read: impl FnOnce(&mut Database) -> std::result::Result<Option<Vec<u8>>, SqlError>,
    ) -> Answer {
        match self.engine.with(|database| Ok((read(database)?, database.position()))) {
            Ok((commits, position)) => {
                Answer { bookmark: Some(position.to_string()), commits, ..Answer::new(200, "") }
            }
            Err(unavailable) => refuse(&unavailable),
        }
    }

    fn info(&self) -> Answer {
        let info = self.engine.with(|database| {
            Ok(DatabaseInfo {
                num_tables: database.num_tables()?.max(0) as u64,
                file_size: database.size_bytes()?,
                bookmark: Some(database.position().to_string()),
            })
        });
        match info {
            Ok(info) => match serde_json::to_string(&info) {
                Ok(text) => Answer::new(200, text),
                Err(error) => fail(&error.to_string(), 500),
            },
            Err(unavailable) => refuse(&unavailable),
        }
    }

    fn delete(&self) -> Answer {
        self.engine.database.replace(None);
        match self.engine.storage.delete() {
            Ok(()) => Answer::new(200, r#"{"success":true}"#),
            Err(error) => refuse(&of_storage(error).into()),
        }
    }

    /// Starts the checkpoint that is due, after the answer and beside the requests that follow.
    fn check_in_background(&self) {
        if self.engine.checkpoint_is_due() && !self.engine.checkpoint_runs.replace(true) {
            let engine = Rc::clone(&self.engine);
            self.state.wait_until(background::checkpoint(engine));
        }
    }
}

impl Caller {
    fn lacks(
        &self,
        database: &mut Database,
        bytes_max: usize,
    ) -> std::result::Result<Option<Vec<u8>>, SqlError> {
        match self.have.as_deref().and_then(|have| have.parse().ok()) {
            Some(have) => database.commits_since(have, bytes_max),
            None => Ok(None),
        }
    }
}

impl Engine {
    /// Calls `use_it` with the database, opened first if it is not open or has to be anew.
    fn with<T>(
        &self,
        use_it: impl FnOnce(&mut Database) -> std::result::Result<T, SqlError>,
    ) -> std::result::Result<T, Unavailable> {
        let mut slot = self.database.borrow_mut();
        let mut database = match slot.take().filter(|database| !database.is_broken()) {
            Some(database) => database,
            None => self.open()?,
        };
        let used = use_it(&mut database);
        if !database.is_broken() {
            *slot = Some(database);
        }
        Ok(used?)
    }

    fn open(&self) -> std::result::Result<Database, Unavailable> {
        let limits = self.limits.clone().map_err(Unavailable::Misconfigured)?;
        if self.storage.is_deleted().map_err(of_storage)? {
            return Err(Unavailable::Deleted);
        }
        let storage = ObjectStorage::open(self.storage.clone()).map_err(of_storage)?;
        let store = Store::open(Box::new(storage), CACHE_PAGES).map_err(SqlError::Pages)?;
        Ok(Database::open(store, limits)?)
    }

    fn checkpoint_is_due(&self) -> bool {
        let database = self.database.borrow();
        database.as_ref().is_some_and(|database| database.checkpoint_is_due(&self.checkpoint))
    }
}

/// Why the database did not do what it was asked.
#[derive(Debug)]
enum Unavailable {
    /// The object stays behind without one, for good.
    Deleted,
    /// A setting is wrong; the text says which and how.
    Misconfigured(String),
    Failed(SqlError),
}

impl From<SqlError> for Unavailable {
    fn from(error: SqlError) -> Self {
        Unavailable::Failed(error)
    }
}

fn of_storage(error: isolite_core::StorageError) -> SqlError {
    SqlError::Pages(error.into())
}

/// The answer to a request that failed. D1's client reads the body alone, REST the status as well:
/// 404 where there is no database, 500 where ours is the fault, 200 where the statement's is.
fn refuse(unavailable: &Unavailable) -> Answer {
    match unavailable {
        Unavailable::Deleted => fail("This database was deleted", 404),
        Unavailable::Misconfigured(text) => fail(text, 500),
        Unavailable::Failed(error @ SqlError::Pages(CoreError::TooLarge { .. })) => {
            fail(&error.to_string(), 200)
        }
        Unavailable::Failed(error @ (SqlError::Pages(_) | SqlError::Open(_))) => {
            console_error!("The primary failed: {error}");
            // D1's own text: clients know by it that a retry may help.
            fail("Internal error in D1 DB storage caused object to be reset.", 500)
        }
        Unavailable::Failed(error) => fail(&error.to_string(), 200),
    }
}

fn no_path() -> Answer {
    fail("No such path", 404)
}

fn fail(text: &str, status: u16) -> Answer {
    Answer::new(status, Failure::new(text).encode())
}

/// The members of `meta` that tell who answered.
fn served(env: &Env) -> String {
    let region = setting(env, "ISOLITE_REGION");
    let region = region.map(|region| serde_json::Value::String(region).to_string());
    let region = region.map_or(String::new(), |text| format!("\"served_by_region\":{text},"));
    format!("\"served_by\":\"isolite\",{region}\"served_by_primary\":true,\"total_attempts\":1,")
}
