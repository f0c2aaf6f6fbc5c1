//! What the directory and REST ask of a primary besides queries: that it goes, closes or opens again,
//! takes settings, tells its schema, and applies migrations.

use isolite_core::{Followers, StorageError};
use isolite_protocol::directory::SettingsRevision;
use isolite_protocol::rest::Migration;
use serde::Serialize;

use super::{Engine, Opened, Primary, Refused, fail, not_done, of_storage, refuse};
use crate::object::call_js::Answer;

impl Primary {
    /// Wipes everything. The answer names the replicas there are, so that the caller has them wiped
    /// too, each time that it is asked.
    pub(super) fn delete(&self) -> Answer {
        self.engine.close_streams();
        self.engine.opened.replace(None);
        self.engine.insights.forget();
        self.engine.forget_job();
        let deleted = self.engine.storage.delete();
        self.engine.forget_part();
        answer(deleted.and_then(|()| self.engine.replicas()))
    }

    /// Keeps everything, and answers nobody until it is opened again. The replicas are named, since
    /// they would still answer.
    pub(super) fn close(&self) -> Answer {
        let closed = self.engine.storage.is_deleted().and_then(|deleted| match deleted {
            true => Ok(()),
            false => self.engine.storage.set_closed(true),
        });
        self.engine.let_go();
        answer(closed.and_then(|()| self.engine.replicas()))
    }

    pub(super) fn reopen(&self) -> Answer {
        let reopened = self.engine.storage.is_deleted().and_then(|deleted| match deleted {
            true => Ok(false),
            false => self.engine.storage.set_closed(false).map(|()| true),
        });
        match reopened {
            Ok(false) => refuse(&Refused::Deleted),
            reopened => answer(reopened),
        }
    }

    /// Takes settings, unless it has newer ones. Where there are to be no replicas it names those that
    /// there are.
    pub(super) fn set(&self, body: &str) -> Answer {
        let told: SettingsRevision = match serde_json::from_str(body) {
            Ok(told) => told,
            Err(error) => return fail(&error.to_string(), 400),
        };
        match self.engine.storage.is_deleted() {
            Ok(false) => {}
            Ok(true) => return refuse(&Refused::Deleted),
            Err(error) => return refuse(&of_storage(error).into()),
        }
        answer(self.engine.take_settings(&told, body))
    }

    /// The statements that make its schema.
    pub(super) fn schema(&self) -> Answer {
        let at = self.engine.stands_at();
        match at.and_then(|at| self.engine.read_at(at, |database| database.schema())) {
            Ok(schema) => Answer::new(200, schema),
            Err(refused) => not_done(&refused),
        }
    }

    pub(super) fn migrate(&self, body: &str) -> Answer {
        let migrations: Vec<Migration> = match serde_json::from_str(body) {
            Ok(migrations) => migrations,
            Err(error) => return fail(&error.to_string(), 400),
        };
        let migrated = self.engine.with(|Opened { database, .. }| {
            database.refuse_writes(self.engine.writes_refused());
            Ok(database.migrate(&migrations, &js_sys::Date::now)?)
        });
        Answer::json(migrated)
    }
}

impl Engine {
    /// What is set of this database.
    pub(super) fn set(&self) -> Result<SettingsRevision, StorageError> {
        let text = self.storage.settings()?;
        let set = text.map(|text| serde_json::from_slice(&text)).transpose();
        // A newer version may have written what this one cannot read: then nothing is set.
        Ok(set.unwrap_or_default().unwrap_or_default())
    }

    /// Resolves with the replicas that are to go.
    fn take_settings(
        &self,
        told: &SettingsRevision,
        text: &str,
    ) -> Result<Vec<super::Subscription>, StorageError> {
        if told.revision >= self.set()?.revision {
            self.storage.set_settings(text.as_bytes())?;
            self.follow_settings(told);
        }
        if told.settings.replicates() { Ok(Vec::new()) } else { self.replicas() }
    }

    /// Opens anew, but for what a long work has begun: of that the limits stay until its end.
    fn follow_settings(&self, told: &SettingsRevision) {
        if self.job_refusal().is_none() {
            return self.let_go();
        }
        if let Some(opened) = &mut *self.opened.borrow_mut() {
            opened.set = told.clone();
        }
        self.kept.set((told.settings.retention_days, told.settings.history_bytes_max));
    }

    /// Lets go of what it holds open, and of those that follow: they ask again if they may.
    fn let_go(&self) {
        self.close_streams();
        self.opened.replace(None);
        self.followers.replace(Followers::default());
    }
}

fn answer(done: Result<impl Serialize, StorageError>) -> Answer {
    Answer::json(done.map_err(Refused::from))
}
