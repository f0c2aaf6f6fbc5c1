//! The long works of a primary: started, and waited for as long as a request may.
//!
//! A primary may be busy with one long statement of such a work, and answers nobody meanwhile. What was
//! started goes on then, and that is what a client is told.

use std::time::Duration;

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::{Envelope, Job, JobState, NewJob, RestError, StartedJob};
use worker::{Delay, Env};

use super::primary::{ask, path};
use super::{Answer, databases};
use crate::object::call_js::within;

/// How long a client's question for an import is held up.
pub(super) const POLL_TIME: Duration = Duration::from_secs(2);
/// How long a request waits for what it started: clients and proxies give up after 30 s.
pub(super) const WAIT_TIME: Duration = Duration::from_secs(25);

const PAUSE_MIN: Duration = Duration::from_millis(25);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// The pauses between questions for something that goes on, each twice the one before.
pub(super) struct Waiting {
    begun_ms: f64,
    pause: Duration,
}

impl Waiting {
    pub(super) fn begin() -> Self {
        Waiting { begun_ms: js_sys::Date::now(), pause: PAUSE_MIN }
    }

    pub(super) fn elapsed(&self) -> Duration {
        Duration::from_millis((js_sys::Date::now() - self.begun_ms).max(0.0) as u64)
    }

    pub(super) async fn pause(&mut self) {
        Delay::from(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}

/// `GET …/jobs`: the newest job, as the primary tells of it.
pub(super) async fn newest(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    match within(WAIT_TIME, ask(env, &record, "/jobs/poll", None)).await {
        Some(told) => Ok(Envelope::success(&told?.text, None)),
        // Which job it is, if there is any, nobody else knows.
        None => Err(RestError::Internal(format!(
            "The database is busy, and did not answer within {} s: ask again",
            WAIT_TIME.as_secs()
        ))),
    }
}

/// The id of the job.
pub(super) async fn start(
    env: &Env,
    record: &DatabaseRecord,
    job: &NewJob,
) -> Result<String, RestError> {
    let told = ask(env, record, "/jobs/start", Some(&job.encode())).await?;
    let started: Result<StartedJob, _> = serde_json::from_str(&told.text);
    started.map(|started| started.job).map_err(|error| RestError::Internal(error.to_string()))
}

/// The job when it is over, or as it is when the time is. One of which the primary does not tell, as it is
/// busy, is as it was told of last.
pub(super) async fn wait(
    env: &Env,
    record: &DatabaseRecord,
    kind: &str,
    job: &str,
    time_max: Duration,
) -> Result<Job, RestError> {
    let mut waiting = Waiting::begin();
    let path = path("/jobs/poll", &[("job", job)]);
    let mut last = Job::unanswered(job.to_owned(), kind);
    loop {
        let left = WAIT_TIME.saturating_sub(waiting.elapsed());
        let Some(told) = within(left, ask(env, record, &path, None)).await else {
            return Ok(last);
        };
        last = Job::decode(&told?.text)?;
        if last.state != JobState::Running || waiting.elapsed() >= time_max {
            return Ok(last);
        }
        waiting.pause().await;
    }
}
