//! The replicas that follow a primary, as the primary knows them: what to push to whom, and when.
//!
//! One push to a replica is in flight at a time; what is committed meanwhile goes into the next. A
//! subscription ends by itself when the replica does not renew it, and after a push that failed: the
//! replica's next read then catches up first, so nothing depends on a push but how soon it is there.

use std::collections::BTreeMap;

use crate::position::Position;

/// Regions are short, and few.
const FOLLOWERS_MAX: usize = 64;

#[derive(Default)]
pub struct Followers {
    by_region: BTreeMap<String, Follower>,
}

struct Follower {
    /// Until then it is pushed to, in milliseconds.
    until_ms: f64,
    /// Where it was last known to stand; None when the primary has just started.
    position: Option<Position>,
    in_flight: bool,
}

/// A push that is due: what the replica of a region lacks since a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub region: String,
    /// None where it is not known; the replica then tells.
    pub since: Option<Position>,
}

impl Followers {
    /// A replica that stands there subscribes, or renews. False if there is no room for it: it then
    /// only ever asks.
    pub fn subscribe(&mut self, region: &str, position: Option<Position>, until_ms: f64) -> bool {
        if !self.by_region.contains_key(region) && self.by_region.len() >= FOLLOWERS_MAX {
            return false;
        }
        let new = || Follower { until_ms, position, in_flight: false };
        let follower = self.by_region.entry(region.to_owned()).or_insert_with(new);
        follower.until_ms = follower.until_ms.max(until_ms);
        if position.is_some() && !follower.in_flight {
            follower.position = position;
        }
        true
    }

    /// The pushes to begin now that the primary stands at `newest`; each ends by
    /// [`Followers::acknowledged`] or [`Followers::failed`].
    pub fn due(&mut self, newest: Position, now_ms: f64) -> Vec<Push> {
        self.by_region.retain(|_, follower| follower.in_flight || follower.until_ms > now_ms);
        let each = self.by_region.iter_mut();
        each.filter_map(|(region, follower)| follower.push(region, newest, now_ms)).collect()
    }

    /// The same for one replica, whose push has just ended.
    pub fn due_to(&mut self, region: &str, newest: Position, now_ms: f64) -> Option<Push> {
        self.by_region.get_mut(region)?.push(region, newest, now_ms)
    }

    /// The replica answered a push: it stands at `position`.
    pub fn acknowledged(&mut self, region: &str, position: Position) {
        if let Some(follower) = self.by_region.get_mut(region) {
            // A push that brought nothing forward was in vain, and so would be the next.
            if follower.position.is_some_and(|before| position == before) {
                self.by_region.remove(region);
                return;
            }
            follower.in_flight = false;
            follower.position = Some(position);
        }
    }

    /// No answer came. The replica subscribes again when it next asks.
    pub fn failed(&mut self, region: &str) {
        self.by_region.remove(region);
    }
}

impl Follower {
    fn push(&mut self, region: &str, newest: Position, now_ms: f64) -> Option<Push> {
        let there = self.position.is_some_and(|at| at.is_at_least(&newest));
        if self.in_flight || there || self.until_ms <= now_ms {
            return None;
        }
        self.in_flight = true;
        Some(Push { region: region.to_owned(), since: self.position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::Checksum;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(txid: u64) -> Position {
        Position { epoch: 1, txid, checksum: Checksum::EMPTY }
    }

    fn push(since: u64) -> Vec<Push> {
        vec![Push { region: "apac".to_owned(), since: Some(at(since)) }]
    }

    #[test]
    fn one_push_at_a_time_and_the_next_brings_all() {
        let mut followers = Followers::default();
        assert!(followers.subscribe("apac", Some(at(3)), 1000.0));
        assert_eq!(followers.due(at(3), 0.0), vec![]);
        assert_eq!(followers.due(at(4), 0.0), push(3));
        assert_eq!(followers.due(at(6), 0.0), vec![]);
        followers.acknowledged("apac", at(4));
        assert_eq!(followers.due_to("apac", at(6), 0.0), push(4).pop());
        followers.acknowledged("apac", at(6));
        assert_eq!(followers.due(at(6), 0.0), vec![]);
    }

    #[test]
    fn a_subscription_lapses_unless_it_is_renewed() {
        let mut followers = Followers::default();
        followers.subscribe("apac", Some(at(3)), 1000.0);
        followers.subscribe("apac", Some(at(3)), 2000.0);
        assert_eq!(followers.due(at(4), 1500.0), push(3));
        followers.acknowledged("apac", at(4));
        assert_eq!(followers.due(at(5), 2000.0), vec![]);
        followers.subscribe("apac", Some(at(5)), 3000.0);
        assert_eq!(followers.due(at(6), 2500.0), push(5));
    }

    #[test]
    fn what_failed_or_brought_nothing_ends_the_subscription() {
        for fails in [true, false] {
            let mut followers = Followers::default();
            followers.subscribe("apac", Some(at(3)), 1000.0);
            assert_eq!(followers.due(at(4), 0.0), push(3));
            if fails {
                followers.failed("apac");
            } else {
                followers.acknowledged("apac", at(3));
            }
            assert_eq!(followers.due(at(5), 0.0), vec![]);
        }
    }

    #[test]
    fn after_a_start_the_replica_is_asked_where_it_stands() {
        let mut followers = Followers::default();
        followers.subscribe("apac", None, 1000.0);
        let asked = vec![Push { region: "apac".to_owned(), since: None }];
        assert_eq!(followers.due(at(4), 0.0), asked);
        followers.acknowledged("apac", at(2));
        assert_eq!(followers.due(at(4), 0.0), push(2));
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut followers = Followers::default();
        let took = (0..100).filter(|n| followers.subscribe(&n.to_string(), None, 1.0)).count();
        assert_eq!(took, FOLLOWERS_MAX);
    }
}
