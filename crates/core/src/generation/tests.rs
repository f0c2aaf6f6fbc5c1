//! Followers against a model: random commits, drafts, checkpoints, restarts and a retention that is
//! short, long or none, while followers pull as libSQL's client does.
//!
//! Method: a follower keeps a file, what it stands on, and takes a commit only as a whole. It is cut short
//! at any request, and asks for few frames at once, so that commits span several. Whatever happens, each
//! state that it takes on must be one of the database's, a frame must be the same whenever it is given
//! out, and at the end the follower must have the newest pages. A failure prints its seed.

use std::collections::BTreeMap;

use super::*;
use crate::commit::Changes;
use crate::history::Retention;
use crate::memory_storage::MemoryStorage;
use crate::page::blank_page;
use crate::position::Position;
use crate::random::Random;
use crate::storage::Mark;
use crate::store::tests::{Pages, transaction};
use crate::wal_frame::WAL_FRAME_SIZE;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const GENERATIONS: Generations = Generations { before: 7000 };

fn policy(now_ms: i64, retention_ms: i64, held: Option<Txid>) -> CheckpointPolicy {
    CheckpointPolicy {
        log_bytes_max: 1 << 20,
        log_commits_max: 4,
        step_pages: 2,
        keep_log_bytes: 0,
        retention: Retention { time_ms: retention_ms, bytes_max: 1 << 30, now_ms, held },
    }
}

fn keep_all() -> CheckpointPolicy {
    policy(0, i64::MAX, None)
}

fn open(storage: &MemoryStorage) -> Store {
    let mut store = Store::open(Box::new(storage.clone()), 3).unwrap();
    store.keep_history(0).unwrap();
    store
}

/// The file of a database with these pages.
fn file_of(pages: &Pages) -> Vec<u8> {
    let mut file = Vec::new();
    for (number, page) in (1..).zip(pages) {
        push_page(&mut file, number, page);
    }
    if pages.is_empty() {
        file.extend_from_slice(&*empty_database());
    }
    file
}

fn put(file: &mut Vec<u8>, frame: &[u8]) {
    let number = u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
    let size_after = u32::from_be_bytes(frame[4..8].try_into().unwrap()) as usize;
    if file.len() < number * PAGE_SIZE {
        file.resize(number * PAGE_SIZE, 0);
    }
    file[(number - 1) * PAGE_SIZE..][..PAGE_SIZE].copy_from_slice(&frame[24..]);
    if size_after > 0 {
        file.resize(size_after * PAGE_SIZE, 0);
    }
}

fn is_last(frame: &[u8]) -> bool {
    frame[4..8] != [0; 4]
}

fn export(store: &mut Store, generation: Generation, policy: &CheckpointPolicy) -> Option<Vec<u8>> {
    let (mut file, mut first) = (Vec::new(), 1);
    loop {
        let part = store.base_part(GENERATIONS, generation, first, 3, policy).unwrap().ok()?;
        file.extend(part.bytes);
        first += 3;
        if first > part.size_pages {
            assert_eq!(file.len(), part.size_pages as usize * PAGE_SIZE);
            return Some(file);
        }
    }
}

fn newest(store: &Store) -> Generation {
    store.newest_generation(GENERATIONS).unwrap().0
}

/// As libSQL's client.
struct Follower {
    file: Vec<u8>,
    generation: Generation,
    /// The last frame that ended a commit.
    durable: u32,
    /// What it could not be dropped from until it went on.
    hold: Option<Txid>,
}

/// Frames as they were given out, by generation and number.
type Given = BTreeMap<(Generation, u32), Vec<u8>>;

impl Follower {
    fn begin(store: &mut Store, policy: &CheckpointPolicy) -> Follower {
        let (generation, hold) = store.newest_generation(GENERATIONS).unwrap();
        let file = export(store, generation, policy).unwrap();
        Follower { file, generation, durable: 0, hold: Some(hold) }
    }

    /// Pulls until it has all, or so many requests. `states` are those that it may take on. True if
    /// it has all.
    fn pull(
        &mut self,
        store: &mut Store,
        policy: impl Fn(Option<Txid>) -> CheckpointPolicy,
        (requests, at_once): (usize, u32),
        states: &[Vec<u8>],
        given: &mut Given,
    ) -> bool {
        let (mut file, mut start) = (self.file.clone(), self.durable + 1);
        let mut in_session = false;
        for _ in 0..requests {
            let asked = Asked { generation: self.generation, start, end: start + at_once };
            let Pulled { newest, frames, hold } =
                store.frames(GENERATIONS, &asked, &policy(self.hold)).unwrap().unwrap();
            self.hold = hold.or(self.hold);
            if frames.is_empty() {
                assert!(!in_session, "the end within a commit");
                if newest <= self.generation {
                    return true;
                }
                self.generation += 1;
                (self.durable, start) = (0, 1);
            }
            assert!(frames.len() <= at_once as usize * WAL_FRAME_SIZE);
            for frame in frames.chunks(WAL_FRAME_SIZE) {
                let before = given.insert((self.generation, start), frame.to_vec());
                let same = before.is_none_or(|before| before == frame);
                assert!(same, "frame {start} of {} is another", self.generation);
                put(&mut file, frame);
                in_session = !is_last(frame);
                if !in_session {
                    assert!(states.contains(&file), "frame {start} of {}", self.generation);
                    self.file.clone_from(&file);
                    self.durable = start;
                }
                start += 1;
            }
        }
        false
    }
}

/// Another state by way of a draft, large or small.
fn publish(
    store: &mut Store,
    random: &mut Random,
    pages: &Pages,
    policy: &CheckpointPolicy,
) -> Pages {
    while !store.is_settled() {
        store.checkpoint_step(policy).unwrap();
    }
    let mut draft = store.draft(random.below(6) as usize).unwrap();
    let (changes, mut after) = transaction(random, pages);
    draft.resize(changes.size_pages);
    let put = changes.pages.into_iter().filter(|(number, _)| *number <= changes.size_pages);
    draft.put(put.collect()).unwrap();
    if random.below(3) == 0 {
        let size = random.below(after.len() as u32 + 9);
        draft.resize(size);
        after.resize_with(size as usize, blank_page);
    }
    while draft.finish_step(2).unwrap() {}
    let fold = CheckpointPolicy { log_commits_max: 1, ..*policy };
    while !store.takes(&draft) {
        store.checkpoint_step(&fold).unwrap();
    }
    store.publish(draft, policy.retention.now_ms).unwrap();
    after
}

/// Each generation that is kept leads to the next one, page for page.
fn assert_chained(store: &mut Store, context: &str) {
    let kept: Vec<IntervalNo> = store.kept_intervals().map(|kept| kept.number).collect();
    let mut file: Option<Vec<u8>> = None;
    for number in kept {
        for leg in [Leg::Interval(number), Leg::Bridge(number)] {
            let generation = GENERATIONS.number(leg);
            if let Leg::Interval(_) = leg {
                let exported = export(store, generation, &keep_all()).unwrap();
                assert!(file.is_none_or(|file| file == exported), "{generation} {context}");
                file = Some(exported);
            }
            for start in 1.. {
                let asked = Asked { generation, start, end: start + 1 };
                let Ok(pulled) = store.frames(GENERATIONS, &asked, &keep_all()).unwrap() else {
                    assert_eq!(
                        leg,
                        Leg::Bridge(*store.kept_intervals().map(|k| &k.number).last().unwrap())
                    );
                    break;
                };
                if pulled.frames.is_empty() {
                    break;
                }
                put(file.as_mut().unwrap(), &pulled.frames);
            }
        }
    }
}

fn check_seed(seed: u64, retention_ms: i64) {
    let context = format!("seed {seed}, {retention_ms} ms");
    let storage = MemoryStorage::default();
    let mut random = Random::new(seed);
    let mut store = open(&storage);
    let (mut now_ms, mut pages, mut given) = (0, Pages::new(), Given::new());
    let mut states = vec![file_of(&pages)];
    let mut followers = vec![Follower::begin(&mut store, &keep_all())];
    for _ in 0..60 {
        now_ms += i64::from(random.below(20));
        // What the followers hold is held, as by the primary.
        let oldest = followers.iter().filter_map(|follower| follower.hold).min();
        let held = oldest.filter(|_| random.below(2) > 0);
        let held_now = |own: Option<Txid>| [held, own].into_iter().flatten().min();
        let policy = |own| policy(now_ms, retention_ms, held_now(own));
        match random.below(8) {
            0 => {
                pages = publish(&mut store, &mut random, &pages, &policy(None));
                states.push(file_of(&pages));
            }
            1..4 => {
                let (changes, after) = transaction(&mut random, &pages);
                store.commit(changes, now_ms).unwrap();
                pages = after;
                states.push(file_of(&pages));
            }
            4 => store = open(&storage),
            5 => {
                for _ in 0..random.below(9) {
                    store.checkpoint_step(&policy(None)).unwrap();
                }
            }
            6 if followers.len() < 4 => {
                followers.push(Follower::begin(&mut store, &policy(None)));
            }
            _ => {
                let at = random.below(followers.len() as u32) as usize;
                let limits = (random.below(12) as usize, random.below(4) + 1);
                followers[at].pull(&mut store, policy, limits, &states, &mut given);
            }
        }
    }
    assert_chained(&mut store, &context);
    for follower in &mut followers {
        let policy = |own| policy(now_ms, retention_ms, own);
        assert!(follower.pull(&mut store, policy, (5000, 3), &states, &mut given), "{context}");
        assert!(follower.file == file_of(&pages), "{context}");
    }
}

#[test]
fn followers_see_states_of_the_database_and_come_to_the_newest() {
    for seed in 1..150 {
        check_seed(seed, [0, 40, i64::MAX][seed as usize % 3]);
    }
}

fn page(fill: u8) -> Box<PageImage> {
    let mut page = blank_page();
    page.fill(fill);
    page
}

fn commit(store: &mut Store, fills: &[(PageNo, u8)], size_pages: PageNo) {
    let pages = fills.iter().map(|(number, fill)| (*number, page(*fill))).collect();
    store.commit(Changes { pages, size_pages }, 0).unwrap();
}

fn fold(store: &mut Store) {
    let fold = CheckpointPolicy { log_commits_max: 1, ..keep_all() };
    while store.checkpoint_is_due(&fold) {
        store.checkpoint_step(&fold).unwrap();
    }
}

fn numbers(frames: &[u8]) -> Vec<(u32, u32)> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let frames = frames.chunks(WAL_FRAME_SIZE);
    frames.map(|frame| (number(&frame[..4]), number(&frame[4..8]))).collect()
}

fn pull(
    store: &mut Store,
    generation: Generation,
    start: u32,
    end: u32,
) -> Result<Pulled, NotFollowed> {
    store.frames(GENERATIONS, &Asked { generation, start, end }, &keep_all()).unwrap()
}

#[test]
fn a_large_commit_spans_requests_and_a_shrink_tells_the_size() {
    let storage = MemoryStorage::default();
    let mut store = open(&storage);
    let all: Vec<(PageNo, u8)> = (1..=300).map(|number| (number, number as u8)).collect();
    commit(&mut store, &all, 300);
    commit(&mut store, &[(1, 9)], 2);
    commit(&mut store, &[], 1);
    let generation = newest(&store);
    assert_eq!(generation, 7002);
    let first = pull(&mut store, generation, 1, 500).unwrap();
    assert_eq!(first.frames.len(), WAL_FRAMES_MAX as usize * WAL_FRAME_SIZE);
    assert_eq!((first.newest, first.hold), (generation, Some(0)));
    assert!(numbers(&first.frames).iter().eq(&(1..=128).map(|n| (n, 0)).collect::<Vec<_>>()));
    let last = pull(&mut store, generation, 299, 400).unwrap();
    assert_eq!(numbers(&last.frames), [(299, 0), (300, 300), (1, 2), (1, 1)]);
    assert_eq!(last.frames[2 * WAL_FRAME_SIZE..][24..30], [9; 6]);
    assert_eq!(last.frames[3 * WAL_FRAME_SIZE..][24..30], [9; 6]);
    assert!(pull(&mut store, generation, 303, 400).unwrap().frames.is_empty());
    assert_eq!(pull(&mut store, generation, 304, 400), Err(NotFollowed::Unknown));
    assert_eq!(pull(&mut store, generation, 0, 400), Err(NotFollowed::Unknown));
    for other in [0, 1, 7000, 7001, 7003, 7004, 9000, u32::MAX] {
        assert_eq!(pull(&mut store, other, 1, 2), Err(NotFollowed::Unknown), "{other}");
    }
}

#[test]
fn a_checkpoint_that_has_begun_ends_before_a_later_commit_is_given_out() {
    let storage = MemoryStorage::default();
    let mut store = open(&storage);
    commit(&mut store, &[(1, 1), (2, 2), (3, 3)], 3);
    let generation = newest(&store);
    let begun = CheckpointPolicy { log_commits_max: 1, step_pages: 1, ..keep_all() };
    store.checkpoint_step(&begun).unwrap();
    assert_eq!(numbers(&pull(&mut store, generation, 3, 9).unwrap().frames), [(3, 3)]);
    assert_eq!(newest(&store), generation);
    commit(&mut store, &[(2, 4)], 3);
    let pulled = pull(&mut store, generation, 4, 9).unwrap();
    assert_eq!((pulled.frames.len(), pulled.newest), (0, generation + 2));
    assert!(pull(&mut store, generation + 1, 1, 9).unwrap().frames.is_empty());
    assert_eq!(numbers(&pull(&mut store, generation + 2, 1, 9).unwrap().frames), [(2, 3)]);
}

#[test]
fn who_was_away_too_long_is_told() {
    let storage = MemoryStorage::default();
    let mut store = open(&storage);
    let first = newest(&store);
    let count = DROPPED_MAX + 20;
    for fill in 0..count {
        commit(&mut store, &[(1, fill as u8)], 1);
        fold(&mut store);
    }
    let none_kept = policy(1, 0, None);
    let mut ask = |generation, start| {
        let asked = Asked { generation, start, end: start + 9 };
        store.frames(GENERATIONS, &asked, &none_kept).unwrap().map(|pulled| pulled.frames.len())
    };
    assert_eq!(ask(first, 1), Err(NotFollowed::TooOld));
    let newest = first + 2 * count;
    let oldest = newest - 2 * DROPPED_MAX;
    assert_eq!(ask(oldest - 1, 1), Err(NotFollowed::TooOld));
    assert_eq!((ask(oldest, 77), ask(oldest + 1, 1)), (Ok(0), Ok(0)));
    assert_eq!((ask(newest - 1, 1), ask(newest, 1)), (Ok(WAL_FRAME_SIZE), Ok(0)));
    assert_eq!(ask(newest - 1, 3), Err(NotFollowed::Unknown));
    let gone = store.base_part(GENERATIONS, newest - 2, 1, 9, &none_kept).unwrap();
    assert_eq!(gone, Err(NotFollowed::TooOld));
}

#[test]
fn who_reads_what_is_due_to_go_holds_it_no_longer() {
    let storage = MemoryStorage::default();
    let mut store = open(&storage);
    commit(&mut store, &[(1, 1), (2, 2)], 2);
    fold(&mut store);
    let generation = newest(&store) - 2;
    let mut hold = |policy: CheckpointPolicy| {
        let asked = Asked { generation, start: 1, end: 2 };
        let pulled = store.frames(GENERATIONS, &asked, &policy).unwrap().unwrap();
        (pulled.frames.len(), pulled.hold)
    };
    assert_eq!(hold(keep_all()), (WAL_FRAME_SIZE, Some(0)));
    // Somebody else holds it.
    assert_eq!(hold(policy(9, 5, Some(0))), (WAL_FRAME_SIZE, None));
    assert_eq!(hold(policy(9, 5, None)), (0, None));
}

#[test]
fn the_lock_page_has_no_frame() {
    for (size_pages, count) in [(LOCK_PAGE - 1, LOCK_PAGE - 1), (LOCK_PAGE, LOCK_PAGE - 1)] {
        let leap = Leap::all(interval_of(size_pages));
        assert_eq!((leap.len() as u32, leap.nth(count as usize - 1)), (count, Some(LOCK_PAGE - 1)));
    }
    let leap = Leap::all(interval_of(LOCK_PAGE + 5));
    assert_eq!((leap.len() as u32, leap.nth(0)), (LOCK_PAGE + 4, Some(1)));
    let around = [LOCK_PAGE - 2, LOCK_PAGE - 1].map(|index| leap.nth(index as usize));
    assert_eq!(around, [Some(LOCK_PAGE - 1), Some(LOCK_PAGE + 1)]);
}

fn interval_of(size_pages: PageNo) -> Interval {
    let mark = Mark { position: Position::START, size_pages };
    Interval { number: 1, mark, time_ms: 0, bytes: 0, dropped: false }
}
