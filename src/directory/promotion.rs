//! Moving primaries, as the directory decides it: who is to be, who is, and what has to go.
//!
//! The row's [`Register`] says it first; then the objects are brought there, as for anything else that a
//! row is. Who asks to be registered gets the answer of that moment: nothing is awaited in between.

use std::time::Duration;

use isolite_core::promotion::{Abandoned, Former, Register, Registered, Unfit};
use isolite_protocol::directory::{
    DatabaseRecord, LocationHint, MovedTo, NewPromotion, Promotion, PromotionState,
    PromotionStatus, Refusal, Registration, SettingsRevision, TakesOver,
};
use isolite_protocol::rest::Home;
use worker::{Error, Result, console_error};

use super::database_table::Standing;
use super::{Directory, Outcome, platform_js};
use crate::object::call_js::{Message, Object, Text, send, send_within};
use crate::platform_js::now_ms;
use crate::settings_js::Settings;

/// How soon what is left to do is done, once a primary was registered.
const SOON: Duration = Duration::from_secs(1);
/// When one is tried again that could not be wiped.
const WIPE_AGAIN: Duration = Duration::from_secs(3600);
/// How long an old primary is waited for that may be out of reach.
const FENCE_TIME_MAX: Duration = Duration::from_secs(10);

impl Directory {
    /// Begins a promotion, or tells of the one to the same region that is under way.
    pub(super) async fn promote(
        &self,
        id: &str,
        region: &str,
        takes_over: Option<TakesOver>,
    ) -> Outcome<Promotion> {
        let _turn = self.turns.take(id).await;
        let Some(record) = self.table()?.by_id(id)? else {
            return Ok(Err(Refusal::not_found(id)));
        };
        let region = match fit(&record, region) {
            Ok(region) => region,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut register = self.table()?.register(id)?;
        let is_new = register.candidate().is_none();
        let candidate = match register.begin(region.as_str()) {
            Ok(candidate) => candidate,
            Err(Unfit::Busy(other)) => {
                let text = format!(
                    "The primary is being moved to {}: wait for that, or give it up first",
                    other.region
                );
                return Ok(Err(Refusal::Malformed(text)));
            }
        };
        self.mark(|table| {
            table.set_register(id, &register)?;
            // One that is under way goes on as it was begun.
            if is_new {
                table.set_takes_over(id, takes_over.as_ref())?;
            }
            table.set_pending(id, true)
        })
        .await?;
        self.finish(id).await;
        self.rest_if_done().await?;
        let epoch = candidate.epoch;
        Ok(Ok(Promotion { epoch, region, candidate: true, was_in: record.primary_location_hint }))
    }

    /// The promotion that is under way, or the last one.
    pub(super) fn promotion(&self, id: &str) -> Outcome<Promotion> {
        let Some(record) = self.table()?.by_id(id)? else {
            return Ok(Err(Refusal::not_found(id)));
        };
        let register = self.table()?.register(id)?;
        let candidate = register.candidate();
        let (epoch, region) = match candidate {
            Some(candidate) => (candidate.epoch, LocationHint::parse(&candidate.region).ok()),
            None => (register.epoch(), record.primary_location_hint),
        };
        let was_in = match candidate {
            Some(_) => record.primary_location_hint,
            None => register
                .former()
                .iter()
                .rev()
                .find_map(|former| LocationHint::parse(former.region.as_deref()?).ok()),
        };
        Ok(match region.filter(|_| candidate.is_some() || epoch > 1) {
            Some(region) => Ok(Promotion { epoch, region, candidate: candidate.is_some(), was_in }),
            None => Err(Refusal::NotFound("The primary was never moved".to_owned())),
        })
    }

    /// Makes the candidate of an epoch the primary. None if it never will be.
    pub(super) async fn register(&self, id: &str, epoch: u32) -> Outcome<Option<Registration>> {
        let Some(record) = self.table()?.by_id(id)? else { return Ok(Ok(None)) };
        let mut register = self.table()?.register(id)?;
        let region = register.candidate().map(|candidate| candidate.region.clone());
        let was_in = record.primary_location_hint.map(LocationHint::as_str);
        let former = Former {
            epoch: record.epoch,
            region: was_in.map(str::to_owned),
            replaced_ms: Some(now_ms()),
            unfenced: self.table()?.takes_over(id)?.is_some(),
        };
        match register.register(epoch, former) {
            Registered::Never => return Ok(Ok(None)),
            Registered::Before => {}
            Registered::Now => {
                let kept = self.retention(&record)?;
                self.table()?.promote(
                    id,
                    &register,
                    region.as_deref(),
                    &platform_js::from_now(kept),
                )?;
                // In the same write, as nothing was awaited.
                self.state.storage().set_alarm(SOON).await?;
            }
        }
        let (revision, settings) = (record.settings_revision, record.settings);
        Ok(Ok(Some(Registration { settings: SettingsRevision { revision, settings } })))
    }

    /// How long an old primary is kept: as long as the past that it has.
    fn retention(&self, record: &DatabaseRecord) -> Result<Duration> {
        let of_database = record.settings.retention_days.map(|days| days * 86_400_000);
        let of_all = || Ok::<u64, Error>(Settings::of(&self.env)?.retention_ms.cast_unsigned());
        Ok(Duration::from_millis(of_database.map_or_else(of_all, Ok)?))
    }

    /// Gives a promotion up: that of the epoch, or whichever is under way. False if it has succeeded.
    pub(super) async fn abandon(&self, id: &str, epoch: Option<u32>) -> Outcome<bool> {
        if self.table()?.any_by_id(id)?.is_none() {
            return Ok(Ok(true));
        }
        let mut register = self.table()?.register(id)?;
        let candidate = register.candidate().map(|candidate| candidate.epoch);
        let Some(epoch) = epoch.or(candidate) else {
            return Ok(Err(Refusal::NotFound("No promotion is under way".to_owned())));
        };
        match register.abandon(epoch) {
            Abandoned::Never => return Ok(Ok(false)),
            Abandoned::Before => {}
            Abandoned::Now => {
                self.table()?.set_register(id, &register)?;
                self.table()?.set_pending(id, true)?;
                self.state.storage().set_alarm(SOON).await?;
                // At once, as the primary may have made way already for who does not come.
                let _turn = self.turns.take(id).await;
                self.finish(id).await;
                self.rest_if_done().await?;
            }
        }
        Ok(Ok(true))
    }

    /// Brings the objects that take part in promotions to where the row says that they are to be. True if
    /// none is under way.
    pub(super) async fn finish_promotions(
        &self,
        record: &DatabaseRecord,
        standing: Standing,
    ) -> Result<bool> {
        let id = record.uuid.as_str();
        if standing != Standing::Live {
            self.abandon_now(id)?;
        }
        let register = self.table()?.register(id)?;
        let wiped = standing == Standing::BeingWiped;
        let mut all_lowered = true;
        for former in register.former() {
            let is_candidate = former.replaced_ms.is_none();
            if is_candidate
                && !wiped
                && let Err(error) = self.lower(record, former.epoch).await
            {
                // Who takes over does not wait for a primary that is out of reach.
                console_error!("A promotion of {id} was given up, and its fence stays: {error}");
                all_lowered = false;
                continue;
            }
            if is_candidate || wiped {
                self.wipe(record, former).await?;
                self.change_register(id, |register| register.forget(former.epoch))?;
            }
        }
        let all_fenced = self.fence_former(id).await?;
        match register.candidate() {
            None => Ok(all_lowered && all_fenced),
            Some(candidate) => {
                let region = LocationHint::parse(&candidate.region).map_err(of_place)?;
                let takes_over = self.table()?.takes_over(id)?;
                let new = NewPromotion {
                    epoch: candidate.epoch,
                    region,
                    source: Home::of(record),
                    takes_over,
                };
                if self.start(record, &new).await? == PromotionState::Abandoned {
                    self.abandon_now(id)?;
                }
                Ok(false)
            }
        }
    }

    /// Wipes old primaries that are kept no longer. Of what was given up the fence is to be lowered first,
    /// which is left to [`Directory::finish_promotions`].
    pub(super) async fn wipe_former(&self, record: &DatabaseRecord) -> Result<()> {
        let id = record.uuid.as_str();
        let kept = self.retention(record)?;
        let mut next = None;
        for former in self.table()?.register(id)?.former() {
            let Some(replaced_ms) = former.replaced_ms else { continue };
            let age = Duration::from_millis(now_ms().saturating_sub(replaced_ms));
            let left = kept.saturating_sub(age);
            let wiped = left.is_zero() && !former.unfenced && self.was_wiped(record, former).await;
            match wiped {
                true => self.change_register(id, |register| register.forget(former.epoch))?,
                false => next = Some(left.max(WIPE_AGAIN).min(next.unwrap_or(Duration::MAX))),
            }
        }
        self.table()?.set_former_due(id, next.map(platform_js::from_now).as_deref())
    }

    async fn was_wiped(&self, record: &DatabaseRecord, former: &Former) -> bool {
        let wiped = self.wipe(record, former).await;
        wiped.inspect_err(|error| console_error!("An old primary is left behind: {error}")).is_ok()
    }

    /// As it is now: it may have changed while something was awaited.
    fn change_register(&self, id: &str, change: impl FnOnce(&mut Register)) -> Result<()> {
        let mut register = self.table()?.register(id)?;
        change(&mut register);
        self.table()?.set_register(id, &register)
    }

    /// Who is the primary, for an object that starts and may not have heard of another one. None if there is
    /// no such database.
    pub(super) fn primary(&self, id: &str) -> Outcome<Option<MovedTo>> {
        let record = self.table()?.by_id(id)?;
        Ok(Ok(record.and_then(|record| {
            let region = record.primary_location_hint?;
            Some(MovedTo { epoch: record.epoch, region })
        })))
    }

    /// Tells those that were out of reach that they are none any more. False if some still are: nothing else
    /// waits for that.
    async fn fence_former(&self, id: &str) -> Result<bool> {
        let mut all = true;
        for former in self.table()?.register(id)?.former().iter().filter(|former| former.unfenced) {
            // As it is now: another may have been registered while something was awaited, and of a primary
            // that it was before it would be told nothing.
            let Some((record, _)) = self.table()?.any_by_id(id)? else { return Ok(false) };
            match self.fence(&record, former).await {
                Ok(()) => self.change_register(id, |register| register.fenced(former.epoch))?,
                Err(error) => {
                    console_error!("An old primary of {id} cannot be told: {error}");
                    all = false;
                }
            }
        }
        Ok(all)
    }

    /// Tells one of them.
    async fn fence(&self, record: &DatabaseRecord, former: &Former) -> Result<()> {
        let region = record.primary_location_hint.map_or("", LocationHint::as_str);
        let path = format!("/promotion/fence?epoch={}&region={region}", record.epoch);
        let old = former_record(record, former)?;
        let message = Message { path: &path, ..Message::default() };
        let object = Object::primary_of(&old);
        let answer = send_within(FENCE_TIME_MAX, &self.env, object, message).await?;
        match answer.status {
            // What it then stands at nobody follows; 410: it has heard of a later one.
            200 | 404 | 410 => Ok(()),
            status => Err(Error::RustError(format!("an old primary answered with {status}"))),
        }
    }

    /// Gives up whichever promotion is under way.
    pub(super) fn abandon_now(&self, id: &str) -> Result<()> {
        let register = self.table()?.register(id)?;
        let Some(candidate) = register.candidate() else { return Ok(()) };
        self.change_register(id, |register| {
            register.abandon(candidate.epoch);
        })
    }

    async fn start(&self, record: &DatabaseRecord, new: &NewPromotion) -> Result<PromotionState> {
        let body = Text::from(serde_json::to_string(new)?);
        let message = Message { path: "/promotion/start", body: Some(&body), ..Message::default() };
        let candidate = record.clone().promoted(new.epoch, Some(new.region));
        let answer = send(&self.env, Object::primary_of(&candidate), message).await?;
        match answer.status {
            200 => {
                let status: PromotionStatus = serde_json::from_str(&String::from(answer.text))?;
                Ok(status.state)
            }
            404 => Ok(PromotionState::Abandoned),
            status => {
                let text = String::from(answer.text);
                Err(Error::RustError(format!("the candidate answered ({status}): {text}")))
            }
        }
    }

    async fn lower(&self, record: &DatabaseRecord, epoch: u32) -> Result<()> {
        let path = format!("/promotion/lower?epoch={epoch}");
        let message = Message { path: &path, ..Message::default() };
        let object = Object::primary_of(record);
        let answer = send_within(FENCE_TIME_MAX, &self.env, object, message).await?;
        match answer.status {
            // Of one that was wiped there is nothing to lower.
            200 | 404 => Ok(()),
            status => Err(Error::RustError(format!("its primary answered with status {status}"))),
        }
    }

    /// The replicas that it names are those of its successor.
    async fn wipe(&self, record: &DatabaseRecord, former: &Former) -> Result<()> {
        let former = former_record(record, former)?;
        let message = Message { path: "/delete", ..Message::default() };
        let answer = send(&self.env, Object::primary_of(&former), message).await?;
        match answer.status {
            200 => Ok(()),
            status => Err(Error::RustError(format!("an old primary answered with {status}"))),
        }
    }
}

/// How an old primary is found.
fn former_record(record: &DatabaseRecord, former: &Former) -> Result<DatabaseRecord> {
    let region = former.region.as_deref().map(LocationHint::parse).transpose();
    Ok(record.clone().promoted(former.epoch, region.map_err(of_place)?))
}

/// The region, if the primary may be there.
fn fit(record: &DatabaseRecord, region: &str) -> std::result::Result<LocationHint, Refusal> {
    let malformed = |text: String| Err(Refusal::Malformed(text));
    let region = match LocationHint::parse(region) {
        Ok(region) => region,
        Err(error) => {
            let text = error.to_string().replace("primary_location_hint", "region");
            return malformed(text);
        }
    };
    if record.primary_location_hint == Some(region) {
        return malformed(format!(
            "The primary of {} is in {} already",
            record.name,
            region.as_str()
        ));
    }
    match record.jurisdiction {
        Some(border) if !border.serves(region) => malformed(format!(
            "{} is not within the jurisdiction {} of this database",
            region.as_str(),
            border.as_str()
        )),
        _ => Ok(region),
    }
}

fn of_place(error: impl std::fmt::Display) -> Error {
    Error::RustError(error.to_string())
}
