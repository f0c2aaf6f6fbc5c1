//! The directory: the one Durable Object that knows the databases by id and by name.
//!
//! What it knows it keeps in tables; what takes several steps, of other objects too, is in `creation`
//! and `deletion`. It knows the tokens of REST as well.

pub(crate) mod client;
mod creation;
mod database_table;
mod deletion;
mod platform_js;
mod promotion;
mod token_table;
mod turns;

use std::cell::Cell;

use isolite_protocol::directory::{
    DatabaseRecord, DatabaseSettings, GroupPage, HashedToken, ListPage, Refusal, SettingsRevision,
    TokenRecord,
};
use isolite_protocol::query_string;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::object::call_js::Answer;
use crate::settings_js::Settings;
use crate::target::Target;
use database_table::DatabaseTable;
use token_table::TokenTable;
use turns::Turns;

#[durable_object(alarm)]
pub struct IsoliteDirectory {
    /// None in the one instance that stands for its class.
    directory: Option<Directory>,
}

struct Directory {
    state: State,
    env: Env,
    turns: Turns,
    is_set_up: Cell<bool>,
}

impl DurableObject for IsoliteDirectory {
    fn new(state: State, env: Env) -> Self {
        let (turns, is_set_up) = (Turns::default(), Cell::new(false));
        Self { directory: Some(Directory { state, env, turns, is_set_up }) }
    }

    /// Nobody calls it: only RPC is spoken between our objects.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("The directory is called by RPC", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        if let Some(directory) = &self.directory {
            directory.alarm().await?;
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
        let value = |name| query_string::value(query, name).unwrap_or_default();
        let id = value("id");
        match target.path() {
            "/create" => reply(self.create(body).await?),
            "/resolve" => {
                let name = value("name");
                reply(self.table()?.by_name(&name)?.ok_or_else(|| Refusal::not_found(&name)))
            }
            "/get" => reply(self.table()?.by_id(&id)?.ok_or_else(|| Refusal::not_found(&id))),
            "/list" => reply(Ok(self.table()?.list(&ListPage::from_query(query))?)),
            "/group" => reply(Ok(self.table()?.group(&GroupPage::from_query(query))?)),
            "/delete" => reply(self.delete(&id, value("purge") == "true").await?),
            "/undelete" => reply(self.undelete(&id, body).await?),
            "/promote" => {
                // With a body only if the primary is out of reach.
                let from = (!body.is_empty()).then(|| serde_json::from_str(body)).transpose()?;
                reply(self.promote(&id, &value("region"), from).await?)
            }
            "/promotion/primary" => reply(self.primary(&id)?),
            "/promotion/get" => reply(self.promotion(&id)?),
            "/promotion/register" => {
                reply(self.register(&id, value("epoch").parse().unwrap_or(0)).await?)
            }
            "/promotion/abandon" => reply(self.abandon(&id, value("epoch").parse().ok()).await?),
            "/settings" => reply(self.set(&id, body, value("whole") == "true").await?),
            "/tokens/create" => reply(self.keep_token(body)?),
            "/tokens/list" => reply(Ok(self.tokens()?.list()?)),
            "/tokens/find" => {
                let found = self.tokens()?.by_hash(&value("hash"), &platform_js::now())?;
                reply(found.ok_or_else(|| Refusal::NotFound(NO_TOKEN.to_owned())))
            }
            "/tokens/revoke" => {
                let revoked = self.tokens()?.revoke(&id)?;
                reply(if revoked { Ok(Empty {}) } else { Err(Refusal::NotFound(NO_TOKEN.into())) })
            }
            _ => reply::<()>(Err(Refusal::NoRoute)),
        }
    }

    fn table(&self) -> Result<DatabaseTable> {
        self.set_up()?;
        Ok(DatabaseTable::of(&self.state.storage()))
    }

    fn tokens(&self) -> Result<TokenTable> {
        self.set_up()?;
        Ok(TokenTable::of(&self.state.storage()))
    }

    fn set_up(&self) -> Result<()> {
        if !self.is_set_up.get() {
            DatabaseTable::set_up(&self.state.storage())?;
            TokenTable::set_up(&self.state.storage())?;
            self.is_set_up.set(true);
        }
        Ok(())
    }

    /// Sets what the body names, and all else to its default if it is the `whole`.
    async fn set(&self, id: &str, body: &str, whole: bool) -> Outcome<DatabaseRecord> {
        let _turn = self.turns.take(id).await;
        let Some(record) = self.table()?.by_id(id)? else {
            return Ok(Err(Refusal::not_found(id)));
        };
        let before = if whole { DatabaseSettings::default() } else { record.settings.clone() };
        let settings = match before.changed_by(body) {
            Ok(settings) => settings,
            Err(error) => return Ok(Err(Refusal::Malformed(error.to_string()))),
        };
        if let Err(text) = self.check_limits(&settings) {
            return Ok(Err(Refusal::Malformed(text)));
        }
        if settings == record.settings {
            return Ok(Ok(record));
        }
        let to = SettingsRevision { revision: record.settings_revision + 1, settings };
        self.mark(|table| table.set(id, &to)).await?;
        self.finish(id).await;
        self.rest_if_done().await?;
        let (settings, settings_revision) = (to.settings, to.revision);
        Ok(Ok(DatabaseRecord { settings, settings_revision, ..record }))
    }

    /// Limits may only be lower than those of this Worker.
    fn check_limits(&self, settings: &DatabaseSettings) -> std::result::Result<(), String> {
        if settings.limits.is_empty() {
            return Ok(());
        }
        let all = Settings::of(&self.env)?.limits;
        let own = settings.limits.iter().map(|(name, limit)| (name.as_str(), *limit));
        all.narrowed(own).map(drop)
    }

    fn keep_token(&self, body: &str) -> Outcome<TokenRecord> {
        let mut new: HashedToken = match serde_json::from_str(body) {
            Ok(new) => new,
            Err(error) => return Ok(Err(Refusal::Malformed(error.to_string()))),
        };
        if let Some(text) = &new.token.expires_at {
            let now = platform_js::now();
            match platform_js::time_of(text).filter(|time| *time > now) {
                Some(time) => new.token.expires_at = Some(time),
                None => {
                    let text = format!("expires_at is {text:?}: it must be a time to come");
                    return Ok(Err(Refusal::Malformed(text)));
                }
            }
        }
        if let Some(id) = &new.token.scope.database
            && self.table()?.by_id(id)?.is_none()
        {
            return Ok(Err(Refusal::not_found(id)));
        }
        self.tokens()?.insert(&new)?;
        Ok(Ok(new.token))
    }
}

const NO_TOKEN: &str = "There is no such token";

#[derive(serde::Serialize)]
struct Empty {}

fn reply<T: serde::Serialize>(outcome: std::result::Result<T, Refusal>) -> Result<Answer> {
    Ok(match outcome {
        Ok(value) => Answer::new(200, serde_json::to_string(&value)?),
        Err(refusal) => Answer::new(refusal.status(), refusal.encode()),
    })
}
