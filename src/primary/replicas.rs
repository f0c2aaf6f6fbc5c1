//! What a primary knows of the replicas of its database, without asking them: its path `/replicas`.

use isolite_core::{Bookmark, Followed, LogSinceMark, Position};
use isolite_protocol::directory::LocationHint;
use isolite_protocol::rest::{KnownReplica, KnownReplicas, PrimaryState};

use super::{Engine, Opened, Primary, Refused, Subscription};
use crate::object::call_js::Answer;

impl Primary {
    pub(super) fn replicas(&self) -> Answer {
        Answer::json(self.engine.known_replicas())
    }
}

impl Engine {
    pub(super) fn known_replicas(&self) -> Result<KnownReplicas, Refused> {
        let now_ms = js_sys::Date::now();
        let (primary, newest) = self.primary_standing()?;
        let mut followed = self.followers.borrow().followed(now_ms);
        let primary = PrimaryState { followers: followed.len(), ..primary };
        let mut replicas = Vec::new();
        for (region, (subscription, until_ms)) in self.follower_rows()? {
            let at = followed.iter().position(|it| it.region == region);
            let follows = at.map(|at| followed.swap_remove(at));
            replicas.push(self.known_replica(subscription, until_ms, follows, newest, now_ms)?);
        }
        Ok(KnownReplicas { primary, replicas })
    }

    fn primary_standing(&self) -> Result<(PrimaryState, Position), Refused> {
        let region = self.settings.as_ref().ok().and_then(|settings| settings.region);
        let log = self.with_store(|store| Ok(store.log()))?;
        self.with(|Opened { database, tag, .. }| {
            let position = database.position();
            let LogSinceMark { commits, bytes } = log;
            let standing = PrimaryState {
                region: region.map(|region| LocationHint::as_str(region).to_owned()),
                bookmark: Bookmark { position, tag: *tag }.to_string(),
                epoch: position.epoch,
                txid: position.txid,
                size_bytes: database.committed_size_bytes()?,
                log_commits: commits,
                log_bytes: bytes,
                followers: 0,
            };
            Ok((standing, position))
        })
    }

    /// `until_ms` is how long it is pushed to as its row has it, which is renewed less often.
    fn known_replica(
        &self,
        subscription: Subscription,
        until_ms: u64,
        follows: Option<Followed>,
        newest: Position,
        now_ms: f64,
    ) -> Result<KnownReplica, Refused> {
        let Subscription { region, replica, jurisdiction } = subscription;
        let txid = follows.as_ref().and_then(|it| it.position).map(|position| position.txid);
        let made_ms = match txid {
            Some(txid) => self.with_store(|store| Ok(store.first_commit_after_ms(txid)))?,
            None => None,
        };
        let lag_commits = txid.map(|txid| newest.txid.saturating_sub(txid));
        let lag_ms = match lag_commits {
            Some(0) => Some(0.0),
            _ => made_ms.map(|made_ms| (now_ms - made_ms as f64).max(0.0)),
        };
        let (snapshots_begun, filling) = self.metrics.snapshots(&region, now_ms);
        let subscribed_until_ms = follows.as_ref().map_or(until_ms as f64, |it| it.until_ms);
        Ok(KnownReplica {
            region,
            object: replica,
            jurisdiction,
            following: follows.is_some(),
            filling: filling && follows.is_none(),
            // One that has only asked for a snapshot was never pushed to.
            subscribed_until_ms: Some(subscribed_until_ms).filter(|until_ms| *until_ms > 0.0),
            txid,
            lag_commits,
            lag_ms,
            pushes: follows.map_or(0, |it| it.pushes),
            snapshots_begun,
        })
    }
}
