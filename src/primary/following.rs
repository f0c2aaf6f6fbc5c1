//! The replicas that follow this primary: who they are, and the pushes to them.
//!
//! A subscription is a row of the object's storage, so that it outlives the primary's eviction; it is
//! renewed by what the replica asks anyway. Rows of replicas that no longer follow stay, because
//! they are what has to be deleted with the database.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use isolite_core::{Bookmark, Position, Push, StorageError};
use isolite_protocol::directory::{Jurisdiction, LocationHint};
use isolite_protocol::query_string;
use serde::{Deserialize, Serialize};
use worker::console_error;

use super::{Engine, Opened};
use crate::object::call_js::{Address, Message, Object, send_within};
use crate::object::feed::{Question, position_of};
use crate::object::sql_js::Bound;
use crate::router::replica_name;

/// How long a replica is pushed to that asks nothing more.
const SUBSCRIPTION_MS: u64 = 60_000;

/// A push that is not answered by then is lost.
const PUSH_TIME_MAX: Duration = Duration::from_secs(20);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS follower \
    (region BLOB PRIMARY KEY, replica BLOB NOT NULL, until_ms INTEGER NOT NULL)";

/// What a replica says of itself to be pushed to: `follow=<region>&replica=<name of its object>`,
/// and `jurisdiction=` if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub region: String,
    pub replica: String,
    pub jurisdiction: Option<String>,
}

impl Subscription {
    /// That of the replica of a region.
    pub(crate) fn of(database: &str, region: LocationHint, border: Option<Jurisdiction>) -> Self {
        Subscription {
            region: region.as_str().to_owned(),
            replica: replica_name(database, region.as_str()),
            jurisdiction: border.map(|border| border.as_str().to_owned()),
        }
    }

    pub(super) fn of_query(query: &str) -> Option<Subscription> {
        Some(Subscription {
            region: query_string::value(query, "follow")?,
            replica: query_string::value(query, "replica")?,
            jurisdiction: query_string::value(query, "jurisdiction"),
        })
    }

    pub(crate) fn address(&self) -> Address<'_> {
        Address {
            name: &self.replica,
            location_hint: Some(&self.region),
            jurisdiction: self.jurisdiction.as_deref(),
        }
    }
}

impl Engine {
    /// Has a replica pushed to that stands at `position`. Should it fail, the replica only asks.
    pub(super) fn subscribe(&self, subscription: &Subscription, position: Option<Position>) {
        let now_ms = js_sys::Date::now() as u64;
        let until_ms = now_ms + SUBSCRIPTION_MS;
        let region = &subscription.region;
        if self.followers.borrow_mut().subscribe(region, position, until_ms as f64)
            && let Err(error) = self.keep(subscription, now_ms, until_ms)
        {
            console_error!("The replica of {region} is not pushed to: {error}");
        }
    }

    /// Takes down a replica that is taking a snapshot and is not pushed to yet, so that it is deleted
    /// with the database.
    pub(super) fn remember(&self, subscription: &Subscription) {
        if self.subscription(&subscription.region).is_none()
            && let Err(error) = self.write(subscription, 0)
        {
            let region = &subscription.region;
            console_error!("The replica of {region} is not remembered: {error}");
        }
    }

    /// Writes a row only when the one that is there is half over.
    fn keep(
        &self,
        subscription: &Subscription,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<(), StorageError> {
        let region = Bound::Bytes(subscription.region.as_bytes());
        let kept = "SELECT until_ms FROM follower WHERE region = ?";
        let mut half_over = true;
        self.storage.query(kept, &[region], |row| {
            half_over = row.number(0) < now_ms + SUBSCRIPTION_MS / 2;
            Ok::<(), StorageError>(())
        })?;
        if !half_over {
            return Ok(());
        }
        self.write(subscription, until_ms)
    }

    fn write(&self, subscription: &Subscription, until_ms: u64) -> Result<(), StorageError> {
        let text = serde_json::to_string(subscription).map_err(unencodable)?;
        let values = [
            Bound::Bytes(subscription.region.as_bytes()),
            Bound::Bytes(text.as_bytes()),
            Bound::Number(until_ms),
        ];
        self.storage.run("INSERT OR REPLACE INTO follower VALUES (?, ?, ?)", &values)
    }

    /// Those that still follow, as a start finds them: where they stand they tell at the first push.
    pub(super) fn load_followers(&self) -> Result<(), StorageError> {
        self.storage.run(TABLE, &[])?;
        let mut followers = self.followers.borrow_mut();
        self.storage.query("SELECT region, until_ms FROM follower", &[], |row| {
            if let Ok(region) = String::from_utf8(row.bytes(0)) {
                followers.subscribe(&region, None, row.number(1) as f64);
            }
            Ok(())
        })
    }

    /// Takes down the replicas of the primary before.
    pub(super) fn inherit_replicas(&self, replicas: &[Subscription]) -> Result<(), StorageError> {
        self.storage.run(TABLE, &[])?;
        replicas.iter().try_for_each(|replica| self.write(replica, 0))
    }

    /// All replicas that there ever were, by region, and until when each follows.
    pub(super) fn follower_rows(
        &self,
    ) -> Result<BTreeMap<String, (Subscription, u64)>, StorageError> {
        self.storage.run(TABLE, &[])?;
        let mut rows = BTreeMap::new();
        self.storage.query("SELECT replica, until_ms FROM follower", &[], |row| {
            let subscription: Option<Subscription> = serde_json::from_slice(&row.bytes(0)).ok();
            rows.extend(subscription.map(|it| (it.region.clone(), (it, row.number(1)))));
            Ok::<(), StorageError>(())
        })?;
        Ok(rows)
    }

    pub(super) fn replicas(&self) -> Result<Vec<Subscription>, StorageError> {
        Ok(self.follower_rows()?.into_values().map(|(replica, _)| replica).collect())
    }

    /// The pushes to make now, each with what it brings: no commit comes between.
    pub(super) fn pushes_due(&self) -> Vec<Parcel> {
        let Some(newest) = self.position() else { return Vec::new() };
        let due = self.followers.borrow_mut().due(newest, js_sys::Date::now());
        due.into_iter().filter_map(|push| self.packed(push)).collect()
    }

    fn push_due_to(&self, region: &str) -> Option<Parcel> {
        let newest = self.position()?;
        let due = self.followers.borrow_mut().due_to(region, newest, js_sys::Date::now());
        self.packed(due?)
    }

    fn packed(&self, push: Push) -> Option<Parcel> {
        let fed = self.with(|Opened { database, tag, .. }| {
            let ltx = Question::Commits.answer(database, push.since)?;
            Ok((ltx, Bookmark { position: database.position(), tag: *tag }))
        });
        match fed {
            Ok((ltx, bookmark)) => {
                let bytes = ltx.as_ref().map_or(0, Vec::len);
                self.followers.borrow_mut().weighs(&push, bytes);
                Some(Parcel { push, bookmark, ltx })
            }
            Err(refused) => {
                self.end_pushes(&push, &format!("{refused:?}"));
                None
            }
        }
    }

    fn end_pushes(&self, push: &Push, why: &str) {
        console_error!("The replica of {} is not pushed to any more: {why}", push.region);
        self.followers.borrow_mut().refused(push);
    }

    fn position(&self) -> Option<Position> {
        self.opened.borrow().as_ref().map(|opened| opened.database.position())
    }

    fn subscription(&self, region: &str) -> Option<Subscription> {
        let sql = "SELECT replica FROM follower WHERE region = ?";
        let mut subscription = None;
        let read = self.storage.query(sql, &[Bound::Bytes(region.as_bytes())], |row| {
            subscription = serde_json::from_slice(&row.bytes(0)).ok();
            Ok::<(), StorageError>(())
        });
        read.ok().and(subscription)
    }
}

/// A push, and what it brings.
pub(super) struct Parcel {
    push: Push,
    bookmark: Bookmark,
    ltx: Option<Vec<u8>>,
}

/// Why a push did not bring a replica forward.
enum Undelivered {
    /// No answer came.
    Lost(String),
    Refused(String),
}

/// Makes a push, and those that have become due at its end.
pub(super) async fn push(engine: Rc<Engine>, parcel: Parcel) {
    let mut next = Some(parcel);
    while let Some(parcel) = next.take() {
        let push = &parcel.push;
        match deliver(&engine, &parcel).await {
            Ok(position) => engine.followers.borrow_mut().acknowledged(push, position),
            Err(Undelivered::Lost(why)) => {
                console_error!("A push to the replica of {} was lost: {why}", push.region);
                engine.followers.borrow_mut().lost(push);
            }
            Err(Undelivered::Refused(why)) => engine.end_pushes(push, &why),
        }
        next = engine.push_due_to(&push.region);
    }
}

/// Where the replica then stands.
async fn deliver(engine: &Engine, parcel: &Parcel) -> Result<Position, Undelivered> {
    let Parcel { push, bookmark, ltx } = parcel;
    let refused = |why: &str| Undelivered::Refused(why.to_owned());
    let subscription =
        engine.subscription(&push.region).ok_or_else(|| refused("nothing is known of it"))?;
    let text = bookmark.to_string();
    let message =
        Message { path: "/push", have: Some(&text), ltx: ltx.as_deref(), ..Message::default() };
    let object = Object::Replica(subscription.address());
    let sent = send_within(PUSH_TIME_MAX, &engine.env, object, message).await;
    let answer = sent.map_err(|error| Undelivered::Lost(error.to_string()))?;
    let position = position_of(answer.bookmark.as_deref(), bookmark.tag);
    position
        .filter(|_| answer.status == 200)
        .ok_or_else(|| refused(&format!("status {}", answer.status)))
}

fn unencodable(error: serde_json::Error) -> StorageError {
    StorageError(error.to_string())
}
