//! An object that is to be the primary: what it keeps of that, and when it works. [`steps`] has what it does.
//!
//! All of it can be done again. So it may be cut short anywhere, and an alarm goes on with it.

mod steps;
mod takeover;

use std::rc::Rc;
use std::time::Duration;

use isolite_core::Position;
use isolite_protocol::directory::{Inheritance, NewPromotion, PromotionStatus, SettingsRevision};
use isolite_protocol::query_string;
use js_sys::Date;
use serde::{Deserialize, Serialize};
use worker::{Delay, Storage, console_error};

use self::steps::{Run, Stop};
use self::takeover::first_interval;
use super::before::Before;
use super::{Engine, Part, Primary, Refused, Subscription, unreadable};
use crate::directory::client;
use crate::platform_js::now_ms;
use crate::primary::jobs::ALARM;

/// Pauses after what did not succeed, each twice the one before.
const PAUSE_MS_MIN: u64 = 100;
const PAUSE_MS_MAX: u64 = 5_000;
/// As long as the primary still writes, it gives up after so long in which nothing has come of it.
const GIVE_UP_MS: f64 = 600_000.0;

/// As it is kept in the object's storage.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub new: NewPromotion,
    /// It has all that was committed.
    #[serde(default)]
    ended: Option<Ended>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Ended {
    at: Position,
    inheritance: Inheritance<Subscription>,
}

impl Primary {
    /// Goes on with what an object has to do that is to be the primary.
    pub(in crate::primary) fn run_candidate(&self) {
        let engine = Rc::clone(&self.engine);
        let is_candidate = matches!(engine.part(), Ok(Part::Candidate));
        if !is_candidate || engine.promotion.runs.replace(true) {
            return;
        }
        let storage = self.state.storage();
        self.state.wait_until(async move {
            watch(&storage).await;
            run(&engine).await;
            engine.promotion.runs.set(false);
        });
    }

    /// The same from an alarm, which is set again. True if there is nothing else to be done.
    pub(in crate::primary) async fn candidate_alarm(&self) -> bool {
        self.run_candidate();
        let runs = self.engine.promotion.runs.get();
        if runs {
            watch(&self.state.storage()).await;
        }
        runs
    }
}

async fn watch(storage: &Storage) {
    if let Err(error) = storage.set_alarm(ALARM).await {
        console_error!("A promotion has no alarm: {error}");
    }
}

impl Engine {
    /// Begins, unless it has. The answer tells whether it was begun, or is over.
    pub(super) fn be_candidate(&self, body: &str) -> Result<PromotionStatus, Refused> {
        let new: NewPromotion = serde_json::from_str(body)
            .map_err(|error| Refused::Asked(format!("this is no promotion: {error}")))?;
        if self.storage.is_deleted()? {
            return Err(Refused::Deleted);
        }
        if self.promotion.named_for.is_some_and(|epoch| epoch != new.epoch) {
            let text = "this object is named for another epoch".to_owned();
            return Err(Refused::Asked(text));
        }
        if self.storage.is_blank()? {
            self.keep_candidate(&Kept { new, ended: None })?;
            self.forget_part();
        }
        self.promotion_status()
    }

    fn keep_candidate(&self, kept: &Kept) -> Result<(), isolite_core::StorageError> {
        self.storage.set_promotion(Some(&serde_json::to_vec(kept).map_err(unreadable)?))
    }

    fn kept_candidate(&self) -> Result<Option<Kept>, isolite_core::StorageError> {
        let text = self.storage.promotion()?;
        text.map(|text| serde_json::from_slice(&text).map_err(unreadable)).transpose()
    }

    fn tell_promotion(&self, tell: impl FnOnce(&mut PromotionStatus)) {
        tell(&mut self.promotion.status.borrow_mut());
    }

    /// Is the primary from now on.
    fn be_primary(
        &self,
        new: &NewPromotion,
        ended: &Ended,
        settings: &SettingsRevision,
    ) -> Result<(), isolite_core::StorageError> {
        let before = Before { home: new.source.clone(), until_ms: now_ms() };
        let settings = serde_json::to_vec(settings).map_err(unreadable)?;
        let became = self.storage.atomically(|| {
            self.storage.set_epoch(new.epoch)?;
            self.keep_before(&before)?;
            // A restored backup has begun some already.
            if self.storage.first_interval()?.is_none() {
                self.storage.set_first_interval(first_interval(&ended.inheritance))?;
            }
            self.storage.set_settings(&settings)?;
            #[cfg(feature = "entry")]
            if let Some(secret) = &ended.inheritance.baton_secret {
                self.storage.set_baton_secret(secret)?;
            }
            self.inherit_replicas(&ended.inheritance.replicas)?;
            if let Some(job) = &ended.inheritance.job {
                self.storage.set_job(job.as_bytes())?;
            }
            self.storage.set_promotion(None)
        });
        self.job_loaded.set(false);
        // The directory has just said so. What storage has after an error is looked at anew.
        self.promotion.part.replace(became.is_ok().then_some(Part::Primary));
        became
    }
}

async fn run(engine: &Rc<Engine>) {
    let mut run: Option<Run<'_>> = None;
    let mut pause_ms = PAUSE_MS_MIN;
    let mut progress_ms = Date::now();
    while matches!(engine.part(), Ok(Part::Candidate)) {
        // To begin anew is no progress: what failed would otherwise be tried again without a pause.
        let stepped = match &mut run {
            Some(run) => run.step().await,
            slot => match Run::begin(engine).await {
                Ok(begun) => slot.insert(begun).step().await,
                Err(stop) => Err(stop),
            },
        };
        let stop = match stepped {
            Ok(()) => {
                (pause_ms, progress_ms) = (PAUSE_MS_MIN, Date::now());
                engine.tell_promotion(|status| status.waits_for = None);
                continue;
            }
            Err(stop) => stop,
        };
        let fenced = run.as_ref().is_some_and(|run| run.fence_ms.is_some());
        let late = !fenced && Date::now() - progress_ms > GIVE_UP_MS;
        let (Stop::Failed(text) | Stop::GivenUp(text)) = &stop;
        console_error!("The promotion waits: {text}");
        engine.tell_promotion(|status| status.waits_for = Some(text.clone()));
        // What is in memory may be the reason.
        run = None;
        let gives_up = late || matches!(stop, Stop::GivenUp(_));
        if gives_up && give_up(engine).await {
            return;
        }
        Delay::from(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
    }
}

/// Asks the directory to give the promotion up. False if it cannot be, or is not known to be.
async fn give_up(engine: &Engine) -> bool {
    let Ok(Some(Kept { new, .. })) = engine.kept_candidate() else { return false };
    let path = directory_path("abandon", &new);
    match client::ask::<bool>(&engine.env, &path, None).await {
        // The directory wipes it, once the fence is lowered that callers would come here by.
        Ok(Ok(true)) => true,
        // There is no such database any more.
        Ok(Err(_)) => {
            engine.opened.replace(None);
            engine.storage.delete().unwrap_or_default();
            engine.forget_part();
            true
        }
        _ => false,
    }
}

fn directory_path(what: &str, new: &NewPromotion) -> String {
    let id = query_string::encode(&new.source.uuid);
    format!("/promotion/{what}?id={id}&epoch={}", new.epoch)
}
