//! A region's replica whose own storage is damaged: it is read anew, and never kept as it is.

use super::*;
use crate::bootstrap::Ask;
use crate::commit::Changes;
use crate::ltx::HEADER_SIZE;
use crate::memory_storage::MemoryStorage;
use crate::page::blank_page;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FIRST_PART: Ask = Ask::Pages { first: 1 };

fn primary() -> Store {
    let mut store = Store::open(Box::new(MemoryStorage::default()), 8).unwrap();
    for number in 1..=3 {
        let pages = (1..=number).map(|number| (number, blank_page())).collect();
        store.commit(Changes { pages, size_pages: number }, 1).unwrap();
    }
    store
}

fn open(storage: &MemoryStorage) -> Replica<Store> {
    Replica::new(Store::open_replica(Box::new(storage.clone()), 8).unwrap())
}

/// Asks what it wants to know until it is where the primary is.
fn follow(replica: &mut Replica<Store>, primary: &mut Store) {
    loop {
        let ask = replica.ask();
        let ltx = match ask {
            Ask::Pages { first } => primary.pages_from(first, 100),
            Ask::Commits { since } => primary.commits_since(since, 100_000),
        };
        let ltx = ltx.unwrap();
        let answer = Answer { sent_ms: 1.0, primary: primary.position(), ltx: ltx.as_deref() };
        if replica.answered(ask, answer).unwrap() == Progress::Done {
            break;
        }
    }
    assert_eq!(replica.position(), Some(primary.position()));
}

/// The storage of a replica that has the last commit in its log.
fn followed(primary: &mut Store) -> MemoryStorage {
    let storage = MemoryStorage::default();
    let mut replica = open(&storage);
    follow(&mut replica, primary);
    primary.commit(Changes { pages: [(2, blank_page())].into(), size_pages: 3 }, 1).unwrap();
    follow(&mut replica, primary);
    storage
}

#[test]
fn what_does_not_open_is_let_go_of() {
    let mut primary = primary();
    let storage = followed(&mut primary);
    storage.damage_log(4, 0);
    assert!(Store::open(Box::new(storage.clone()), 8).is_err());
    let mut replica = open(&storage);
    assert_eq!((replica.position(), replica.ask()), (None, FIRST_PART));
    follow(&mut replica, &mut primary);
    assert_eq!(open(&storage).position(), Some(primary.position()));
}

#[test]
fn what_cannot_be_read_is_read_anew() {
    let mut primary = primary();
    let storage = followed(&mut primary);
    storage.damage_log(4, HEADER_SIZE + 6 + 12);
    let mut replica = open(&storage);
    assert!(!replica.heal().unwrap());
    assert!(replica.pages_mut().read(2, 0, &mut [0; 8]).is_err());
    assert!(replica.pages_mut().read(1, 0, &mut [0; 8]).is_ok());
    assert!(replica.heal().unwrap());
    assert_eq!((replica.position(), replica.ask()), (None, FIRST_PART));
    follow(&mut replica, &mut primary);
    assert!(!replica.heal().unwrap());
    assert!(replica.pages_mut().read(2, 0, &mut [0; 8]).is_ok());
}
