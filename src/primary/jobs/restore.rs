//! A restore: the database becomes what it was at a bookmark, by one more commit, so that it can be undone
//! like any other.

use std::collections::BTreeMap;

use isolite_core::LOCK_PAGE;
use isolite_protocol::rest::{Home, NewFork};
use serde_json::{Value as Json, json};

use super::{Engine, JobUnit, Refused, STEP_PAGES, fork, past, pause};

pub(super) async fn run(engine: &Engine, bookmark: &str) -> Result<(), Refused> {
    if let Some(before) = engine.before(bookmark)? {
        return from_before(engine, bookmark, before.home).await;
    }
    engine.hold_for_job(bookmark)?;
    let previous = past::newest(engine)?;
    let mut draft = engine.draft().await?;
    let mut past = engine.past(bookmark)?;
    let changed = engine.with_store(|store| store.changed_since(&past))?;
    let size_pages = past.size_pages();
    let kept = |number: &u32| *number <= size_pages && *number != LOCK_PAGE;
    let count = changed.iter().filter(kept).count() as u64;
    let (mut done, mut first) = (0, 1);
    loop {
        // Not all of their numbers at once, of which there may be a million.
        let step: Vec<u32> = changed.iter_from(first).filter(kept).take(STEP_PAGES).collect();
        let Some(last) = step.last() else { break };
        first = last + 1;
        let mut pages = BTreeMap::new();
        for number in &step {
            pages.insert(*number, Box::new(*past.page(*number)?));
        }
        draft.put(pages)?;
        engine.tell(done, count, JobUnit::Pages);
        done += step.len() as u64;
        pause().await;
    }
    draft.resize(past.size_pages());
    engine.publish(draft, Some(past.position()), |now| told(now, &previous)).await
}

/// To what the primary before this one has.
async fn from_before(engine: &Engine, bookmark: &str, source: Home) -> Result<(), Refused> {
    let previous = past::newest(engine)?;
    let copy = fork::copy(engine, &NewFork { source, bookmark: bookmark.to_owned() }).await?;
    engine.publish(copy.draft, Some(copy.position), |now| told(now, &previous)).await
}

fn told(now: &str, previous: &str) -> Json {
    json!({ "bookmark": now, "previous_bookmark": previous })
}
