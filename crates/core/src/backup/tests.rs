//! The backup against a model: random commits, large drafts, checkpoints, hours that pass, and crashes
//! at any point of what is made and sent.
//!
//! Method: a model keeps the images of all pages at each position, and a map stands for the bucket. By the
//! rule with which Litestream restores, the newest commit must come out of it once all is shipped, and so
//! must every position at which a file ends that is still there: what expires takes none of them away. A
//! file that is sent again must be the same. A failure prints its seed.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::checkpoint::CheckpointPolicy;
use crate::error::Error;
use crate::history::Retention;
use crate::ltx::Decoder;
use crate::memory_storage::MemoryStorage;
use crate::page::blank_page;
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::random::Random;
use crate::store::Store;
use crate::store::tests::{Pages, transaction};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const HOUR_MS: i64 = 3_600_000;
const POLICY: BackupPolicy = BackupPolicy {
    ship_ms: 1_000,
    compact_ms: [30_000, 300_000, HOUR_MS],
    snapshot_ms: 24 * HOUR_MS,
    keep_ms: [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS],
    retention_ms: 48 * HOUR_MS,
};

struct World {
    random: Random,
    storage: MemoryStorage,
    store: Store,
    /// By txid.
    model: Vec<Pages>,
    now_ms: i64,
    schedule: Schedule,
    /// As a start would find it.
    saved: Schedule,
    bucket: BTreeMap<FileName, (Vec<u8>, i64)>,
    /// Where commits of which the log knows nothing came after what was shipped.
    before_gaps: Vec<Txid>,
    /// The past was let go of, as nothing was sent for a day.
    let_go: bool,
    /// Written once already.
    written: BTreeSet<FileName>,
    /// Another primary has taken over.
    former: bool,
    seed: u64,
}

/// The object is gone in the middle of what it did.
struct Crash;

fn open(storage: &MemoryStorage) -> Store {
    let mut store = Store::open(Box::new(storage.clone()), 3).unwrap();
    store.keep_history(0).unwrap();
    store
}

impl World {
    fn new(seed: u64) -> World {
        let storage = MemoryStorage::default();
        World {
            random: Random::new(seed),
            store: open(&storage),
            storage,
            model: vec![Pages::new()],
            now_ms: 1_800_000_000_000,
            schedule: Schedule::default(),
            saved: Schedule::default(),
            bucket: BTreeMap::new(),
            before_gaps: Vec::new(),
            let_go: false,
            written: BTreeSet::new(),
            former: false,
            seed,
        }
    }

    fn checkpoint_policy(&mut self) -> CheckpointPolicy {
        let held = self.schedule.needs(self.now_ms);
        self.let_go |= held.is_none() && self.schedule.shipped().is_some();
        CheckpointPolicy {
            log_bytes_max: 1 << 20,
            log_commits_max: 4,
            step_pages: 2,
            keep_log_bytes: 0,
            retention: Retention { time_ms: 0, bytes_max: 0, now_ms: self.now_ms, held },
        }
    }

    fn checkpoint(&mut self) {
        let policy = self.checkpoint_policy();
        self.store.checkpoint_step(&policy).unwrap();
    }

    fn commit(&mut self) {
        let (changes, after) = transaction(&mut self.random, self.model.last().unwrap());
        self.store.commit(changes, self.now_ms).unwrap();
        self.model.push(after);
    }

    /// A commit of which the log knows nothing.
    fn draft(&mut self) {
        while !self.store.is_settled() || self.store.log.commits > 0 {
            let policy = CheckpointPolicy { log_commits_max: 1, ..self.checkpoint_policy() };
            self.store.checkpoint_step(&policy).unwrap();
        }
        let mut draft = self.store.draft(0).unwrap();
        let (changes, after) = transaction(&mut self.random, self.model.last().unwrap());
        let size = changes.size_pages;
        draft
            .put(changes.pages.into_iter().filter(|(number, _)| *number <= size).collect())
            .unwrap();
        draft.resize(size);
        while draft.finish_step(2).unwrap() {}
        let before = self.store.position();
        if self.store.publish(draft, self.now_ms).unwrap() != before {
            self.model.push(after);
        }
        self.store = open(&self.storage);
    }

    fn crash(&mut self, one_in: u32) -> Result<(), Crash> {
        if self.random.below(one_in) > 0 {
            return Ok(());
        }
        self.store = open(&self.storage);
        self.schedule = self.saved.clone();
        Err(Crash)
    }

    /// Takes one step of the backup. False if there is nothing to do now.
    fn step(&mut self) -> Result<bool, Crash> {
        // The log may be empty, as after a draft.
        let time_ms = Some(self.store.time_ms()).filter(|ms| *ms > 0).unwrap_or(self.now_ms);
        let newest = Standing { position: self.store.position(), time_ms };
        let task = match self.former {
            true => self.schedule.next_of_former(newest, self.now_ms),
            false => self.schedule.next(&POLICY, newest, self.now_ms),
        };
        self.crash(20)?;
        self.saved = self.schedule.clone();
        match task {
            Task::Send(slot) => self.send(slot)?,
            Task::Clean => self.clean()?,
            Task::WaitUntil(at_ms) => {
                assert!(at_ms > self.now_ms, "seed {}", self.seed);
                return Ok(false);
            }
            Task::Rest => return Ok(false),
        }
        self.crash(20)?;
        self.saved = self.schedule.clone();
        Ok(true)
    }

    fn send(&mut self, slot: Slot) -> Result<(), Crash> {
        let upload = self.schedule.upload(slot).unwrap().clone();
        let Some(bytes) = self.make(&upload).unwrap() else {
            match (slot, upload.name) {
                (Slot::Ship, name) => self.before_gaps.push(name.txid_min - 1),
                (Slot::Compact, name) => assert!(self.let_go, "{name}, seed {}", self.seed),
            }
            self.schedule.give_up(slot);
            return Ok(());
        };
        self.crash(20)?;
        let fresh = self.written.insert(upload.name);
        match self.bucket.get(&upload.name) {
            Some((there, _)) => assert_eq!(*there, bytes, "{}, seed {}", upload.name, self.seed),
            None => {
                assert!(fresh, "{} was deleted and comes again, seed {}", upload.name, self.seed);
                self.bucket.insert(upload.name, (bytes, self.now_ms));
            }
        }
        self.crash(20)?;
        self.schedule.sent(slot, &POLICY);
        Ok(())
    }

    fn make(&mut self, upload: &Upload) -> Result<Option<Vec<u8>>, Error> {
        let FileName { level, txid_min, txid_max } = upload.name;
        if level == 0
            && self.random.below(2) == 0
            && let Some(shipment) = self.store.shipment(txid_min - 1, 6)?
            && shipment.position == upload.standing.position
        {
            return Ok(Some(shipment.ltx));
        }
        let mut pages = PageSet::default();
        let mut after = txid_min - 1;
        while level < SNAPSHOT_LEVEL && after < txid_max {
            let upto = txid_max.min(after + 3);
            match self.store.add_changes(after, upto, &mut pages)? {
                Found::Upto(txid) => after = txid,
                Found::Gap => return Ok(None),
            }
        }
        let Ok(past) = self.store.past(upload.standing.position, 3)? else { return Ok(None) };
        let pages = (level < SNAPSHOT_LEVEL).then_some(pages);
        let mut maker = FileMaker::new(&upload.name, past, pages, upload.standing.time_ms);
        let mut bytes = Vec::new();
        while maker.step(self.random.below(4) as usize + 1)? {
            bytes.extend(maker.take(self.random.below(9000) as usize));
        }
        bytes.extend(maker.take(usize::MAX));
        assert!(maker.is_empty());
        Ok(Some(bytes))
    }

    fn clean(&mut self) -> Result<(), Crash> {
        let expiry = Expiry::new(self.files(), &POLICY, self.now_ms);
        let mut next = None;
        for (name, (_, time_ms)) in self.bucket.clone() {
            match expiry.of(&name, time_ms) {
                Kept::No => drop(self.bucket.remove(&name)),
                Kept::Until(at_ms) => next = Some(next.unwrap_or(i64::MAX).min(at_ms)),
                Kept::ForNow => {}
            }
            self.crash(100)?;
        }
        self.schedule.cleaned(next, &POLICY, self.now_ms);
        Ok(())
    }

    fn work(&mut self) {
        for _ in 0..1000 {
            if let Ok(false) = self.step() {
                return;
            }
        }
        panic!("the backup does not come to rest, seed {}: {:?}", self.seed, self.schedule);
    }

    /// The last transaction that can be had up to `target`, and the pages there.
    fn restore(&self, target: Txid) -> Option<(Txid, Pages)> {
        let upto: Vec<_> = self.bucket.iter().filter(|(name, _)| name.txid_max <= target).collect();
        let snapshot = upto.iter().rfind(|(name, _)| name.level == SNAPSHOT_LEVEL)?;
        let mut pages = Pages::new();
        self.apply(&mut pages, snapshot.0);
        let mut at = snapshot.0.txid_max;
        for level in (0..SNAPSHOT_LEVEL).rev() {
            for (name, _) in upto.iter().filter(|(name, _)| name.level == level) {
                if name.txid_max > at && name.txid_min <= at + 1 {
                    self.apply(&mut pages, name);
                    at = name.txid_max;
                }
            }
        }
        Some((at, pages))
    }

    fn apply(&self, pages: &mut Pages, name: &FileName) {
        let decoder = Decoder::new(&self.bucket[name].0).unwrap();
        let header = *decoder.header();
        assert_eq!((header.txid_min, header.txid_max), (name.txid_min, name.txid_max));
        pages.resize_with(header.size_pages as usize, blank_page);
        decoder.pages(|number, page| *pages[number as usize - 1] = *page).unwrap();
    }

    fn files(&self) -> impl Iterator<Item = (FileName, i64)> {
        self.bucket.iter().map(|(name, (_, time_ms))| (*name, *time_ms))
    }

    /// What is said to be restorable is.
    fn check_restorable(&self) {
        if let Some(Standing { position: Position { txid, .. }, .. }) = self.schedule.restorable() {
            let (at, pages) = self.restore(txid).unwrap();
            assert_eq!(at, txid, "seed {}", self.seed);
            assert!(pages == self.model[at as usize], "pages at {at}, seed {}", self.seed);
        }
    }

    /// Looks at every step of time that is promised, from the base of the retention on.
    fn check(&self) {
        self.check_restorable();
        let snapshots = self.files().filter(|(name, _)| name.level == SNAPSHOT_LEVEL);
        let snapshots: Vec<_> = snapshots.map(|(name, time_ms)| (time_ms, name.txid_max)).collect();
        let old =
            snapshots.iter().filter(|(time_ms, _)| *time_ms <= self.now_ms - POLICY.retention_ms);
        let Some((_, base)) = old.max().or(snapshots.iter().min()) else { return };
        let promised = self.files().filter(|(name, time_ms)| {
            let age_ms = self.now_ms - time_ms;
            match name.level {
                0 => age_ms < HOUR_MS,
                1 => age_ms < 24 * HOUR_MS,
                _ => true,
            }
        });
        let ends: BTreeSet<Txid> = promised.map(|(name, _)| name.txid_max).collect();
        // For as long as the retention lasts, also when there is nothing finer any more.
        let before_gaps = self.before_gaps.iter().copied().filter(|_| !self.let_go);
        for end in ends.into_iter().chain(before_gaps).filter(|end| end >= base) {
            let (at, pages) = self.restore(end).unwrap();
            assert_eq!(at, end, "seed {}: {:?}", self.seed, self.bucket.keys());
            assert!(pages == self.model[end as usize], "pages at {end}, seed {}", self.seed);
        }
    }
}

#[test]
fn what_was_committed_can_be_restored() {
    let (mut snapshots, mut deleted) = (0, 0);
    for seed in 0..150 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            match world.random.below(12) {
                0 => world.draft(),
                1 => world.now_ms += i64::from(world.random.below(60 * 3_600_000)),
                2 | 3 => world.now_ms += i64::from(world.random.below(400_000)),
                4 | 5 => world.checkpoint(),
                6 => world.work(),
                _ => world.commit(),
            }
            world.now_ms += i64::from(world.random.below(2_000));
            let _ = world.step();
            world.check_restorable();
        }
        world.now_ms += POLICY.ship_ms;
        world.work();
        let newest = world.store.position().txid;
        for upto in [world.schedule.shipped(), world.schedule.restorable()] {
            assert_eq!(upto.map(|upto| upto.position.txid), Some(newest));
        }
        world.check();
        let (at, pages) = world.restore(Txid::MAX).unwrap();
        assert_eq!(at, newest, "seed {seed}");
        assert!(pages == world.model[at as usize], "seed {seed}");
        snapshots += world.bucket.keys().filter(|name| name.level == SNAPSHOT_LEVEL).count();
        deleted += world.written.len() - world.bucket.len();
    }
    assert!(snapshots > 150 && deleted > 150, "{snapshots} snapshots, {deleted} deleted");
}

#[test]
fn nothing_is_kept_for_ever_of_a_database_at_rest() {
    let mut world = World::new(1);
    for _ in 0..20 {
        world.commit();
        world.now_ms += 1_500;
        world.work();
    }
    for _ in 0..24 * 30 {
        world.now_ms += HOUR_MS;
        world.work();
        world.check();
    }
    let left: Vec<FileName> = world.bucket.keys().copied().collect();
    let snapshot = FileName { level: SNAPSHOT_LEVEL, txid_min: 1, txid_max: 20 };
    assert_eq!(left, [snapshot]);
    let newest = Standing { position: world.store.position(), time_ms: world.store.time_ms() };
    assert_eq!(world.schedule.next(&POLICY, newest, world.now_ms), Task::Rest);
}

#[test]
fn who_was_the_primary_ships_its_last_commits_and_rests() {
    let (mut shipped, mut unfinished) = (0, 0);
    for seed in 0..200 {
        let mut world = World::new(seed);
        for _ in 0..world.random.below(40) {
            match world.random.below(8) {
                0 => world.draft(),
                1 => world.work(),
                2 => world.now_ms += i64::from(world.random.below(400_000)),
                _ => world.commit(),
            }
            let _ = world.step();
        }
        world.former = true;
        let before = world.schedule.clone();
        unfinished += u32::from(before.snapshot().is_none() && before.shipped().is_some());
        world.work();
        let newest = world.store.position().txid;
        assert_eq!(world.schedule.upload(Slot::Ship), None, "seed {seed}");
        assert_eq!(world.schedule.upload(Slot::Compact), None, "seed {seed}");
        let last = world.schedule.shipped().map_or(0, |shipped| shipped.position.txid);
        if last == newest && newest > 0 {
            shipped += 1;
            let (at, pages) = world.restore(Txid::MAX).unwrap();
            assert_eq!(at, newest, "seed {seed}");
            assert!(pages == world.model[at as usize], "seed {seed}");
        } else {
            // Only a snapshot would have helped.
            let needs_one = before.shipped().is_none() || !world.before_gaps.is_empty();
            assert!(needs_one, "seed {seed}: {last} of {newest}");
        }
        // Whatever time it is.
        world.now_ms += 100 * HOUR_MS;
        let rested = world.schedule.clone();
        world.work();
        assert_eq!(world.schedule, rested, "seed {seed}");
    }
    assert!(shipped > 50 && unfinished > 2, "{shipped} shipped, {unfinished} unfinished");
}

#[test]
fn who_was_the_primary_does_not_try_for_ever() {
    let mut world = World::new(3);
    world.commit();
    let standing =
        |world: &World| Standing { position: world.store.position(), time_ms: world.now_ms };
    // A snapshot was begun, and what came after it was not shipped.
    world.schedule.next(&POLICY, standing(&world), world.now_ms);
    world.commit();
    let newest = standing(&world);
    for (slot, hours) in [(Slot::Ship, 0), (Slot::Ship, 24)] {
        let now_ms = world.now_ms + hours * HOUR_MS;
        assert_eq!(world.schedule.next_of_former(newest, now_ms), Task::Send(slot));
    }
    let now_ms = world.now_ms + 25 * HOUR_MS;
    assert_eq!(world.schedule.next_of_former(newest, now_ms), Task::Rest);
}

#[test]
fn what_a_primary_before_has_written_goes_once_the_retention_is_covered() {
    let mut world = World::new(2);
    world.commit();
    let begun_ms = world.now_ms;
    let of_former = |world: &World| Expiry::new(world.files(), &POLICY, world.now_ms).of_former();
    assert_eq!(of_former(&world), Kept::ForNow);
    world.work();
    let until_ms = begun_ms + POLICY.retention_ms + HOUR_MS;
    while of_former(&world) != Kept::No {
        assert_eq!(of_former(&world), Kept::Until(until_ms));
        assert!(world.now_ms < until_ms);
        world.now_ms += HOUR_MS;
        if world.random.below(3) == 0 {
            world.commit();
        }
        world.work();
    }
    assert!(world.now_ms >= until_ms);
    world.check();
}

#[test]
fn an_empty_database_has_no_backup() {
    let newest = Standing { position: crate::position::Position::START, time_ms: 0 };
    let mut schedule = Schedule::default();
    assert_eq!(schedule.next(&POLICY, newest, 5), Task::Rest);
    assert_eq!(schedule, Schedule::default());
}
