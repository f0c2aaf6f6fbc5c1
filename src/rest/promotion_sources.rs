//! What another primary can be made of if that of a database is out of reach: all replicas are asked, and
//! the backup is looked at.

use std::time::Duration;

use futures_util::future::{join, join_all};
use isolite_core::Bookmark;
use isolite_protocol::directory::{DatabaseRecord, LocationHint, TakesOver};
use isolite_protocol::rest::parse_timestamp;
use isolite_protocol::rest::{
    Envelope, PrimaryStanding, Promote, PromotionSource, PromotionSources, RestError,
};
use worker::Env;

use super::{Answer, backups, databases, internal, replicas};
use crate::backup_bucket::{self, folder};
use crate::object::call_js::{Message, Object, has_replicas, send_within};
use crate::primary::Subscription;

/// After so long without an answer an object counts as out of reach.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// `GET …/promote/sources`.
pub(super) async fn get(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let sources = sources(env, &record).await?;
    Ok(Envelope::success(&serde_json::to_string(&sources).map_err(internal)?, None))
}

/// The source that was confirmed; without that, what may be lost.
pub(super) async fn confirmed(
    env: &Env,
    record: &DatabaseRecord,
    promote: &Promote,
) -> Result<TakesOver, RestError> {
    let sources = sources(env, record).await?;
    if sources.primary.answers {
        let text = "The primary answers, and nothing need be lost: send the same without \"force\"";
        return Err(RestError::Refused(text.to_owned()));
    }
    let Some(confirm) = &promote.confirm else {
        return Err(RestError::Refused(sources.warning()));
    };
    let chosen = sources.sources.iter().find(|source| source.confirm == *confirm);
    match chosen {
        Some(source) => Ok(source.takes_over.clone()),
        None => Err(RestError::Refused(format!(
            "Nothing stands at {confirm:?} any more. {}",
            sources.warning()
        ))),
    }
}

async fn sources(env: &Env, record: &DatabaseRecord) -> Result<PromotionSources, RestError> {
    let regions = LocationHint::ALL.into_iter().filter(|region| {
        let own = record.primary_location_hint == Some(*region);
        !own && record.jurisdiction.is_none_or(|border| border.serves(*region))
    });
    let regions: Vec<LocationHint> = if has_replicas(env) { regions.collect() } else { Vec::new() };
    let replicas = join_all(regions.into_iter().map(|region| replica(env, record, region)));
    let (primary, (replicas, backup)) =
        join(primary(env, record), join(replicas, backup(env, record))).await;
    let mut newest = primary.bookmark.as_deref().map_or(0, |text| txid_of(text, record));
    let mut all = Vec::new();
    for (source, known) in replicas.into_iter().flatten() {
        newest = newest.max(known);
        all.extend(source);
    }
    // A replica has more than the backup of a primary before.
    all.extend(backup.filter(|backup| all.is_empty() || is_own(backup, record)));
    Ok(PromotionSources::new(primary, newest, all))
}

async fn primary(env: &Env, record: &DatabaseRecord) -> PrimaryStanding {
    let message = Message { path: "/info", ..Message::default() };
    let object = Object::primary_of(record);
    let answer = send_within(ANSWER_TIME_MAX, env, object, message).await.ok();
    let told = answer.as_ref().filter(|answer| answer.status == 200);
    let bookmark = told.and_then(|answer| {
        let text = String::from(answer.text.clone());
        serde_json::from_str::<isolite_protocol::DatabaseInfo>(&text).ok()?.bookmark
    });
    let region = record.primary_location_hint;
    PrimaryStanding { region, answers: answer.is_some(), bookmark }
}

/// A replica if it is whole, and the newest commit that it has heard of.
async fn replica(
    env: &Env,
    record: &DatabaseRecord,
    region: LocationHint,
) -> Option<(Option<PromotionSource>, u64)> {
    let replica = Subscription::of(&record.uuid, region, record.jurisdiction);
    let told = replicas::info(env, replica.address(), ANSWER_TIME_MAX).await?;
    let source = told.bookmark.map(|bookmark| PromotionSource {
        txid: txid_of(&bookmark, record),
        confirm: bookmark,
        region: Some(region),
        path: None,
        age_ms: told.age_ms,
        lost_commits: 0,
        takes_over: TakesOver::Replica(region),
    });
    let newest = told.newest.as_deref().map_or(0, |text| txid_of(text, record));
    // One that has not heard of the primary's epoch counts its commits as they were before.
    Some((source.filter(|source| source.txid > 0), newest))
}

/// The newest that the bucket has: of this primary, or of one before while its own snapshot is not there yet.
async fn backup(env: &Env, record: &DatabaseRecord) -> Option<PromotionSource> {
    let bucket = backup_bucket::bucket(env, record.jurisdiction).ok()?;
    let lease = backups::read_lease(&bucket, &record.uuid).await.ok()??;
    let point = backups::newest_of(&bucket, &record.uuid).await.ok()??;
    let txid = u64::from_str_radix(&point.txid, 16).ok()?;
    let time_ms = point.timestamp.as_deref().and_then(|text| parse_timestamp(text).ok());
    let age_ms = time_ms.map(|time_ms| (js_sys::Date::now() - time_ms as f64).max(0.0));
    Some(PromotionSource {
        confirm: format!("backup:{txid:016x}"),
        region: None,
        txid,
        age_ms,
        lost_commits: 0,
        takes_over: TakesOver::Backup { path: point.path.clone(), tag: lease.tag },
        path: Some(point.path),
    })
}

/// Whether a backup is of the primary that is out of reach.
fn is_own(backup: &PromotionSource, record: &DatabaseRecord) -> bool {
    backup.path == Some(folder(&record.uuid, record.epoch.max(1)))
}

/// Of a bookmark of the primary's epoch or one before; 0 of one that is none.
fn txid_of(bookmark: &str, record: &DatabaseRecord) -> u64 {
    let bookmark: Option<Bookmark> = bookmark.parse().ok();
    let position = bookmark.map(|bookmark| bookmark.position);
    let position = position.filter(|position| position.epoch <= record.epoch.max(1));
    position.map_or(0, |position| position.txid)
}
