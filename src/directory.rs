//! The directory: the one Durable Object that knows the databases by id and by name.
//!
//! Deleting is safe against a crash at any point: the row is marked first; then the primary wipes
//! itself; then the row goes. A marked row is hidden, and its name is free again.
//!
//! Invariant: as long as a row is marked, an alarm is set, which repeats what was left.

pub(crate) mod client;
mod database_table;
mod platform_js;

use std::time::Duration;

use isolite_protocol::directory::{DatabaseRecord, ListPage, NewDatabase, Refusal};
use isolite_protocol::query_string;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, console_error, durable_object,
};

use crate::object::call_js::{Answer, Message, Object, check_jurisdiction, send};
use crate::primary::Subscription;
use crate::target::Target;
use database_table::DatabaseTable;

/// Far longer than a deletion takes, so that the alarm finds only what failed.
const DELETION_RETRY_DELAY: Duration = Duration::from_secs(60);
/// Databases an alarm deletes before it sets the next one.
const DELETIONS_PER_ALARM: u32 = 50;

#[durable_object(alarm)]
pub struct IsoliteDirectory {
    /// None in the one instance that stands for its class.
    directory: Option<Directory>,
}

struct Directory {
    state: State,
    env: Env,
}

impl DurableObject for IsoliteDirectory {
    fn new(state: State, env: Env) -> Self {
        Self { directory: Some(Directory { state, env }) }
    }

    /// Nobody calls it: only RPC is spoken between our objects.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("The directory is called by RPC", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        if let Some(directory) = &self.directory {
            directory.repeat_deletions().await?;
        }
        Response::empty()
    }
}

#[wasm_bindgen]
impl IsoliteDirectory {
    /// Resolves with `[text, status, bookmark]`, see [`crate::object::call_js`].
    pub async fn call(
        &self,
        path: JsValue,
        body: JsValue,
        _session: JsValue,
    ) -> std::result::Result<Array, JsValue> {
        let target = Target::of_path(&path.as_string().unwrap_or_default());
        let body = body.as_string().unwrap_or_default();
        let answer = match &self.directory {
            Some(directory) => directory.answer(&target, &body).await?,
            None => reply::<()>(Err(Refusal::NoRoute))?,
        };
        Ok(answer.encode())
    }
}

impl IsoliteDirectory {
    /// An instance without an object, from which its class is found.
    pub(crate) fn blank() -> Self {
        Self { directory: None }
    }
}

/// What was done, or why it was not; the outer error is a fault of the platform.
type Outcome<T> = Result<std::result::Result<T, Refusal>>;

impl Directory {
    async fn answer(&self, target: &Target, body: &str) -> Result<Answer> {
        let query = target.query();
        match target.path() {
            "/create" => reply(self.create(body)?),
            "/resolve" => {
                let name = query_string::value(query, "name").unwrap_or_default();
                reply(self.table()?.by_name(&name)?.ok_or_else(|| Refusal::not_found(&name)))
            }
            "/get" => {
                let id = query_string::value(query, "id").unwrap_or_default();
                reply(self.table()?.by_id(&id)?.ok_or_else(|| Refusal::not_found(&id)))
            }
            "/list" => reply(Ok(self.table()?.list(&ListPage::from_query(query))?)),
            "/delete" => {
                let id = query_string::value(query, "id").unwrap_or_default();
                reply(self.delete(&id).await?)
            }
            _ => reply::<()>(Err(Refusal::NoRoute)),
        }
    }

    async fn repeat_deletions(&self) -> Result<()> {
        // First of all, so that the invariant holds wherever this ends.
        self.state.storage().set_alarm(DELETION_RETRY_DELAY).await?;
        for record in self.table()?.deleting(DELETIONS_PER_ALARM)? {
            self.finish_deletion(&record).await;
        }
        self.rest_if_done().await
    }

    fn table(&self) -> Result<DatabaseTable> {
        DatabaseTable::open(&self.state.storage())
    }

    fn create(&self, body: &str) -> Outcome<DatabaseRecord> {
        let new = match NewDatabase::decode(body) {
            Ok(new) => new,
            Err(error) => return Ok(Err(Refusal::Malformed(error.to_string()))),
        };
        let table = self.table()?;
        if let Some(existing) = table.by_name(new.name.as_str())? {
            let taken = Refusal::name_taken(&existing.name);
            return Ok(if new.if_missing { Ok(existing) } else { Err(taken) });
        }
        if let Some(jurisdiction) = new.jurisdiction
            && let Err(text) = check_jurisdiction(&self.env, jurisdiction)
        {
            return Ok(Err(Refusal::Malformed(text)));
        }
        let record = DatabaseRecord {
            uuid: crate::platform_js::random_uuid()?,
            name: new.name.as_str().to_owned(),
            created_at: platform_js::now(),
            version: "production".to_owned(),
            // A border decides the place by itself.
            primary_location_hint: new.primary_location_hint.or(match new.jurisdiction {
                Some(_) => None,
                None => new.region,
            }),
            jurisdiction: new.jurisdiction,
        };
        table.insert(&record)?;
        Ok(Ok(record))
    }

    async fn delete(&self, id: &str) -> Outcome<Empty> {
        let Some(record) = self.table()?.by_id(id)? else {
            return Ok(Err(Refusal::not_found(id)));
        };
        // A set alarm is left as it is: many deletions must not put off what it has to repeat.
        let needs_alarm = !self.has_deletions()?;
        self.table()?.mark_deleting(id)?;
        if needs_alarm {
            // No await stands before this call, so both are in one write.
            self.state.storage().set_alarm(DELETION_RETRY_DELAY).await?;
        }
        self.finish_deletion(&record).await;
        self.rest_if_done().await?;
        Ok(Ok(Empty {}))
    }

    fn has_deletions(&self) -> Result<bool> {
        Ok(!self.table()?.deleting(1)?.is_empty())
    }

    async fn rest_if_done(&self) -> Result<()> {
        if self.has_deletions()? {
            return Ok(());
        }
        self.state.storage().delete_alarm().await
    }

    /// Wipes the primary, then removes the row. After a failure the row stays for the alarm: to
    /// callers the database is gone either way.
    async fn finish_deletion(&self, record: &DatabaseRecord) {
        let outcome = match self.wipe_primary(record).await {
            Ok(()) => self.table().and_then(|table| table.remove(&record.uuid)),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            console_error!("Deleting database {} will be tried again: {error}", record.uuid);
        }
    }

    async fn wipe_primary(&self, record: &DatabaseRecord) -> Result<()> {
        let message = Message { path: "/delete", ..Message::default() };
        let answer = send(&self.env, Object::primary_of(record), message).await?;
        match answer.status {
            200 => self.wipe_replicas(&String::from(answer.text)).await,
            404 => Ok(()),
            status => Err(Error::RustError(format!("its primary answered with status {status}"))),
        }
    }

    /// Those that the primary names: what it tells again should this have to be repeated.
    async fn wipe_replicas(&self, named: &str) -> Result<()> {
        let replicas: Vec<Subscription> = serde_json::from_str(named)?;
        for replica in replicas {
            let message = Message { path: "/delete", ..Message::default() };
            let answer = send(&self.env, Object::Replica(replica.address()), message).await?;
            if answer.status != 404 {
                let region = replica.region;
                let text = format!("its replica in {region} answered {}", answer.status);
                return Err(Error::RustError(text));
            }
        }
        Ok(())
    }
}

#[derive(serde::Serialize)]
struct Empty {}

fn reply<T: serde::Serialize>(outcome: std::result::Result<T, Refusal>) -> Result<Answer> {
    Ok(match outcome {
        Ok(value) => Answer::new(200, serde_json::to_string(&value)?),
        Err(refusal) => Answer::new(refusal.status(), refusal.encode()),
    })
}
