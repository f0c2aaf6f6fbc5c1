//! The store against a model: random transactions, checkpoints and restarts, with every storage
//! call failing once before and once after it took effect.
//!
//! Method: a model keeps the images of all pages at each position. After any crash the store must
//! open at the last acknowledged position or, where a commit's outcome was never told, at that
//! commit's, and hold exactly the model's pages there. A failure prints the seed that replays it.

use super::*;
use crate::checkpoint::{CheckpointPolicy, CheckpointProgress};
use crate::checksum::Checksum;
use crate::crc64::PageCrc;
use crate::history::Retention;
use crate::memory_storage::{Fault, MemoryStorage};
use crate::page::PAGE_SIZE;
use crate::random::Random;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const POLICY: CheckpointPolicy = CheckpointPolicy {
    log_bytes_max: 1,
    log_commits_max: 3,
    step_pages: 2,
    keep_log_bytes: 9000,
    retention: Retention { time_ms: 1000, bytes_max: 0, now_ms: 0, held: None },
};

pub(crate) type Pages = Vec<Box<PageImage>>;

pub(crate) fn transaction(random: &mut Random, pages: &Pages) -> (Changes, Pages) {
    let mut after = pages.clone();
    let size = (pages.len() as u32 + random.below(6)).saturating_sub(random.below(5)).max(1);
    after.resize_with(size as usize, blank_page);
    let mut changes = Changes { size_pages: size, ..Changes::default() };
    for _ in 0..random.below(5) + 1 {
        let number = random.below(size + 2) + 1;
        let mut page = blank_page();
        let fill = random.below(256) as u8;
        page.iter_mut().enumerate().for_each(|(i, byte)| *byte = fill ^ (i / 64) as u8);
        if let Some(slot) = after.get_mut(number as usize - 1) {
            *slot = page.clone();
        }
        changes.pages.insert(number, page);
    }
    (changes, after)
}

pub(crate) fn checksum(pages: &Pages) -> Checksum {
    let numbered = pages.iter().enumerate();
    numbered.fold(Checksum::EMPTY, |sum, (i, page)| sum.toggle(i as u32 + 1, PageCrc::of(page)))
}

fn assert_holds(store: &mut Store, pages: &Pages, context: &str) {
    assert_eq!(store.size_pages() as usize, pages.len(), "{context}");
    assert_eq!(store.position().checksum, checksum(pages), "{context}");
    for (i, page) in pages.iter().enumerate() {
        assert!(store.page(i as u32 + 1).unwrap() == &**page, "page {}, {context}", i + 1);
    }
}

/// Runs a workload until its storage fails or it ends. Returns the images at each txid that the
/// store may open at afterwards.
fn run(storage: &MemoryStorage, random: &mut Random, history: &mut Vec<Pages>) -> Vec<Txid> {
    let Ok(mut store) = Store::open(Box::new(storage.clone()), 3) else {
        return vec![history.len() as u64 - 1];
    };
    for _ in 0..12 {
        let acknowledged = store.position().txid;
        assert_eq!(acknowledged as usize, history.len() - 1);
        let (changes, after) = transaction(random, &history[acknowledged as usize]);
        match store.commit(changes, 5) {
            Ok(commit) => {
                assert_eq!(commit.after, store.position());
                history.push(after);
            }
            Err(_) => {
                assert!(store.is_broken() && store.page(1).is_err());
                history.push(after);
                return vec![acknowledged, acknowledged + 1];
            }
        }
        if random.below(3) > 0 && store.checkpoint_step(&POLICY).is_err() {
            return vec![acknowledged + 1];
        }
        if random.below(9) == 0 {
            match Store::open(Box::new(storage.clone()), 3) {
                Ok(reopened) => store = reopened,
                Err(_) => return vec![acknowledged + 1],
            }
        }
    }
    vec![store.position().txid]
}

fn check_seed(seed: u64, fault: Option<(usize, Fault)>) -> usize {
    let context = format!("seed {seed}, fault {fault:?}");
    let storage = MemoryStorage::default();
    storage.fail_at(fault.map_or(usize::MAX, |f| f.0), fault.map_or(Fault::Before, |f| f.1));
    let mut random = Random::new(seed);
    let mut history = vec![Pages::new()];
    let possible = run(&storage, &mut random, &mut history);
    let calls = storage.calls().len();
    storage.heal();
    let mut store = Store::open(Box::new(storage.clone()), 3).unwrap();
    let txid = store.position().txid;
    assert!(possible.contains(&txid), "opened at {txid}, expected {possible:?}, {context}");
    assert_holds(&mut store, &history[txid as usize], &context);
    history.truncate(txid as usize + 1);
    run(&storage, &mut random, &mut history);
    let mut store = Store::open(Box::new(storage), 3).unwrap();
    assert_holds(&mut store, history.last().unwrap(), &context);
    calls
}

#[test]
fn random_histories_survive_restarts_and_checkpoints() {
    for seed in 1..60 {
        check_seed(seed, None);
    }
}

#[test]
fn every_storage_call_may_fail_before_or_after() {
    for seed in 1..6 {
        let calls = check_seed(seed, None);
        for call in 0..calls {
            check_seed(seed, Some((call, Fault::Before)));
            check_seed(seed, Some((call, Fault::After)));
        }
    }
}

#[test]
fn a_checkpoint_lets_the_log_go() {
    let storage = MemoryStorage::default();
    let mut store = Store::open(Box::new(storage.clone()), 8).unwrap();
    let mut random = Random::new(77);
    let mut pages = Pages::new();
    for _ in 0..40 {
        let (changes, after) = transaction(&mut random, &pages);
        store.commit(changes, 1).unwrap();
        pages = after;
    }
    let policy = CheckpointPolicy { keep_log_bytes: 0, ..POLICY };
    while store.checkpoint_step(&policy).unwrap() == CheckpointProgress::More {}
    assert_eq!(storage.log_len(), 0);
    assert!(storage.pages_len() <= pages.len());
    assert_eq!(store.checkpoint_step(&policy).unwrap(), CheckpointProgress::Idle);
    let mut store = Store::open(Box::new(storage), 8).unwrap();
    assert_holds(&mut store, &pages, "after the checkpoint");
}

#[test]
fn a_damaged_frame_is_an_error_and_not_an_answer() {
    let storage = MemoryStorage::default();
    let mut store = Store::open(Box::new(storage.clone()), 8).unwrap();
    let mut random = Random::new(5);
    let mut pages = Pages::new();
    for _ in 0..3 {
        let (changes, after) = transaction(&mut random, &pages);
        store.commit(changes, 1).unwrap();
        pages = after;
    }
    storage.damage_log(1, crate::ltx::HEADER_SIZE + 30);
    let mut store = Store::open(Box::new(storage), 8).unwrap();
    let read = (1..=store.size_pages()).map(|number| store.page(number).copied());
    let read: Vec<_> = read.collect();
    for (i, page) in read.iter().enumerate() {
        assert!(page.as_ref().map_or(true, |page| page == &*pages[i]), "page {}", i + 1);
    }
}

#[test]
fn a_damaged_log_does_not_bring_back_an_older_page() {
    let storage = || {
        let storage = MemoryStorage::default();
        let mut store = Store::open(Box::new(storage.clone()), 8).unwrap();
        for fill in 1..=2 {
            let pages = (1..=3).map(|number| (number, Box::new([fill; PAGE_SIZE]))).collect();
            store.commit(Changes { pages, size_pages: 3 }, 1).unwrap();
        }
        storage
    };
    let len = storage().log_bytes(2);
    for at in 0..len {
        let storage = storage();
        storage.damage_log(2, at);
        let Ok(mut store) = Store::open(Box::new(storage), 8) else { continue };
        for number in 1..=3 {
            if let Ok(page) = store.page(number) {
                assert_eq!(page[0], 2, "page {number} with byte {at} damaged");
            }
        }
    }
}

#[test]
fn what_the_log_keeps_from_before_a_start_brings_a_replica_forward() {
    let storage = MemoryStorage::default();
    let mut random = Random::new(7);
    let mut store = Store::open(Box::new(storage.clone()), 8).unwrap();
    let (mut pages, mut replica) = (Pages::new(), None);
    let mut positions = vec![store.position()];
    for _ in 0..60 {
        let (changes, after) = transaction(&mut random, &pages);
        store.commit(changes, 1).unwrap();
        positions.push(store.position());
        pages = after;
        if store.position().txid == 50 {
            let mut follower = crate::embedded_replica::EmbeddedReplica::default();
            let part = store.pages_from(1, 1000).unwrap();
            let mut bootstrap = crate::bootstrap::Bootstrap::default();
            assert!(follower.bootstrap(&mut bootstrap, store.position(), part.as_deref()).unwrap());
            replica = Some(follower);
        }
    }
    let policy = CheckpointPolicy { keep_log_bytes: 30_000, ..POLICY };
    while store.checkpoint_step(&policy).unwrap() == CheckpointProgress::More {}
    let kept = storage.log_len();
    assert!((11..50).contains(&kept), "{kept} commits are kept");
    let mut store = Store::open(Box::new(storage.clone()), 8).unwrap();
    let mut replica = replica.unwrap();
    let ltx = store.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    replica.apply(&ltx, store.position()).unwrap();
    assert_eq!(replica.position(), store.position());
    // Further back than the log, nothing is made up; and it is looked for once.
    storage.fail_at(usize::MAX, Fault::Before);
    for _ in 0..5 {
        assert_eq!(store.commits_since(positions[1], usize::MAX).unwrap(), None);
    }
    let looked = storage.calls().iter().filter(|call| **call == "read_log").count();
    assert!(looked <= 2, "looked {looked} times");
    assert_holds(&mut store, &pages, "at the end");
}
