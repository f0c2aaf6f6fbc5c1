//! A restore: the database becomes what it was at a bookmark, by one more commit, so that it can be undone
//! like any other.

use std::collections::BTreeMap;

use isolite_core::LOCK_PAGE;
use serde_json::json;

use super::{Engine, JobUnit, Refused, STEP_PAGES, past, pause};

pub(super) async fn run(engine: &Engine, bookmark: &str) -> Result<(), Refused> {
    engine.hold_for_job(bookmark)?;
    let previous = past::newest(engine)?;
    let mut draft = engine.draft().await?;
    let mut past = engine.past(bookmark)?;
    let changed = engine.with_store(|store| store.changed_since(&past))?;
    let kept = |number: &u32| *number <= past.size_pages() && *number != LOCK_PAGE;
    let changed: Vec<u32> = changed.iter().filter(kept).collect();
    for (index, step) in changed.chunks(STEP_PAGES).enumerate() {
        let mut pages = BTreeMap::new();
        for number in step {
            pages.insert(*number, Box::new(*past.page(*number)?));
        }
        draft.put(pages)?;
        engine.tell((index * STEP_PAGES) as u64, changed.len() as u64, JobUnit::Pages);
        pause().await;
    }
    draft.resize(past.size_pages());
    let expected = Some(past.position());
    let result = |now: &str| json!({ "bookmark": now, "previous_bookmark": previous });
    engine.publish(draft, expected, result).await
}
