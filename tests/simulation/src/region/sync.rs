//! The questions of a replica to its primary, one at a time, as `src/replica/sync.rs` asks them.

use std::rc::Rc;

use isolite_core::{Answer as Learnt, Ask, Constraint, Progress};

use super::parts::Part;
use super::{Asked, Engine, Region};
use crate::message::{GONE, Message, Request, bookmark, position_of};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::QUESTION_MS_MAX;
use crate::world::World;

/// Snapshots begun in a row that could not be made whole, before it is left to the next read.
const FAILURES_MAX: u32 = 3;

/// The replica is not brought forward now.
struct Stop;

/// Asks until the constraint allows an answer, or a snapshot would be needed.
pub async fn catch_up(
    world: &Rc<World>,
    region: &Region,
    engine: &Engine,
    constraint: &Constraint,
) {
    let began_ms = region.host.now_ms(world);
    loop {
        let _turn = engine.turn.lock().await;
        // Whoever had the turn before may have brought it, or as much as can be had.
        let asked_since =
            engine.asked.get().sent_ms >= began_ms && !engine.is_behind(world, region);
        let whole = engine.is_whole(world, region);
        if !whole || engine.allows(world, region, constraint) || asked_since {
            return;
        }
        match step(world, region, engine).await {
            Ok(Progress::More) => {}
            Ok(Progress::Done) | Err(Stop) => return,
        }
    }
}

/// Asks until the replica is where the primary is, by a snapshot if need be.
pub async fn fill(world: &Rc<World>, region: &Region, engine: &Engine) {
    let mut failures = 0;
    loop {
        // Others may have their turn between two parts of a snapshot.
        let _turn = engine.turn.lock().await;
        let snapshots = engine.snapshots(world, region);
        let snapshot = !engine.is_whole(world, region);
        match step(world, region, engine).await {
            Ok(Progress::More) => {}
            // Whole by its last part: what it asks for next has it pushed to.
            Ok(Progress::Done) if snapshot && !world.has(Mutation::SnapshotNotFollowed) => {}
            Ok(Progress::Done) | Err(Stop) => return,
        }
        engine.waiting.keep_only(engine.next_part(world, region));
        failures += u32::from(engine.snapshots(world, region) != snapshots);
        if failures > FAILURES_MAX {
            return;
        }
    }
}

/// One question and its answer, for whoever has the turn: the next one follows from it.
async fn step(world: &Rc<World>, region: &Region, engine: &Engine) -> Result<Progress, Stop> {
    let home = engine.home().ok_or(Stop)?;
    let ask = engine.with(world, region, |replica| Ok(replica.ask())).map_err(|_| Stop)?;
    let request = match ask {
        Ask::Pages { first } => Request::Pages { first, size_pages_max: u32::MAX },
        Ask::Commits { .. } => Request::Commits,
    };
    // Of a snapshot, the position of its first part.
    let have = match ask {
        Ask::Pages { .. } => None,
        Ask::Commits { since } => Some(bookmark(since)),
    };
    let message = Message { have, follow: Some(region.region), ..Message::new(request) };
    let sent_ms = region.host.now_ms(world);
    region.host.disk.gate(world).await;
    let (from, to) = (region.region, Object::Primary(home));
    let answer = network::call(world, from, to, message, QUESTION_MS_MAX).await;
    let answer = answer.ok_or(Stop)?;
    engine.asked.set(Asked { sent_ms, trip_ms: region.host.now_ms(world) - sent_ms });
    if engine.follow(&answer) {
        return Ok(Progress::More);
    }
    if answer.status == GONE {
        engine.delete(region);
    }
    if answer.status != 200 {
        return Err(Stop);
    }
    let primary = position_of(answer.bookmark.as_deref()).ok_or(Stop)?;
    let primary = engine.taken(world, region, primary);
    if let Ask::Pages { first } = ask
        && engine.waiting.give(first, Part { sent_ms, answer: answer.clone() })
    {
        // They have it before the replica stores it.
        world.clock.sleep(0).await;
    }
    let learnt = Learnt { sent_ms, primary, ltx: answer.commits.as_deref() };
    let answered = engine.with(world, region, |replica| Ok(replica.answered(ask, learnt)));
    let answered = answered.map_err(|_| Stop)?;
    world.trace(|| {
        format!("replica {} asked {ask:?} and is told {primary}: {answered:?}", region.region)
    });
    Ok(answered.unwrap_or(Progress::More))
}
