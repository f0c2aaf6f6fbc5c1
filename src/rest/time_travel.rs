//! Time travel: the bookmark of a time, a restore, and a fork.

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::query_string;
use isolite_protocol::rest::{
    Database, Envelope, Fork, Home, Job, JobState, NewFork, NewJob, PointInTime, RestError,
};
use serde::{Deserialize, Serialize};
use worker::{Env, console_error};

use super::primary::{ask, path};
use super::{Answer, Reply, databases, internal, jobs};

#[derive(Deserialize, Serialize)]
struct Bookmark {
    bookmark: String,
}

/// A fork that goes on.
#[derive(Serialize)]
struct Forking {
    #[serde(flatten)]
    database: Database,
    status: &'static str,
    job: String,
    messages: Vec<String>,
}

/// `GET …/time_travel/bookmark?timestamp=`; without one, that of now.
pub(super) async fn bookmark(env: &Env, database: &str, query: &str) -> Answer {
    let at = PointInTime::of(None, query_string::value(query, "timestamp"))?;
    let record = databases::find(env, database).await?;
    let bookmark = Bookmark { bookmark: bookmark_at(env, &record, &at).await? };
    Ok(Envelope::success(&serde_json::to_string(&bookmark).map_err(internal)?, None))
}

/// `POST …/time_travel/restore?bookmark=` or `?timestamp=`.
pub(super) async fn restore(env: &Env, database: &str, query: &str) -> Answer {
    let value = |name| query_string::value(query, name);
    let at = PointInTime::of(value("bookmark"), value("timestamp"))?;
    if at == PointInTime::Now {
        let text = "To what? Give ?bookmark=… or ?timestamp=…";
        return Err(RestError::Malformed(text.to_owned()));
    }
    let record = databases::find(env, database).await?;
    let bookmark = bookmark_at(env, &record, &at).await?;
    let job = jobs::start(env, &record, &NewJob::Restore { bookmark }).await?;
    let job = jobs::wait(env, &record, "restore", &job, jobs::WAIT_TIME).await?;
    match job.outcome() {
        Some(outcome) => {
            outcome?;
            Ok(Envelope::success(&job.restore_answer()?, None))
        }
        None => Err(still_running(&job, database)),
    }
}

/// `POST …/fork`.
pub(super) async fn fork(env: &Env, database: &str, body: &str) -> Result<Reply, RestError> {
    let fork = Fork::decode(body)?;
    let source = databases::find(env, database).await?;
    let bookmark = bookmark_at(env, &source, &fork.at).await?;
    let record = databases::insert(env, &fork.to_create(&source)?).await?;
    match copy(env, &source, &record, &bookmark).await {
        Ok(job) => {
            let database = databases::described(env, record).await;
            if job.state == JobState::Complete {
                let result = serde_json::to_string(&database).map_err(internal)?;
                return Ok(Reply::Json(Envelope::success(&result, None)));
            }
            let messages = job.progress().into_iter().collect();
            let forking = Forking { database, status: "active", job: job.job, messages };
            let result = serde_json::to_string(&forking).map_err(internal)?;
            Ok(Reply::Accepted(Envelope::success(&result, None)))
        }
        Err(error) => {
            // Half a copy is of no use to anybody, and it would hold the name.
            if let Err(left) = databases::delete(env, &record.uuid, true).await {
                console_error!("A fork that failed was not deleted, {}: {left}", record.uuid);
            }
            Err(error)
        }
    }
}

/// The job, complete or still running.
async fn copy(
    env: &Env,
    source: &DatabaseRecord,
    to: &DatabaseRecord,
    bookmark: &str,
) -> Result<Job, RestError> {
    let job = NewJob::Fork(NewFork { source: Home::of(source), bookmark: bookmark.to_owned() });
    let job = jobs::start(env, to, &job).await?;
    let job = jobs::wait(env, to, "fork", &job, jobs::WAIT_TIME).await?;
    job.outcome().unwrap_or(Ok(()))?;
    Ok(job)
}

async fn bookmark_at(
    env: &Env,
    record: &DatabaseRecord,
    at: &PointInTime,
) -> Result<String, RestError> {
    let path = match at {
        PointInTime::Bookmark(bookmark) => return Ok(bookmark.clone()),
        PointInTime::Now => "/time_travel/bookmark".to_owned(),
        PointInTime::Time(ms) => {
            path("/time_travel/bookmark", &[("timestamp_ms", &ms.to_string())])
        }
    };
    let told = ask(env, record, &path, None).await?;
    let Bookmark { bookmark } = serde_json::from_str(&told.text).map_err(internal)?;
    Ok(bookmark)
}

fn still_running(job: &Job, database: &str) -> RestError {
    let progress = job.progress().map(|text| format!(" ({text})")).unwrap_or_default();
    RestError::StillRunning(format!(
        "The {} goes on{progress}: GET …/d1/database/{database}/jobs tells how far it is",
        job.kind
    ))
}
