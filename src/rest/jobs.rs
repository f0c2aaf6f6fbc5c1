//! The long works of a primary: started, and waited for as long as a request may.

use std::time::Duration;

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::{Envelope, Job, JobState, NewJob, RestError, StartedJob};
use worker::{Delay, Env};

use super::primary::{ask, path};
use super::{Answer, databases};

/// How long a client's question for an import is held up.
pub(super) const POLL_TIME: Duration = Duration::from_secs(2);
/// How long a request waits for what it started: clients and proxies give up after 30 s.
pub(super) const WAIT_TIME: Duration = Duration::from_secs(25);

const PAUSE_MIN: Duration = Duration::from_millis(25);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// `GET …/jobs`: the newest job, as the primary tells of it.
pub(super) async fn newest(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let told = ask(env, &record, "/jobs/poll", None).await?;
    Ok(Envelope::success(&told.text, None))
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

/// The job when it is over, or as it is when the time is.
pub(super) async fn wait(
    env: &Env,
    record: &DatabaseRecord,
    job: &str,
    time_max: Duration,
) -> Result<Job, RestError> {
    let end_ms = js_sys::Date::now() + time_max.as_millis() as f64;
    let path = path("/jobs/poll", &[("job", job)]);
    let mut pause = PAUSE_MIN;
    loop {
        let job = Job::decode(&ask(env, record, &path, None).await?.text)?;
        if job.state != JobState::Running || js_sys::Date::now() >= end_ms {
            return Ok(job);
        }
        Delay::from(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
