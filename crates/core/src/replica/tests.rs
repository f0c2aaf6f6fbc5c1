//! A region's replica whose own storage is damaged: it is read anew, and never kept as it is. And one
//! to which pushes come in another order than they were made.

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

/// A replica that follows, and what the primary pushes for each of so many more commits.
fn pushed_to(pushes: usize) -> (Replica<Store>, Vec<(Position, Vec<u8>)>) {
    let mut primary = primary();
    let storage = followed(&mut primary);
    let pushes = (0..pushes).map(|_| {
        let since = primary.position();
        let pages = [(2, blank_page())].into();
        primary.commit(Changes { pages, size_pages: 3 }, 1).unwrap();
        (primary.position(), primary.commits_since(since, 100_000).unwrap().unwrap())
    });
    let pushes = pushes.collect();
    (open(&storage), pushes)
}

fn push(replica: &mut Replica<Store>, (position, ltx): &(Position, Vec<u8>)) -> Pushed {
    replica.pushed(*position, Some(ltx)).unwrap()
}

#[test]
fn pushes_that_overtake_others_are_kept_until_these_come() {
    let (mut replica, pushes) = pushed_to(4);
    let own = replica.position().unwrap();
    for early in [3, 1, 3] {
        assert_eq!(push(&mut replica, &pushes[early]), Pushed::Early(own));
    }
    assert!(replica.is_ahead() && replica.is_behind());
    assert_eq!(push(&mut replica, &pushes[0]), Pushed::At(pushes[1].0));
    assert!(replica.is_ahead() && replica.is_behind());
    assert_eq!(push(&mut replica, &pushes[2]), Pushed::At(pushes[3].0));
    assert!(!replica.is_ahead() && !replica.is_behind());
    assert_eq!(replica.snapshots(), 0);
}

#[test]
fn a_push_that_is_kept_continues_what_was_asked_for() {
    let (mut replica, pushes) = pushed_to(2);
    push(&mut replica, &pushes[1]);
    let (primary, ltx) = &pushes[0];
    let answer = Answer { sent_ms: 1.0, primary: *primary, ltx: Some(ltx) };
    replica.answered(replica.ask(), answer).unwrap();
    assert_eq!(replica.position(), Some(pushes[1].0));
    assert!(!replica.is_ahead());
}

#[test]
fn only_so_many_pushes_are_kept() {
    let (mut replica, pushes) = pushed_to(20);
    let own = replica.position().unwrap();
    let told: Vec<Pushed> = pushes[1..].iter().map(|it| push(&mut replica, it)).collect();
    assert_eq!(told.iter().filter(|told| **told == Pushed::Early(own)).count(), 16);
    assert_eq!(told.last(), Some(&Pushed::At(own)));
    push(&mut replica, &pushes[0]);
    assert_eq!(replica.position(), Some(pushes[16].0));
    assert!(!replica.is_ahead());
}

#[test]
fn what_was_kept_goes_with_the_database_that_it_was_for() {
    let (mut replica, pushes) = pushed_to(2);
    push(&mut replica, &pushes[1]);
    assert!(replica.pushed(pushes[0].0, Some(b"damaged")).is_err());
    assert_eq!((replica.position(), replica.is_ahead()), (None, false));
    assert_eq!(push(&mut replica, &pushes[1]), Pushed::NotWhole);
}
