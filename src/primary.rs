//! The primary: the Durable Object through which every write of one database goes.
//!
//! It answers D1's HTTP protocol. Between reading a request's body and handing over the answer
//! nothing is awaited, so requests cannot interleave inside a transaction; the platform holds each
//! answer back until the commit before it is durable.
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
use isolite_protocol::{Request as Queries, ResultsFormat, SESSION_HEADER, query_string};
use isolite_sqlite::{Database, Error as SqlError, Limits, Numbers, Run};
use worker::{
    DurableObject, Env, Headers, Method, Request, Response, Result, State, console_error,
    durable_object,
};

use crate::target::Target;
use object_storage::ObjectStorage;

/// Pages that the store keeps besides SQLite's own cache: 2 MiB.
const CACHE_PAGES: usize = 512;
const JSON: &str = "application/json";

#[durable_object(fetch)]
pub struct IsolitePrimary {
    state: State,
    engine: Rc<Engine>,
    served: String,
}

/// What background work shares with the requests.
pub(crate) struct Engine {
    storage: storage_js::Storage,
    database: RefCell<Option<Database>>,
    checkpoint: CheckpointPolicy,
    checkpoint_runs: Cell<bool>,
}

/// Which of the object's answers were asked for.
enum Path {
    Query,
    Script,
    Info,
    Delete,
}

impl DurableObject for IsolitePrimary {
    fn new(state: State, env: Env) -> Self {
        let engine = Engine {
            storage: storage_js::Storage::of(&state),
            database: RefCell::new(None),
            checkpoint: CheckpointPolicy::default(),
            checkpoint_runs: Cell::new(false),
        };
        IsolitePrimary { state, engine: Rc::new(engine), served: served(&env) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let target = Target::of(&request);
        let path = match (request.method(), target.path()) {
            (Method::Post, "/query" | "/execute") => Path::Query,
            (Method::Post, "/script") => Path::Script,
            (Method::Get, "/info") => Path::Info,
            (Method::Post, "/delete") => Path::Delete,
            _ => return fail("No such path", 404),
        };
        let body = request.text().await?;
        // From here on nothing is awaited.
        let answer = match path {
            Path::Query | Path::Script => {
                let session = request.headers().get(SESSION_HEADER)?;
                let script = matches!(path, Path::Script);
                self.query(&body, target.query(), script, session.is_some())
            }
            Path::Info => self.info(),
            Path::Delete => self.delete(),
        };
        self.check_in_background();
        answer
    }
}

impl IsolitePrimary {
    fn query(&self, body: &str, query: &str, script: bool, session: bool) -> Result<Response> {
        let queries = match Queries::decode(body) {
            Ok(queries) => queries,
            Err(error) => return fail(&error.to_string(), 200),
        };
        let exact = query_string::raw(query, "numbers") == Some("exact");
        let run = Run {
            queries: queries.queries(),
            format: ResultsFormat::from_query(query),
            array: script || matches!(queries, Queries::Batch(_)),
            numbers: if exact { Numbers::Exact } else { Numbers::Real },
            script,
            now_ms: js_sys::Date::now() as i64,
            clock: &js_sys::Date::now,
            served: &self.served,
        };
        let done = self.engine.with(|database| {
            let done = database.run(&run)?;
            Ok((done, database.position()))
        });
        let (done, position) = match done {
            Ok(done) => done,
            Err(unavailable) => return refuse(&unavailable),
        };
        let headers = Headers::new();
        headers.set("content-type", JSON)?;
        if session {
            headers.set(SESSION_HEADER, &position.to_string())?;
        }
        Ok(Response::from_bytes(done.answer)?.with_headers(headers))
    }

    fn info(&self) -> Result<Response> {
        let info = self.engine.with(|database| {
            Ok(DatabaseInfo {
                num_tables: database.num_tables()?.max(0) as u64,
                file_size: database.size_bytes()?,
                bookmark: Some(database.position().to_string()),
            })
        });
        match info {
            Ok(info) => Response::from_json(&info),
            Err(unavailable) => refuse(&unavailable),
        }
    }

    fn delete(&self) -> Result<Response> {
        self.engine.database.replace(None);
        self.engine.storage.delete().map_err(|error| error.0)?;
        Response::from_json(&serde_json::json!({ "success": true }))
    }

    /// Starts the checkpoint that is due, after the answer and beside the requests that follow.
    fn check_in_background(&self) {
        if self.engine.checkpoint_is_due() && !self.engine.checkpoint_runs.replace(true) {
            let engine = Rc::clone(&self.engine);
            self.state.wait_until(background::checkpoint(engine));
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
        if self.storage.is_deleted().map_err(of_storage)? {
            return Err(Unavailable::Deleted);
        }
        let storage = ObjectStorage::open(self.storage.clone()).map_err(of_storage)?;
        let store = Store::open(Box::new(storage), CACHE_PAGES).map_err(SqlError::Pages)?;
        Ok(Database::open(store, Limits::default())?)
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
fn refuse(unavailable: &Unavailable) -> Result<Response> {
    match unavailable {
        Unavailable::Deleted => fail("This database was deleted", 404),
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

fn fail(text: &str, status: u16) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", JSON)?;
    Ok(Response::ok(Failure::new(text).encode())?.with_status(status).with_headers(headers))
}

/// The members of `meta` that tell who answered.
fn served(env: &Env) -> String {
    let region = env.var("ISOLITE_REGION").ok().map(|region| region.to_string());
    let region = region.map(|region| serde_json::Value::String(region).to_string());
    let region = region.map_or(String::new(), |text| format!("\"served_by_region\":{text},"));
    format!("\"served_by\":\"isolite\",{region}\"served_by_primary\":true,\"total_attempts\":1,")
}
