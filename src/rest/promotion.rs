//! Moving the primary of a database to another region.

use std::time::Duration;

use isolite_protocol::directory::{
    DatabaseRecord, Promotion, PromotionState, PromotionStatus, Refusal,
};
use isolite_protocol::query_string;
use isolite_protocol::rest::{Envelope, Promote, PromotionAnswer, RestError};
use worker::Env;

use super::jobs::{WAIT_TIME, Waiting};
use super::{Answer, Reply, databases, internal, promotion_sources};
use crate::directory::client;
use crate::error;
use crate::object::call_js::{Message, Object, Text, send_within};

/// A candidate answers at once, wherever it is.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(5);

/// `POST …/promote`: begins it and waits for its end, as long as a request may. The same again goes on
/// waiting.
pub(super) async fn promote(env: &Env, database: &str, body: &str) -> Result<Reply, RestError> {
    let promote = Promote::decode(body)?;
    let record = databases::find(env, database).await?;
    let takes_over = match promote.force {
        true => Some(promotion_sources::confirmed(env, &record, &promote).await?),
        false => None,
    };
    let path = format!(
        "/promote?id={}&region={}",
        query_string::encode(&record.uuid),
        promote.region.as_str()
    );
    let body = takes_over.map(|from| serde_json::to_string(&from)).transpose();
    let body = body.map_err(internal)?.map(Text::from);
    let promotion: Promotion = asked(env, &path, body.as_ref()).await?;
    let mut waiting = Waiting::begin();
    loop {
        let status = status(env, &record, &promotion).await;
        if status.state != PromotionState::Active || waiting.elapsed() >= WAIT_TIME {
            return told(&promotion, status);
        }
        waiting.pause().await;
    }
}

/// `GET …/promote`: the promotion that is under way, or the last one.
pub(super) async fn get(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let path = format!("/promotion/get?id={}", query_string::encode(&record.uuid));
    let promotion: Promotion = asked(env, &path, None).await?;
    let status = status(env, &record, &promotion).await;
    encoded(&PromotionAnswer::new(&promotion, status))
}

/// `DELETE …/promote`: gives up the one that is under way.
pub(super) async fn give_up(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let path = format!("/promotion/abandon?id={}", query_string::encode(&record.uuid));
    match asked(env, &path, None).await? {
        true => Ok(Envelope::success("null", None)),
        false => {
            let text = "It is too late: the primary has moved".to_owned();
            Err(RestError::Refused(text))
        }
    }
}

async fn asked<T: serde::de::DeserializeOwned>(
    env: &Env,
    path: &str,
    body: Option<&Text>,
) -> Result<T, RestError> {
    let outcome = client::ask(env, path, body).await;
    match outcome.map_err(|error| error::of_platform(&error))? {
        Ok(told) => Ok(told),
        Err(Refusal::NotFound(text)) => Err(RestError::NotFound(text)),
        Err(refusal) => Err(RestError::Refused(refusal.message().to_owned())),
    }
}

/// As the candidate tells it. What cannot be reached now goes on all the same.
async fn status(env: &Env, record: &DatabaseRecord, promotion: &Promotion) -> PromotionStatus {
    let candidate = record.clone().promoted(promotion.epoch, Some(promotion.region));
    let message = Message { path: "/promotion/status", ..Message::default() };
    let object = Object::primary_of(&candidate);
    let answer = send_within(QUESTION_TIME_MAX, env, object, message).await;
    let told = answer.ok().filter(|answer| answer.status == 200);
    let told = told.and_then(|answer| serde_json::from_str(&String::from(answer.text)).ok());
    told.unwrap_or_else(|| PromotionStatus {
        state: if promotion.candidate { PromotionState::Active } else { PromotionState::Complete },
        waits_for: Some(format!("{} does not answer", promotion.region.as_str())),
        ..PromotionStatus::default()
    })
}

fn told(promotion: &Promotion, status: PromotionStatus) -> Result<Reply, RestError> {
    let state = status.state;
    let answer = PromotionAnswer::new(promotion, status);
    let envelope = encoded(&answer)?;
    match state {
        PromotionState::Complete => Ok(Reply::Json(envelope)),
        PromotionState::Active => Ok(Reply::Accepted(envelope)),
        PromotionState::Abandoned => {
            let why = answer.messages.last().map_or("it was given up", String::as_str);
            Err(RestError::Refused(format!("The primary stays where it was: {why}")))
        }
    }
}

fn encoded(answer: &PromotionAnswer) -> Answer {
    Ok(Envelope::success(&serde_json::to_string(answer).map_err(internal)?, None))
}
