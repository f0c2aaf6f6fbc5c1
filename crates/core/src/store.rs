//! The store: one database at its newest position, over a log and pages in storage.
//!
//! A page is found in memory, else in the newest commit that holds it, else among the pages of the
//! last checkpoint. A commit is one append to the log. It takes effect in memory only after storage
//! has taken it, so what the store answers is never ahead of what it would answer after a crash.
//!
//! Invariants:
//! - each commit continues the one before: its txid is one more, or it begins there if it is several
//!   that a replica received compacted into one;
//! - `frames` names the newest commit of each page changed since the mark, and only those pages;
//! - the checksum of the position is that of all pages up to the size, the lock page left out;
//! - after a storage error the store answers nothing more, because what storage holds is unknown.

mod following;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::cache::PageCache;
use crate::checkpoint::RunningCheckpoint;
use crate::checksum::Checksum;
use crate::commit::{Changes, Commit};
use crate::commit_times::CommitTimes;
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::generation::IntervalIndex;
use crate::history::History;
use crate::ltx::{FrameRef, Header, decode_frame, read_index};
use crate::page::{LOCK_PAGE, PageImage, PageNo, blank_page, copy_part};
use crate::page_row;
use crate::position::{Position, Txid};
use crate::recent::RecentCommits;
use crate::storage::{LogRow, Mark, Storage, StorageError};

/// Pages fetched at once when pages are read one after the other.
const READ_AHEAD_PAGES: u32 = 32;

/// One database as its object keeps it.
pub struct Store {
    pub(crate) storage: Rc<dyn Storage>,
    pub(crate) position: Position,
    /// When the newest commit in the log was made; 0 where there is none.
    pub(crate) time_ms: i64,
    pub(crate) times: CommitTimes,
    pub(crate) size_pages: PageNo,
    pub(crate) frames: HashMap<PageNo, (Txid, FrameRef)>,
    pub(crate) log: LogSinceMark,
    pub(crate) checkpoint: Option<RunningCheckpoint>,
    /// The past, where that is kept.
    pub(crate) history: Option<History>,
    /// Pages that were published from a draft are not in their places yet.
    pub(crate) unsettled: bool,
    cache: PageCache,
    recent: RecentCommits,
    /// Of the intervals that were followed last.
    pub(crate) indices: Vec<IntervalIndex>,
    /// The page after the last one that was read from storage: reading it again means a scan.
    next_in_scan: PageNo,
    broken: Option<StorageError>,
    /// A page could not be read as it was written.
    damaged: bool,
}

/// How much log a start would have to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSinceMark {
    pub commits: u64,
    pub bytes: u64,
}

impl LogSinceMark {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.commits += 1;
        self.bytes += bytes as u64;
    }
}

impl Store {
    /// Opens what storage holds, reading the mark and the log since; `cache_pages` bounds the
    /// memory for pages.
    pub fn open(storage: Box<dyn Storage>, cache_pages: usize) -> Result<Store, Error> {
        let mut store = Store::blank(storage, cache_pages);
        store.load()?;
        Ok(store)
    }

    /// As [`Store::open`] for a replica, which can have all of it anew: of what is damaged so that it
    /// does not open it lets go.
    pub fn open_replica(storage: Box<dyn Storage>, cache_pages: usize) -> Result<Store, Error> {
        let mut store = Store::blank(storage, cache_pages);
        match store.load() {
            Err(Error::Corrupt(_) | Error::Ltx(_)) => store.clear()?,
            loaded => loaded?,
        }
        Ok(store)
    }

    fn blank(storage: Box<dyn Storage>, cache_pages: usize) -> Store {
        Store {
            storage: storage.into(),
            position: Position::START,
            time_ms: 0,
            times: CommitTimes::default(),
            size_pages: 0,
            frames: HashMap::new(),
            log: LogSinceMark::default(),
            checkpoint: None,
            history: None,
            unsettled: false,
            cache: PageCache::new(cache_pages),
            recent: RecentCommits::new(0),
            indices: Vec::new(),
            next_in_scan: 0,
            broken: None,
            damaged: false,
        }
    }

    fn load(&mut self) -> Result<(), Error> {
        if let Some(mark) = self.storage.mark()? {
            self.reset(&mark);
        }
        let mut rows = Vec::new();
        self.storage.read_log(self.position.txid, Txid::MAX, &mut |row| {
            rows.push(IndexedRow::new(row)?);
            Ok(())
        })?;
        rows.into_iter().try_for_each(|row| self.index(row))
    }

    /// The last commit.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Size of the database, in pages.
    pub fn size_pages(&self) -> PageNo {
        self.size_pages
    }

    /// The log since the last checkpoint.
    pub fn log(&self) -> LogSinceMark {
        self.log
    }

    /// Whether a checkpoint has begun and not ended.
    pub fn is_checkpointing(&self) -> bool {
        self.unsettled || self.checkpoint.is_some()
    }

    /// When the first commit after that one was made, as far back as that is known; None if there is
    /// none.
    pub fn first_commit_after_ms(&self, txid: Txid) -> Option<i64> {
        self.times.first_after(txid)
    }

    /// Whether storage has failed; the store is then to be dropped and opened anew.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Whether a page could not be read as it was written. It stays so until the store is cleared.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Copies part of a page, from `offset` within it, into `out`.
    pub fn read(&mut self, number: PageNo, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        copy_part(number, self.page(number)?, offset, out)
    }

    /// Makes `changes` the next commit. On an error the database is as it was before.
    pub fn commit(&mut self, mut changes: Changes, time_ms: i64) -> Result<Commit, Error> {
        self.check()?;
        let size_pages = changes.size_pages;
        changes.pages.retain(|number, _| *number <= size_pages && *number != LOCK_PAGE);
        // SQLite need not write a page that it adds and frees again; its content is then zero.
        for number in self.size_pages + 1..=size_pages {
            if number != LOCK_PAGE {
                changes.pages.entry(number).or_insert_with(blank_page);
            }
        }
        let crcs: Vec<PageCrc> = changes.pages.values().map(|page| PageCrc::of(page)).collect();
        let checksum = self.checksum_after(&changes, &crcs)?;
        let after = Position { txid: self.position.txid + 1, checksum, ..self.position };
        let commit =
            Commit::encode(self.position, after, size_pages, time_ms, &changes.pages, &crcs);
        self.append(&commit, changes, crcs)?;
        Ok(commit)
    }

    /// Begins an epoch, unless it has begun, by a commit that changes nothing: so whoever follows learns of
    /// it as of any commit. An empty database begins it by its first.
    pub fn begin_epoch(&mut self, epoch: u32, time_ms: i64) -> Result<(), Error> {
        if epoch <= self.position.epoch {
            return Ok(());
        }
        self.position.epoch = epoch;
        if self.size_pages == 0 {
            return Ok(());
        }
        let pages = BTreeMap::from([(1, Box::new(*self.page(1)?))]);
        self.commit(Changes { pages, size_pages: self.size_pages }, time_ms).map(drop)
    }

    /// The checksum once `changes` are made; `crcs` are those of their pages.
    fn checksum_after(&mut self, changes: &Changes, crcs: &[PageCrc]) -> Result<Checksum, Error> {
        let mut checksum = self.position.checksum;
        for number in changes.size_pages + 1..=self.size_pages {
            if number != LOCK_PAGE {
                checksum = checksum.toggle(number, self.crc(number)?);
            }
        }
        for (number, crc) in changes.pages.keys().zip(crcs) {
            if *number <= self.size_pages {
                checksum = checksum.toggle(*number, self.crc(*number)?);
            }
            checksum = checksum.toggle(*number, *crc);
        }
        Ok(checksum)
    }

    fn append(
        &mut self,
        commit: &Commit,
        changes: Changes,
        crcs: Vec<PageCrc>,
    ) -> Result<(), Error> {
        if let Err(error) = self.storage.append(commit) {
            return Err(self.break_off(error));
        }
        self.take(commit, changes, crcs);
        Ok(())
    }

    /// Begins anew at a mark, with nothing read yet.
    pub(crate) fn reset(&mut self, mark: &Mark) {
        self.position = mark.position;
        self.size_pages = mark.size_pages;
        self.frames.clear();
        self.log = LogSinceMark::default();
        self.checkpoint = None;
        self.cache.clear();
        self.recent = RecentCommits::new(mark.position.txid);
        self.times.clear();
        self.indices.clear();
        self.next_in_scan = 0;
        self.damaged = false;
    }

    fn take(&mut self, commit: &Commit, changes: Changes, crcs: Vec<PageCrc>) {
        assert_eq!(commit.before, self.position);
        for number in commit.size_pages + 1..=self.size_pages {
            self.cache.remove(number);
            self.frames.remove(&number);
        }
        for (number, frame) in &commit.frames {
            self.frames.insert(*number, (commit.after.txid, *frame));
        }
        for ((number, page), crc) in changes.pages.into_iter().zip(crcs) {
            self.cache.put(number, page, Some(crc));
        }
        let pages = commit.frames.iter().map(|(number, _)| *number).collect();
        self.recent.add(commit.after.txid, pages);
        self.position = commit.after;
        self.time_ms = commit.time_ms;
        self.times.add(commit.after.txid, commit.time_ms);
        self.size_pages = commit.size_pages;
        self.log.add(commit.ltx.len());
        if let Some(running) = &mut self.checkpoint {
            running.log_after.add(commit.ltx.len());
        }
    }

    fn crc(&mut self, number: PageNo) -> Result<PageCrc, Error> {
        match self.cache.crc(number) {
            Some(crc) => Ok(crc),
            None => self.page(number).map(PageCrc::of),
        }
    }

    /// The current image of a page.
    pub(crate) fn page(&mut self, number: PageNo) -> Result<&PageImage, Error> {
        self.check()?;
        if number == 0 || number > self.size_pages || number == LOCK_PAGE {
            return Err(Error::Corrupt(format!("there is no page {number}")));
        }
        if !self.cache.contains(number) {
            match self.frames.get(&number).copied() {
                Some((txid, frame)) => self.load_frame(number, txid, frame)?,
                None => self.load_pages(number)?,
            }
        }
        match self.cache.get(number) {
            Some(page) => Ok(page),
            None => {
                self.damaged = true;
                Err(Error::Corrupt(format!("page {number} is missing or damaged")))
            }
        }
    }

    fn load_frame(&mut self, number: PageNo, txid: Txid, frame: FrameRef) -> Result<(), Error> {
        let bytes = match self.storage.read_frame(txid, frame.offset, frame.len) {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.break_off(error)),
        };
        match page_of(&bytes, number, txid) {
            Ok(page) => {
                self.cache.put(number, page, None);
                Ok(())
            }
            Err(error) => {
                self.damaged = true;
                Err(error)
            }
        }
    }

    fn load_pages(&mut self, number: PageNo) -> Result<(), Error> {
        if self.unsettled {
            return self.load_unsettled(number);
        }
        // Never so many that the page asked for falls out of the cache again.
        let ahead = READ_AHEAD_PAGES.min(self.cache.pages_max() as u32);
        let count = if number == self.next_in_scan { ahead } else { 1 };
        let (frames, cache, size_pages) = (&self.frames, &mut self.cache, self.size_pages);
        let mut next = number + 1;
        let read = self.storage.read_pages(number, count, &mut |number, bytes| {
            next = number + 1;
            let newest = number <= size_pages && !frames.contains_key(&number);
            if newest
                && !cache.contains(number)
                && let Some((image, crc)) = page_row::decode(bytes)
            {
                cache.put(number, Box::new(*image), Some(crc));
            }
        });
        self.next_in_scan = next;
        read.map_err(|error| self.break_off(error))
    }

    /// Loads a page from where it is while what was published is not in its place.
    fn load_unsettled(&mut self, number: PageNo) -> Result<(), Error> {
        let row = self.storage.read_base(self.newest_interval().unwrap_or(0), number);
        let row = row.map_err(|error| self.break_off(error))?;
        if let Some((image, crc)) = row.as_deref().and_then(page_row::decode) {
            self.cache.put(number, Box::new(*image), Some(crc));
        }
        Ok(())
    }

    fn index(&mut self, row: IndexedRow) -> Result<(), Error> {
        let continues = row.txid_min <= self.position.txid + 1
            && row.position.txid > self.position.txid
            && row.position.epoch >= self.position.epoch;
        if !continues {
            let (at, next) = (self.position, row.position);
            return Err(Error::Corrupt(format!("the log goes from {at} to {next}")));
        }
        let mut added = self.size_pages + 1..=row.size_pages;
        let is_there = |number| row.frames.binary_search_by_key(&number, |frame| frame.0).is_ok();
        if !added.all(|number| number == LOCK_PAGE || is_there(number)) {
            return Err(Error::Corrupt(format!("commit {} lacks a page", row.position)));
        }
        for number in row.size_pages + 1..=self.size_pages {
            self.frames.remove(&number);
        }
        let pages = row.frames.iter().map(|(number, _)| *number).collect();
        self.recent.add(row.position.txid, pages);
        for (number, frame) in row.frames {
            self.frames.insert(number, (row.position.txid, frame));
        }
        self.position = row.position;
        self.time_ms = row.time_ms;
        self.times.add(row.position.txid, row.time_ms);
        self.size_pages = row.size_pages;
        self.log.add(row.len);
        Ok(())
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.broken.clone().map_or(Ok(()), |error| Err(Error::Storage(error)))
    }

    /// Passes on what reading the log came to; storage that failed ends the store.
    pub(crate) fn note<T>(&mut self, read: Result<T, Error>) -> Result<T, Error> {
        read.map_err(|error| match error {
            Error::Storage(error) => self.break_off(error),
            error => error,
        })
    }

    pub(crate) fn break_off(&mut self, error: StorageError) -> Error {
        self.broken = Some(error.clone());
        Error::Storage(error)
    }
}

/// The page in a frame of a commit.
pub(crate) fn page_of(frame: &[u8], number: PageNo, txid: Txid) -> Result<Box<PageImage>, Error> {
    let mut page = blank_page();
    if decode_frame(frame, &mut page)?.0 != number {
        return Err(Error::Corrupt(format!("commit {txid} holds another page than {number}")));
    }
    Ok(page)
}

/// What a start keeps of one commit: where its pages lie, not the pages.
pub(crate) struct IndexedRow {
    txid_min: Txid,
    time_ms: i64,
    pub(crate) position: Position,
    pub(crate) size_pages: PageNo,
    pub(crate) frames: Vec<(PageNo, FrameRef)>,
    len: usize,
}

impl IndexedRow {
    pub(crate) fn new(row: LogRow) -> Result<Self, Error> {
        let header = Header::decode(&row.ltx)?;
        if header.txid_max != row.position.txid {
            return Err(Error::Corrupt(format!("commit {} names itself otherwise", row.position)));
        }
        let mut frames = Vec::new();
        read_index(&row.ltx, |number, frame| frames.push((number, frame)))?;
        let Header { txid_min, size_pages, time_ms, .. } = header;
        let (position, len) = (row.position, row.ltx.len());
        Ok(IndexedRow { txid_min, time_ms, position, size_pages, frames, len })
    }

    /// Which commits it holds, by the first and the last, and which pages they changed.
    pub(crate) fn into_changes(self) -> (Txid, Txid, Vec<PageNo>) {
        let pages = self.frames.into_iter().map(|(number, _)| number).collect();
        (self.txid_min, self.position.txid, pages)
    }
}
