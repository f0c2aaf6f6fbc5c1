//! Deleting and restoring databases, and what the primaries are told of their rows.
//!
//! Each is safe against a crash at any point: the row says first what is to be, then the objects are
//! brought there, then the row says that it is done. What was cut short the alarm repeats.
//!
//! | row | the primary |
//! |---|---|
//! | live | is open, and has been told its settings once the row is no longer pending |
//! | deleted, pending | may still be open, its replicas may still be there |
//! | deleted | is closed, and answers 404; the replicas are gone |
//! | being wiped | has been, or will be wiped, the replicas before it |
//!
//! Invariant: as long as a row is being wiped, or pending, an alarm is set within the retry's delay;
//! as long as one is deleted, one is set at the latest for when it can no longer be restored.

use std::time::Duration;

use isolite_protocol::directory::{DatabaseName, DatabaseRecord, Refusal, SettingsRevision};
use serde::Deserialize;
use worker::{Error, Result, console_error};

use super::database_table::Standing;
use super::{Directory, Empty, Outcome, platform_js};
use crate::object::call_js::{Message, Object, Text, send};
use crate::primary::Subscription;
use crate::settings_js;

/// Far longer than what is to be done takes, so that the alarm finds only what failed.
pub(super) const RETRY_DELAY: Duration = Duration::from_secs(60);
/// Databases that an alarm looks after before it sets the next one.
const ROWS_PER_ALARM: u32 = 50;

/// Under what name a database is restored; under its own unless told.
#[derive(Deserialize)]
struct Undelete {
    #[serde(default)]
    name: Option<String>,
}

impl Directory {
    /// Without a grace, or with `purge`, it is wiped at once, also if it is deleted already.
    pub(super) async fn delete(&self, id: &str, purge: bool) -> Outcome<Empty> {
        let _turn = self.turns.take(id).await;
        let grace = match settings_js::deletion_grace(&self.env) {
            // Whatever the setting is, it does not keep from wiping.
            _ if purge => Duration::ZERO,
            Ok(grace) => grace,
            Err(wrong) => return Ok(Err(Refusal::Malformed(wrong))),
        };
        let record = match self.table()?.any_by_id(id)? {
            Some((record, Standing::Live)) => record,
            Some((record, Standing::Deleted)) if purge => record,
            _ => return Ok(Err(Refusal::not_found(id))),
        };
        // No candidate becomes the primary of it any more.
        self.abandon_now(id)?;
        self.mark(|table| match grace.is_zero() {
            true => table.stand(id, Standing::BeingWiped),
            false => table.delete(id, &platform_js::now(), &platform_js::from_now(grace)),
        })
        .await?;
        self.finish(&record.uuid).await;
        self.rest_if_done().await?;
        Ok(Ok(Empty {}))
    }

    pub(super) async fn undelete(&self, id: &str, body: &str) -> Outcome<DatabaseRecord> {
        let name = match serde_json::from_str(if body.is_empty() { "{}" } else { body }) {
            Ok(Undelete { name }) => name,
            Err(error) => {
                let text = format!("The body must be {{\"name\"?: \"…\"}}: {error}");
                return Ok(Err(Refusal::Malformed(text)));
            }
        };
        let _turn = self.turns.take(id).await;
        let Some((record, Standing::Deleted)) = self.table()?.any_by_id(id)? else {
            return Ok(Err(Refusal::not_found(id)));
        };
        let name = match DatabaseName::parse(name.as_deref().unwrap_or(&record.name)) {
            Ok(name) => name,
            Err(error) => return Ok(Err(Refusal::Malformed(error.to_string()))),
        };
        let _name = self.turns.take(name.as_str()).await;
        if self.table()?.by_name(name.as_str())?.is_some() {
            let text = format!(
                "A database with the name {} has been created meanwhile: restore this one under \
                 another, by the body {{\"name\": \"…\"}}",
                name.as_str()
            );
            return Ok(Err(Refusal::NameTaken(text)));
        }
        // From here on it may be open: unless the row is live in the end, the alarm closes it again.
        self.mark(|table| table.set_pending(id, true)).await?;
        let message = Message { path: "/reopen", ..Message::default() };
        let answer = send(&self.env, Object::primary_of(&record), message).await?;
        if answer.status != 200 {
            let text = format!("its primary answered with status {}", answer.status);
            return Err(Error::RustError(text));
        }
        self.table()?.rename(id, name.as_str())?;
        self.table()?.stand(id, Standing::Live)?;
        self.rest_if_done().await?;
        let restored = self.table()?.by_id(id)?;
        Ok(restored.ok_or_else(|| Refusal::not_found(id)))
    }

    pub(super) async fn alarm(&self) -> Result<()> {
        // First of all, so that the invariant holds wherever this ends.
        self.state.storage().set_alarm(RETRY_DELAY).await?;
        for record in self.table()?.due(&platform_js::now(), ROWS_PER_ALARM)? {
            let _turn = self.turns.take(&record.uuid).await;
            // It may have been restored while this waited.
            if let Some((_, Standing::Deleted)) = self.table()?.any_by_id(&record.uuid)? {
                self.table()?.stand(&record.uuid, Standing::BeingWiped)?;
            }
        }
        for record in self.table()?.former_due(&platform_js::now(), ROWS_PER_ALARM)? {
            let _turn = self.turns.take(&record.uuid).await;
            if let Err(error) = self.wipe_former(&record).await {
                console_error!("An old primary of {} is left behind: {error}", record.uuid);
            }
        }
        for record in self.table()?.unfinished(ROWS_PER_ALARM)? {
            let _turn = self.turns.take(&record.uuid).await;
            self.finish(&record.uuid).await;
        }
        self.rest_if_done().await
    }

    /// Changes a row such that something is left to be done. A set alarm is left as it is: many
    /// changes must not put off what it has to repeat.
    pub(super) async fn mark(
        &self,
        change: impl FnOnce(&super::DatabaseTable) -> Result<()>,
    ) -> Result<()> {
        let needs_alarm = !self.table()?.has_unfinished()?;
        change(&self.table()?)?;
        if needs_alarm {
            // No await stands before this call, so both are in one write.
            self.state.storage().set_alarm(RETRY_DELAY).await?;
        }
        Ok(())
    }

    /// Sets the alarm for what is next; whatever is unfinished has one already.
    pub(super) async fn rest_if_done(&self) -> Result<()> {
        if self.table()?.has_unfinished()? {
            return Ok(());
        }
        match self.table()?.next_due()? {
            Some(time) => self.state.storage().set_alarm(platform_js::until(&time)).await,
            None => self.state.storage().delete_alarm().await,
        }
    }

    /// Brings the objects to where the row says that they are to be. After a failure that is left to
    /// the alarm. Whoever calls it has the turn.
    pub(super) async fn finish(&self, id: &str) {
        if let Err(error) = self.try_to_finish(id).await {
            console_error!("The database {id} will be looked after again: {error}");
        }
    }

    async fn try_to_finish(&self, id: &str) -> Result<()> {
        let Some((record, standing)) = self.table()?.any_by_id(id)? else { return Ok(()) };
        if standing != Standing::BeingWiped && !self.table()?.is_pending(id)? {
            return Ok(());
        }
        let promoted = self.finish_promotions(&record, standing).await?;
        match standing {
            Standing::BeingWiped => {
                let wiped = self.tell(&record, "/delete", None).await?;
                self.wipe_replicas(&wiped).await?;
                self.tokens()?.revoke_all(id)?;
                self.table()?.remove(id)
            }
            Standing::Deleted => {
                let closed = self.tell(&record, "/close", None).await?;
                self.wipe_replicas(&closed).await?;
                self.table()?.set_pending(id, false)
            }
            Standing::Live => {
                let (revision, settings) = (record.settings_revision, record.settings.clone());
                let body = serde_json::to_string(&SettingsRevision { revision, settings })?;
                let replicas = self.tell(&record, "/settings", Some(&body)).await?;
                self.wipe_replicas(&replicas).await?;
                // What was changed meanwhile is still to be told.
                let is_as_told = self.table()?.by_id(id)?.is_some_and(|now| {
                    (now.epoch, now.settings_revision) == (record.epoch, revision)
                });
                self.table()?.set_pending(id, !(promoted && is_as_told))
            }
        }
    }

    /// Resolves with the replicas that the primary names.
    async fn tell(
        &self,
        record: &DatabaseRecord,
        path: &str,
        body: Option<&str>,
    ) -> Result<Vec<Subscription>> {
        let body = body.map(Text::from);
        let message = Message { path, body: body.as_ref(), ..Message::default() };
        let answer = send(&self.env, Object::primary_of(record), message).await?;
        match answer.status {
            200 => Ok(serde_json::from_str(&String::from(answer.text))?),
            status => Err(Error::RustError(format!("its primary answered with status {status}"))),
        }
    }

    /// Those that the primary names: what it tells again should this have to be repeated.
    async fn wipe_replicas(&self, replicas: &[Subscription]) -> Result<()> {
        for replica in replicas {
            let message = Message { path: "/delete", ..Message::default() };
            let answer = send(&self.env, Object::Replica(replica.address()), message).await?;
            if answer.status != 404 {
                let region = &replica.region;
                let text = format!("its replica in {region} answered {}", answer.status);
                return Err(Error::RustError(text));
            }
        }
        Ok(())
    }
}
