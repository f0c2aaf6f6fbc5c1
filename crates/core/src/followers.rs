//! The replicas that follow a primary, as the primary knows them: what to push to whom, and when.
//!
//! A push begins where the replica will stand once all has come that is on its way to it, so a commit
//! waits for no answer. Only so many may be on their way; what is committed meanwhile goes into the
//! next. When one of them is lost, or its answer tells that the replica stands elsewhere, what is on
//! its way no longer leads there, and the next begins where the replica stands.
//!
//! A subscription ends by itself when the replica does not renew it, and after a push that was in
//! vain: the replica's next read then catches up first, so nothing depends on a push but how soon it
//! is there.

use std::collections::BTreeMap;

use crate::position::Position;

/// Regions are short, and few.
const FOLLOWERS_MAX: usize = 64;
/// Pushes on their way to one replica: over 200 ms there and back, 80 commits a second.
const PUSHES_MAX: usize = 16;
/// With so many bytes on their way there is no next one. Each is kept until it is answered.
const BYTES_MAX: usize = 1 << 20;

#[derive(Default)]
pub struct Followers {
    by_region: BTreeMap<String, Follower>,
    /// Pushes so far.
    count: u64,
}

struct Follower {
    /// Until then it is pushed to, in milliseconds.
    until_ms: f64,
    /// Where it was last known to stand; None when the primary has just started.
    position: Option<Position>,
    on_their_way: Vec<Sent>,
    /// One was lost, and nothing has come forward since: should one of this number or later be lost
    /// too, there is no third try.
    second_try: Option<u64>,
    /// Pushes there had been when it last asked, and where it then was to stand.
    asked: (u64, Option<Position>),
}

/// A push that has no answer yet.
struct Sent {
    push: Push,
    bytes: usize,
}

/// What is known of a replica that follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    pub region: String,
    /// Until then it is pushed to, in milliseconds.
    pub until_ms: f64,
    /// Where it was last known to stand; None when the primary has just started.
    pub position: Option<Position>,
    /// Pushes that it has not answered yet.
    pub pushes: usize,
}

/// A push that is due: what the replica of a region lacks since a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub region: String,
    /// None where it is not known; the replica then tells.
    pub since: Option<Position>,
    /// Where it leads.
    pub to: Position,
    /// Of all pushes.
    number: u64,
}

impl Followers {
    /// A replica that stands there subscribes, or renews. False if there is no room for it: it then
    /// only ever asks.
    pub fn subscribe(&mut self, region: &str, position: Option<Position>, until_ms: f64) -> bool {
        if !self.by_region.contains_key(region) && self.by_region.len() >= FOLLOWERS_MAX {
            return false;
        }
        let new = || Follower {
            until_ms,
            position,
            on_their_way: Vec::new(),
            second_try: None,
            asked: (0, None),
        };
        let follower = self.by_region.entry(region.to_owned()).or_insert_with(new);
        follower.asked = (self.count, position);
        follower.until_ms = follower.until_ms.max(until_ms);
        // Of pushes on their way the answers tell.
        if position.is_some() && follower.on_their_way.is_empty() {
            follower.position = position;
        }
        true
    }

    /// Those that are pushed to.
    pub fn followed(&self, now_ms: f64) -> Vec<Followed> {
        let following = self.by_region.iter().filter(|(_, it)| it.until_ms > now_ms);
        let told = following.map(|(region, follower)| Followed {
            region: region.clone(),
            until_ms: follower.until_ms,
            position: follower.position,
            pushes: follower.on_their_way.len(),
        });
        told.collect()
    }

    /// The pushes to make now that the primary stands at `newest`; each ends by
    /// [`Followers::acknowledged`], [`Followers::lost`] or [`Followers::refused`].
    pub fn due(&mut self, newest: Position, now_ms: f64) -> Vec<Push> {
        self.by_region
            .retain(|_, follower| !follower.on_their_way.is_empty() || follower.until_ms > now_ms);
        let regions: Vec<String> = self.by_region.keys().cloned().collect();
        regions.iter().filter_map(|region| self.due_to(region, newest, now_ms)).collect()
    }

    /// The same for one replica, of which a push has just ended.
    pub fn due_to(&mut self, region: &str, newest: Position, now_ms: f64) -> Option<Push> {
        let follower = self.by_region.get_mut(region)?;
        let since = follower.lacks_since(&newest, now_ms)?;
        self.count += 1;
        let push = Push { region: region.to_owned(), since, to: newest, number: self.count };
        follower.on_their_way.push(Sent { push: push.clone(), bytes: 0 });
        Some(push)
    }

    /// How much a push brings.
    pub fn weighs(&mut self, push: &Push, bytes: usize) {
        let follower = self.by_region.get_mut(&push.region);
        let mut sent = follower.into_iter().flat_map(|follower| &mut follower.on_their_way);
        if let Some(sent) = sent.find(|sent| sent.push == *push) {
            sent.bytes = bytes;
        }
    }

    /// The replica answered a push: it stands at `position`.
    pub fn acknowledged(&mut self, push: &Push, position: Position) {
        if let Some(follower) = self.ended(push)
            && !follower.stands_at(push, position)
        {
            self.end(push);
        }
    }

    /// No answer came.
    pub fn lost(&mut self, push: &Push) {
        let next = self.count + 1;
        let Some(follower) = self.ended(push) else { return };
        let brought = follower.position.is_some_and(|at| at.is_at_least(&push.to));
        match follower.second_try {
            _ if brought => {}
            None => follower.second_try = Some(next),
            Some(first) if push.number < first => {}
            Some(_) => self.end(push),
        }
    }

    /// The replica cannot be pushed to. It subscribes again when it next asks.
    pub fn refused(&mut self, push: &Push) {
        if self.ended(push).is_some() {
            self.end(push);
        }
    }

    /// Ends the subscription that a push in vain was of. The replica may have asked since, as it does
    /// when it has got such a one: it then stands where that answer leads.
    fn end(&mut self, push: &Push) {
        let Some(follower) = self.by_region.get_mut(&push.region) else { return };
        let (count, position) = follower.asked;
        if push.number > count {
            self.by_region.remove(&push.region);
        } else if position.is_some() {
            follower.position = position;
        }
    }

    /// Whose push it was; None if that one is not followed by any more.
    fn ended(&mut self, push: &Push) -> Option<&mut Follower> {
        let follower = self.by_region.get_mut(&push.region)?;
        let at = follower.on_their_way.iter().position(|sent| sent.push == *push)?;
        follower.on_their_way.swap_remove(at);
        Some(follower)
    }
}

impl Follower {
    /// From where on to push what it lacks; None if nothing is to be pushed now.
    fn lacks_since(&self, newest: &Position, now_ms: f64) -> Option<Option<Position>> {
        let bytes: usize = self.on_their_way.iter().map(|sent| sent.bytes).sum();
        let room = self.on_their_way.len() < PUSHES_MAX && bytes < BYTES_MAX;
        if !room || self.until_ms <= now_ms {
            return None;
        }
        match self.expected() {
            Some(at) => (!at.is_at_least(newest)).then_some(Some(at)),
            // One is enough to learn it by.
            None => self.on_their_way.is_empty().then_some(None),
        }
    }

    /// Where it will stand once all has come that is on its way.
    fn expected(&self) -> Option<Position> {
        let mut at = self.position?;
        while let Some(next) = self.on_their_way.iter().find(|sent| sent.push.continues(&at)) {
            at = next.push.to;
        }
        Some(at)
    }

    /// It has answered a push from there. False if the push was in vain, as the next would be.
    fn stands_at(&mut self, push: &Push, position: Position) -> bool {
        if self.position.is_none_or(|before| !before.is_at_least(&position)) {
            self.position = Some(position);
            self.second_try = None;
        }
        if self.position.is_some_and(|at| at.is_at_least(&push.to)) {
            return true;
        }
        // It tells where to begin.
        self.position = Some(position);
        push.since.is_none_or(|since| !position.is_at_least(&since))
    }
}

impl Push {
    /// Whether it brings a replica forward that stands there.
    fn continues(&self, at: &Position) -> bool {
        self.since.is_some_and(|since| at.is_at_least(&since)) && !at.is_at_least(&self.to)
    }
}

#[cfg(test)]
mod tests;
