//! What a database does in each region. The primary tells what it knows, and the replicas that are awake
//! what they say of themselves; those that sleep are left asleep, and none is subscribed by it.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use isolite_protocol::DatabaseRecord;
use isolite_protocol::rest::{Envelope, KnownReplicas, ReplicaInfo, ReplicaStanding, Replicas};
use worker::Env;

use super::{Answer, databases, internal, primary};
use crate::object::call_js::{Address, Message, Object, send_within};

/// One that has not answered by then is told as silent.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// Replicas that are asked at once; the platform lets six calls of a request go at a time.
const AT_ONCE: usize = 6;

pub(super) async fn get(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let told = primary::ask(env, &record, "/replicas", None).await?;
    let known: KnownReplicas = serde_json::from_str(&told.text).map_err(internal)?;
    let replicas = standing(env, &record, known).await;
    let result = serde_json::to_string(&replicas).map_err(internal)?;
    Ok(Envelope::success(&result, None))
}

async fn standing(env: &Env, record: &DatabaseRecord, known: KnownReplicas) -> Replicas {
    let KnownReplicas { mut primary, replicas } = known;
    let hint = record.primary_location_hint.map(|hint| hint.as_str().to_owned());
    primary.region = primary.region.or(hint);
    let txid = primary.txid;
    let asked = replicas.into_iter().map(|replica| async move {
        let address = Address {
            name: &replica.object,
            location_hint: Some(&replica.region),
            jurisdiction: replica.jurisdiction.as_deref(),
        };
        let awake = replica.is_awake();
        let info = if awake { info(env, address, ANSWER_TIME_MAX).await } else { None };
        ReplicaStanding::of(replica, info, txid)
    });
    let replicas = stream::iter(asked).buffered(AT_ONCE).collect().await;
    Replicas { primary, replicas }
}

/// What a replica says of itself; None if it does not in time.
pub(super) async fn info(
    env: &Env,
    replica: Address<'_>,
    time_max: Duration,
) -> Option<ReplicaInfo> {
    let message = Message { path: "/info", ..Message::default() };
    let sent = send_within(time_max, env, Object::Replica(replica), message);
    let answer = sent.await.ok().filter(|answer| answer.status == 200)?;
    serde_json::from_str(&String::from(answer.text)).ok()
}
