//! The past against a model: random commits, drafts, checkpoints, restarts and a short retention, with
//! every storage call failing once before and once after it took effect.
//!
//! Method: a model keeps position, time and images of each commit. Whatever happens, each position that
//! the store says it keeps must be found by itself and by its time, hold the model's pages there, and
//! name every page that differs now; and what is older must be refused. A failure prints its seed.

use std::collections::BTreeMap;

use super::*;
use crate::checkpoint::CheckpointPolicy;
use crate::memory_storage::{Fault, MemoryStorage};
use crate::page::blank_page;
use crate::random::Random;
use crate::store::tests::{Pages, checksum, transaction};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Position, time and pages of each commit, the start first.
type Model = Vec<(Position, i64, Pages)>;

const CACHE_PAGES: usize = 3;

fn policy(now_ms: i64) -> CheckpointPolicy {
    CheckpointPolicy {
        log_bytes_max: 1 << 20,
        log_commits_max: 3,
        step_pages: 2,
        keep_log_bytes: 2000,
        retention: Retention { time_ms: 150, bytes_max: 1 << 30, now_ms, held: None },
    }
}

fn open(storage: &MemoryStorage) -> Result<Store, Error> {
    let mut store = Store::open(Box::new(storage.clone()), CACHE_PAGES)?;
    store.keep_history(0)?;
    Ok(store)
}

/// Another state by way of a draft: now and then one of the past, mostly some new pages.
fn draft(
    store: &mut Store,
    random: &mut Random,
    model: &Model,
    now_ms: i64,
) -> Result<Pages, Error> {
    while !store.is_settled() {
        store.checkpoint_step(&policy(now_ms))?;
    }
    let mut draft = store.draft(random.below(6) as usize)?;
    let mut pages = model.last().map(|(_, _, pages)| pages.clone()).unwrap_or_default();
    for _ in 0..random.below(6) + 1 {
        if random.below(4) == 0 {
            let size = random.below(pages.len() as u32 + 5);
            draft.resize(size);
            pages.resize_with(size as usize, blank_page);
        }
        let (changes, after) = transaction(random, &pages);
        // A transaction may end shorter; and a draft is told of both.
        let put = changes.pages.into_iter().filter(|(number, _)| *number <= changes.size_pages);
        draft.resize(changes.size_pages);
        draft.put(put.collect::<BTreeMap<_, _>>())?;
        pages = after;
        if let Some(at) = (random.below(pages.len() as u32 + 1) as usize).checked_sub(1) {
            let mut part = [1; 16];
            draft.read(at as PageNo + 1, 64, &mut part)?;
            assert_eq!(part, pages[at][64..80]);
        }
    }
    while draft.finish_step(2)? {}
    assert_eq!(draft.checksum(), checksum(&pages));
    let fold = CheckpointPolicy { log_commits_max: 1, ..policy(now_ms) };
    while !store.takes(&draft) {
        store.checkpoint_step(&fold)?;
    }
    store.publish(draft, now_ms)?;
    Ok(pages)
}

fn assert_holds(store: &mut Store, model: &Model, context: &str) {
    let (position, _, now) = model.last().unwrap();
    assert_eq!(store.position(), *position, "{context}");
    let oldest = store.oldest().unwrap();
    for (at, (position, time_ms, pages)) in model.iter().enumerate() {
        let found = store.past(*position, 2).unwrap();
        if position.txid < oldest.0.txid {
            assert!(matches!(found, Err(NotKept::TooOld { .. })), "{position}, {context}");
            continue;
        }
        let mut past = found.unwrap_or_else(|e| {
            panic!(
                "{e:?} {position}, {:#?} {:?} {context}",
                store.kept_intervals().collect::<Vec<_>>(),
                model.iter().map(|m| (m.0, m.1)).collect::<Vec<_>>()
            )
        });
        assert_eq!(past.size_pages() as usize, pages.len(), "{position}, {context}");
        let changed = store.changed_since(&past).unwrap();
        for (i, page) in pages.iter().enumerate() {
            let number = i as PageNo + 1;
            let found = past.page(number).unwrap() == &**page;
            assert!(found, "page {number} at {position}, {context}");
            let same = now.get(i).is_some_and(|now| now == page);
            assert!(same || changed.contains(number), "page {number} since {position}, {context}");
        }
        if *time_ms >= oldest.1 {
            let last = model.iter().skip(at).take_while(|(_, ms, _)| ms <= time_ms).last().unwrap();
            let found = store.position_at(*time_ms).unwrap();
            assert_eq!(found.map(|(position, _)| position), Ok(last.0), "{context}");
        }
        let other = Position { checksum: crate::Checksum::from_u64(77), ..*position };
        assert_eq!(store.past(other, 2).unwrap().err(), Some(NotKept::Unknown), "{context}");
    }
}

/// Runs a workload until its storage fails or it ends. A commit whose outcome was not told is left
/// at the end of the model, with no position.
fn run(
    storage: &MemoryStorage,
    random: &mut Random,
    model: &mut Model,
    context: &str,
) -> Option<Pages> {
    let mut store = open(storage).ok()?;
    for _ in 0..25 {
        let now_ms = model.last().unwrap().1 + random.below(20) as i64;
        let pages = match random.below(6) {
            0 => match draft(&mut store, random, model, now_ms) {
                Ok(pages) => Some(pages),
                // Whether it was published is not known.
                Err(_) => return Some(Pages::new()),
            },
            1..4 => {
                let (changes, after) = transaction(random, &model.last().unwrap().2);
                match store.commit(changes, now_ms) {
                    Ok(_) => Some(after),
                    Err(_) => return Some(after),
                }
            }
            4 => {
                store = open(storage).ok()?;
                None
            }
            _ => {
                for _ in 0..random.below(9) {
                    store.checkpoint_step(&policy(now_ms)).ok()?;
                }
                None
            }
        };
        if let Some(pages) = pages {
            model.push((store.position(), now_ms, pages));
        }
        if context.ends_with("None") && random.below(4) == 0 {
            assert_holds(&mut store, model, context);
        }
    }
    None
}

fn check_seed(seed: u64, fault: Option<(usize, Fault)>) -> usize {
    let context = format!("seed {seed}, fault {fault:?}");
    let storage = MemoryStorage::default();
    let mut random = Random::new(seed);
    let mut model: Model = vec![(Position::START, 0, Pages::new())];
    storage.fail_at(fault.map_or(usize::MAX, |f| f.0), fault.map_or(Fault::Before, |f| f.1));
    let unknown = run(&storage, &mut random, &mut model, &context);
    let calls = storage.calls().len();
    storage.heal();
    let mut store = open(&storage).unwrap();
    if let Some(pages) = unknown
        && store.position() != model.last().unwrap().0
    {
        let mut pages = pages;
        // Of a draft the model does not know the pages; their checksum tells that they are right.
        if pages.is_empty() || checksum(&pages) != store.position().checksum {
            pages = (1..=store.size_pages()).map(|n| Box::new(*store.page(n).unwrap())).collect();
        }
        assert_eq!(checksum(&pages), store.position().checksum, "{context}");
        let time_ms = model.last().unwrap().1 + 20;
        model.push((store.position(), time_ms, pages));
        // Its time is not known either.
        model.iter_mut().for_each(|(_, ms, _)| *ms = -1);
    }
    assert_holds(&mut store, &model, &context);
    calls
}

#[test]
fn random_histories_can_be_seen_as_of_every_position_that_is_kept() {
    for seed in 1..120 {
        check_seed(seed, None);
    }
}

#[test]
fn every_storage_call_may_fail_before_or_after() {
    for seed in 1..7 {
        let calls = check_seed(seed, None);
        for call in 0..calls {
            check_seed(seed, Some((call, Fault::Before)));
            check_seed(seed, Some((call, Fault::After)));
        }
    }
}
