//! Promotions against a model: objects that crash, messages that come late or twice or whose answers are
//! lost, attempts that are abandoned, and old primaries and candidates that wake up later.
//!
//! Method: whoever takes itself for the primary counts up, on behalf of a client that calls any object at
//! any time. Whatever happens, each must have counted on from what was last answered.

use std::collections::BTreeMap;

use super::*;
use crate::commit::Changes;
use crate::memory_storage::MemoryStorage;
use crate::page::blank_page;
use crate::position::Position;
use crate::random::Random;
use crate::replica::Answer;
use crate::store::Store;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REGIONS: [&str; 3] = ["weur", "enam", "apac"];

/// An object: what it keeps, and what of that is in memory.
struct Object {
    storage: MemoryStorage,
    fence: Fence,
    /// It was registered, and has kept that.
    active: bool,
    /// The one that it follows, until then.
    source: u32,
    candidate: Option<Candidate<Store>>,
    store: Option<Store>,
}

/// What is on its way, and may be for long, or come twice.
#[derive(Clone)]
enum Message {
    Fence { source: u32, successor: Successor, have: Position },
    Register { epoch: u32 },
    Lower { epoch: u32, primary: u32 },
}

struct World {
    register: Register,
    objects: BTreeMap<u32, Object>,
    late: Vec<Message>,
    counted: u64,
    promotions: u32,
    random: Random,
}

/// One that is replaced; its epoch is added.
fn replaced(region: Option<&str>) -> Former {
    Former { epoch: 0, region: region.map(str::to_owned), replaced_ms: Some(1), unfenced: false }
}

fn open(storage: &MemoryStorage) -> Store {
    Store::open_replica(Box::new(storage.clone()), 8).unwrap()
}

fn count_of(store: &mut Store) -> u64 {
    let mut bytes = [0; 8];
    if store.size_pages() > 0 {
        store.read(1, 0, &mut bytes).unwrap();
    }
    u64::from_le_bytes(bytes)
}

impl Object {
    fn new(active: bool, source: u32) -> Object {
        let storage = MemoryStorage::default();
        Object { storage, fence: Fence::default(), active, source, candidate: None, store: None }
    }

    fn store(&mut self, epoch: u32) -> &mut Store {
        let storage = &self.storage;
        let store = self.store.get_or_insert_with(|| open(storage));
        if self.active {
            store.begin_epoch(epoch, 1).unwrap();
        }
        store
    }

    fn candidate(&mut self) -> &mut Candidate<Store> {
        let storage = &self.storage;
        self.candidate.get_or_insert_with(|| Candidate::new(open(storage)))
    }

    fn crash(&mut self) {
        (self.candidate, self.store) = (None, None);
    }
}

impl World {
    fn new(seed: u64) -> World {
        World {
            register: Register::default(),
            objects: BTreeMap::from([(1, Object::new(true, 0))]),
            late: Vec::new(),
            counted: 0,
            promotions: 0,
            random: Random::new(seed),
        }
    }

    fn one_of(&mut self) -> u32 {
        let at = self.random.below(self.objects.len() as u32) as usize;
        *self.objects.keys().nth(at).unwrap()
    }

    /// A client calls any object, as whose it once was told.
    fn count(&mut self) {
        let epoch = self.one_of();
        let Some(object) = self.objects.get_mut(&epoch) else { return };
        if !object.active || object.fence.successor().is_some() {
            return;
        }
        let store = object.store(epoch);
        assert_eq!(count_of(store), self.counted, "epoch {epoch} has not what was answered");
        self.counted += 1;
        let mut page = blank_page();
        page[..8].copy_from_slice(&self.counted.to_le_bytes());
        let pages = BTreeMap::from([(1, page), (2, blank_page())]);
        store.commit(Changes { pages, size_pages: 2 }, 1).unwrap();
        assert_eq!(store.position().epoch, epoch);
    }

    /// Sends, now or later or both; what is sent now may have its answer lost.
    fn send(&mut self, message: Message) {
        if self.random.below(4) == 0 {
            self.late.push(message.clone());
        }
        if self.random.below(5) > 0 {
            let answered = self.random.below(5) > 0;
            self.deliver(message, answered);
        }
    }

    fn deliver(&mut self, message: Message, answered: bool) {
        match message {
            Message::Fence { source, successor, have } => {
                let object = self.objects.get_mut(&source).filter(|object| object.active);
                let Some(object) = object else { return };
                if object.fence.raise(source, &successor).is_err() {
                    return;
                }
                let last = object.store(source).position();
                let ltx = object.store(source).commits_since(have, 100_000).unwrap();
                let candidate = self.objects.get_mut(&successor.epoch);
                if let Some(object) = candidate.filter(|object| answered && !object.active) {
                    let fenced = Fenced { last, ltx: ltx.as_deref() };
                    object.candidate().fenced(fenced).unwrap();
                }
            }
            Message::Register { epoch } => {
                let registered = self.register.register(epoch, replaced(None));
                self.promotions += u32::from(registered == Registered::Now);
                let Some(object) = self.objects.get_mut(&epoch).filter(|_| answered) else {
                    return;
                };
                match registered {
                    Registered::Never => drop(self.objects.remove(&epoch)),
                    _ if object.active => {}
                    _ => {
                        object.active = true;
                        object.crash();
                    }
                }
            }
            Message::Lower { epoch, primary } => {
                if let Some(object) = self.objects.get_mut(&primary) {
                    object.fence.lower(epoch);
                }
            }
        }
    }

    /// A candidate does what is next.
    fn step(&mut self) {
        let epoch = self.one_of();
        let Some(object) = self.objects.get_mut(&epoch).filter(|object| !object.active) else {
            return;
        };
        let source = object.source;
        match object.candidate().next() {
            Step::Register { .. } => self.send(Message::Register { epoch }),
            Step::Fence { have } => {
                let successor = self.successor(epoch);
                self.send(Message::Fence { source, successor, have });
            }
            Step::Follow(ask) => {
                let from = self.objects.get_mut(&source).filter(|from| from.active);
                let Some(from) = from else { return };
                let store = from.store(source);
                let ltx = match ask {
                    crate::Ask::Pages { first } => store.pages_from(first, 1).unwrap(),
                    crate::Ask::Commits { since } => store.commits_since(since, 100_000).unwrap(),
                };
                let answer =
                    Answer { sent_ms: 1.0, primary: store.position(), ltx: ltx.as_deref() };
                let candidate = self.objects.get_mut(&epoch).unwrap().candidate();
                candidate.followed(ask, answer).unwrap();
            }
        }
    }

    fn successor(&self, epoch: u32) -> Successor {
        Successor { epoch, region: REGIONS[epoch as usize % REGIONS.len()].to_owned() }
    }

    fn begin(&mut self) {
        let next = self.objects.keys().max().unwrap() + 1;
        let region = REGIONS[next as usize % REGIONS.len()];
        let Ok(candidate) = self.register.begin(region) else { return };
        let source = self.register.epoch();
        self.objects.entry(candidate.epoch).or_insert_with(|| Object::new(false, source));
    }

    fn abandon(&mut self) {
        let Some(candidate) = self.register.candidate() else { return };
        let (epoch, primary) = (candidate.epoch, self.register.epoch());
        if self.register.abandon(epoch) == Abandoned::Now {
            self.send(Message::Lower { epoch, primary });
        }
    }

    fn act(&mut self) {
        match self.random.below(100) {
            0..30 => self.count(),
            30..75 => self.step(),
            75..80 => {
                if !self.late.is_empty() {
                    let at = self.random.below(self.late.len() as u32) as usize;
                    let message = self.late.swap_remove(at);
                    self.deliver(message, true);
                }
            }
            80..85 => {
                let epoch = self.one_of();
                self.objects.get_mut(&epoch).unwrap().crash();
            }
            85..95 => self.begin(),
            95..98 => self.abandon(),
            // What was abandoned is told again, as whoever was told may not have heard.
            _ => {
                let abandoned = self.register.former().iter().filter(|it| it.replaced_ms.is_none());
                let primary = self.register.epoch();
                let told: Vec<u32> = abandoned.map(|former| former.epoch).collect();
                told.into_iter().for_each(|epoch| self.send(Message::Lower { epoch, primary }));
            }
        }
    }
}

#[test]
fn each_counts_on_from_what_was_answered() {
    let (mut promotions, mut counted) = (0, 0);
    for seed in 0..400 {
        let mut world = World::new(seed);
        for _ in 0..400 {
            world.act();
        }
        promotions += world.promotions;
        counted += world.counted;
    }
    // Else it would show nothing.
    assert!(promotions > 400 && counted > 5_000, "{promotions} promotions, {counted} counted");
}

#[test]
fn an_attempt_ends_in_one_way() {
    let mut register = Register::default();
    let first = register.begin("weur").unwrap();
    assert_eq!(register.begin("weur"), Ok(first.clone()));
    assert_eq!(register.begin("enam"), Err(Unfit::Busy(first)));
    assert_eq!(register.abandon(2), Abandoned::Now);
    assert_eq!(register.abandon(2), Abandoned::Before);
    assert_eq!(register.register(2, replaced(None)), Registered::Never);
    assert_eq!(register.begin("enam").unwrap().epoch, 3);
    assert_eq!(register.register(3, replaced(Some("weur"))), Registered::Now);
    assert_eq!(register.register(3, replaced(Some("sam"))), Registered::Before);
    assert_eq!((register.abandon(3), register.epoch()), (Abandoned::Never, 3));
    let epochs: Vec<_> = register.former().iter().map(|it| (it.epoch, it.replaced_ms)).collect();
    assert_eq!(epochs, [(2, None), (1, Some(1))]);
    register.forget(2);
    assert_eq!(register.former().len(), 1);
}

#[test]
fn a_candidate_of_an_empty_database_starts_anew_without_asking() {
    let last = Position { epoch: 2, ..Position::START };
    let candidate = Candidate::new(open(&MemoryStorage::default()));
    assert_eq!(candidate.next(), Step::Follow(crate::Ask::Pages { first: 1 }));
    assert_eq!(candidate.ended_at(last).next(), Step::Register { at: last });
}

#[test]
fn a_fence_is_for_the_newest_attempt() {
    let successor = |epoch| Successor { epoch, region: "weur".to_owned() };
    let mut fence = Fence::default();
    assert_eq!(fence.raise(1, &successor(1)), Err(Outdated));
    assert_eq!(fence.raise(1, &successor(3)), Ok(true));
    assert_eq!(fence.raise(1, &successor(3)), Ok(false));
    assert_eq!(fence.raise(1, &successor(2)), Err(Outdated));
    fence.lower(2);
    assert_eq!(fence.successor(), Some(&successor(3)));
    fence.lower(3);
    assert_eq!(fence.successor(), None);
    assert_eq!(fence.raise(1, &successor(3)), Err(Outdated));
    assert_eq!(fence.raise(1, &successor(4)), Ok(true));
}
