//! The replica against the store that feeds it: random transactions, what the replica lacks sent
//! late, twice or not at all, and damaged on the way.
//!
//! Method: after each delivery the replica must hold the store's pages of the position that it names,
//! or have refused. A failure prints the seed that replays it.

use super::*;
use crate::commit::Changes;
use crate::memory_storage::MemoryStorage;
use crate::page::{PAGE_SIZE, blank_page};
use crate::random::Random;
use crate::store::Store;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn commit(store: &mut Store, random: &mut Random) {
    let size = (store.size_pages() + random.below(6)).saturating_sub(random.below(5)).max(1);
    let mut changes = Changes { size_pages: size, ..Changes::default() };
    for _ in 0..random.below(5) + 1 {
        let mut page = blank_page();
        let fill = random.below(256) as u8;
        page.iter_mut().enumerate().for_each(|(i, byte)| *byte = fill ^ (i / 64) as u8);
        changes.pages.insert(random.below(size) + 1, page);
    }
    store.commit(changes, 5).unwrap();
}

fn pages(store: &mut Store) -> Vec<PageImage> {
    (1..=store.size_pages())
        .map(|number| {
            let mut page = [0; PAGE_SIZE];
            store.read(number, 0, &mut page).unwrap();
            page
        })
        .collect()
}

fn assert_holds(replica: &EmbeddedReplica, expected: &[PageImage], context: &str) {
    assert_eq!(replica.size_pages() as usize, expected.len(), "{context}");
    for (index, page) in expected.iter().enumerate() {
        let mut read = [0; PAGE_SIZE];
        replica.read(index as PageNo + 1, 0, &mut read).unwrap();
        assert!(read == *page, "page {}, {context}", index + 1);
    }
}

/// The whole of the store in one part, which a small one is.
fn snapshot(store: &mut Store) -> Vec<u8> {
    store.pages_from(1, 1000).unwrap().unwrap()
}

fn from_snapshot(ltx: &[u8], position: Position) -> Result<EmbeddedReplica, Error> {
    let mut replica = EmbeddedReplica::default();
    let whole = replica.bootstrap(&mut Bootstrap::default(), position, Some(ltx))?;
    assert!(whole, "one part is enough");
    Ok(replica)
}

fn check_seed(seed: u64) {
    let mut random = Random::new(seed);
    let mut store = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    commit(&mut store, &mut random);
    let snapshot = snapshot(&mut store);
    let mut replica = from_snapshot(&snapshot, store.position()).unwrap();
    let mut late: Vec<(Vec<u8>, Position)> = Vec::new();
    for step in 0..40 {
        let context = format!("seed {seed}, step {step}");
        commit(&mut store, &mut random);
        let Some(ltx) = store.commits_since(replica.position(), usize::MAX).unwrap() else {
            panic!("nothing to send, {context}")
        };
        if random.below(3) == 0 {
            late.push((ltx, store.position()));
            continue;
        }
        assert_eq!(replica.apply(&ltx, store.position()).unwrap(), Received::Applied, "{context}");
        assert_holds(&replica, &pages(&mut store), &context);
        if random.below(2) == 0 {
            // What comes too late changes nothing, whatever its order.
            for (ltx, position) in late.drain(..) {
                assert_eq!(
                    replica.apply(&ltx, position).unwrap(),
                    Received::Duplicate,
                    "{context}"
                );
            }
            assert_holds(&replica, &pages(&mut store), &context);
        }
    }
}

#[test]
fn it_follows_the_store_whatever_comes_late_or_twice() {
    for seed in 0..if cfg!(target_arch = "wasm32") { 20 } else { 300 } {
        check_seed(seed);
    }
}

#[test]
fn commits_that_begin_too_late_are_a_gap() {
    let mut random = Random::new(7);
    let mut store = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    commit(&mut store, &mut random);
    let snapshot = snapshot(&mut store);
    let mut replica = from_snapshot(&snapshot, store.position()).unwrap();
    let before = pages(&mut store);
    commit(&mut store, &mut random);
    let between = store.position();
    commit(&mut store, &mut random);
    let ltx = store.commits_since(between, usize::MAX).unwrap().unwrap();
    assert_eq!(replica.apply(&ltx, store.position()).unwrap(), Received::Gap);
    assert_holds(&replica, &before, "after a gap");
}

#[test]
fn what_is_damaged_or_of_another_database_is_refused() {
    let mut random = Random::new(9);
    let mut store = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    let mut other = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    // So many pages that no commit rewrites them all: that would make one database of the other.
    for store in [&mut store, &mut other] {
        let pages = (1..=40).map(|number| (number, blank_page())).collect();
        store.commit(Changes { pages, size_pages: 40 }, 5).unwrap();
        commit(store, &mut random);
    }
    let snapshot = snapshot(&mut store);
    assert!(from_snapshot(&snapshot, other.position()).is_err());
    for end in [0, 50, 100, snapshot.len() / 2, snapshot.len() - 1] {
        assert!(from_snapshot(&snapshot[..end], store.position()).is_err());
    }
    let mut replica = from_snapshot(&snapshot, store.position()).unwrap();
    commit(&mut store, &mut random);
    commit(&mut other, &mut random);
    let foreign = other.commits_since(Position { txid: 2, ..other.position() }, usize::MAX);
    assert!(replica.apply(&foreign.unwrap().unwrap(), other.position()).is_err());
    let mut replica = from_snapshot(&snapshot, replica.position()).unwrap();
    let ltx = store.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    for at in (0..ltx.len()).step_by(97) {
        let mut damaged = ltx.clone();
        damaged[at] ^= 0x10;
        let refused = !matches!(replica.apply(&damaged, store.position()), Ok(Received::Applied));
        assert!(refused, "byte {at}");
        replica = from_snapshot(&snapshot, replica.position()).unwrap();
    }
}

#[test]
fn a_length_that_is_too_much_is_told_before_it_is_made() {
    let mut random = Random::new(11);
    let mut store = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    assert_eq!(store.pages_from(1, 1000).unwrap(), None);
    commit(&mut store, &mut random);
    let before = store.position();
    commit(&mut store, &mut random);
    assert_eq!(store.commits_since(before, 10).unwrap(), None);
    assert_eq!(store.commits_since(store.position(), usize::MAX).unwrap(), None);
}
