//! Storage in memory for tests, with a fault injected at one chosen call.
//!
//! Clones share their content: a test drops a store in the middle and opens another on the same
//! storage, which is what a crash looks like to the object that starts next. Behind `write_behind` a
//! crash also takes back the newest calls, those that had not become durable.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::commit::Commit;
use crate::history::{Interval, IntervalNo};
use crate::page::PageNo;
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::storage::{LogRow, Mark, Storage, StorageError, Turn};

/// How a faulty call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and nothing was written.
    Before,
    /// The call fails although all of it was written.
    After,
}

/// Everything that survives a crash.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    content: Content,
    /// What was there before each of the newest calls that write, oldest first; None where all
    /// calls are durable at once.
    before: Option<VecDeque<Content>>,
    calls: Vec<&'static str>,
    fault: Option<(usize, Fault)>,
}

#[derive(Clone, Default)]
struct Content {
    mark: Option<Mark>,
    log: BTreeMap<Txid, (Position, Rc<[u8]>)>,
    pages: BTreeMap<PageNo, Rc<[u8]>>,
    intervals: BTreeMap<IntervalNo, (Interval, PageSet)>,
    past: BTreeMap<(PageNo, IntervalNo), Rc<[u8]>>,
    staged: BTreeMap<PageNo, Rc<[u8]>>,
    scratch: BTreeMap<(u32, u32), Rc<[u8]>>,
    /// The interval that what is staged was published as.
    published: Option<IntervalNo>,
    /// Beside the database: what an object knows of itself.
    kept: BTreeMap<&'static str, Rc<[u8]>>,
}

impl Content {
    fn keep(&mut self, number: PageNo, interval: IntervalNo) {
        if let Some(page) = self.pages.get(&number) {
            self.past.entry((number, interval)).or_insert_with(|| page.clone());
        }
    }

    fn turn(&mut self, turn: &Turn<'_>) {
        self.intervals.insert(turn.ended.number, (*turn.ended, turn.pages.clone()));
        self.intervals.insert(turn.next.number, (*turn.next, PageSet::default()));
    }

    /// Lets go of pages beyond the end, so many at most. False once there are none.
    fn cut(&mut self, size_pages: PageNo, count: usize, interval: Option<IntervalNo>) -> bool {
        let beyond = self.pages.range(size_pages + 1..).map(|(number, _)| *number);
        let beyond: Vec<PageNo> = beyond.take(count).collect();
        for number in &beyond {
            if let Some(interval) = interval {
                self.keep(*number, interval);
            }
            self.pages.remove(number);
        }
        !beyond.is_empty()
    }
}

impl MemoryStorage {
    /// Makes the call number `call` (from 0, counted from now) fail.
    pub fn fail_at(&self, call: usize, fault: Fault) {
        let mut state = self.state.borrow_mut();
        state.calls.clear();
        state.fault = Some((call, fault));
    }

    /// Ends fault injection.
    pub fn heal(&self) {
        self.state.borrow_mut().fault = None;
    }

    /// Labels of the calls since `fail_at`.
    pub fn calls(&self) -> Vec<&'static str> {
        self.state.borrow().calls.clone()
    }

    /// From now on a call that writes is durable only after [`MemoryStorage::flush`].
    pub fn write_behind(&self) {
        self.state.borrow_mut().before = Some(VecDeque::new());
    }

    /// Calls that have written what is not durable yet.
    pub fn pending(&self) -> usize {
        self.state.borrow().before.as_ref().map_or(0, VecDeque::len)
    }

    /// Makes so many of the pending calls durable, the oldest first.
    pub fn flush(&self, calls: usize) {
        if let Some(before) = &mut self.state.borrow_mut().before {
            before.drain(..calls.min(before.len()));
        }
    }

    /// Takes back all pending calls but so many, the oldest, and ends fault injection.
    pub fn crash(&self, kept: usize) {
        let mut state = self.state.borrow_mut();
        state.fault = None;
        let before = state.before.as_mut().map(std::mem::take);
        if let Some(content) = before.and_then(|mut before| before.drain(..).nth(kept)) {
            state.content = content;
        }
    }

    /// Keeps rows beside the database, all of them or none; of those without bytes it lets go.
    pub fn keep(&self, rows: &[(&'static str, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        self.write("keep", |content| {
            for (name, bytes) in rows {
                match bytes {
                    Some(bytes) => drop(content.kept.insert(name, bytes.as_slice().into())),
                    None => drop(content.kept.remove(name)),
                }
            }
        })
    }

    /// Lets go of everything, and leaves one row as a sign of that.
    pub fn delete(&self, sign: &'static str) -> Result<(), StorageError> {
        self.write("delete", |content| {
            let kept = BTreeMap::from([(sign, Rc::from([]))]);
            *content = Content { kept, ..Content::default() };
        })
    }

    /// A row beside the database.
    pub fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        self.call("kept", |content| content.kept.get(name).map(|bytes| bytes.to_vec()))
    }

    /// The same for whoever looks on, which is no call.
    pub fn peek(&self, name: &str) -> Option<Vec<u8>> {
        self.state.borrow().content.kept.get(name).map(|bytes| bytes.to_vec())
    }

    /// Loses everything.
    pub fn wipe(&self) {
        self.state.borrow_mut().content = Content::default();
    }

    /// Commits in the log.
    pub fn log_len(&self) -> usize {
        self.state.borrow().content.log.len()
    }

    /// Bytes of one commit in the log.
    pub fn log_bytes(&self, txid: Txid) -> usize {
        self.state.borrow().content.log.get(&txid).map_or(0, |(_, ltx)| ltx.len())
    }

    /// Pages kept by checkpoints.
    pub fn pages_len(&self) -> usize {
        self.state.borrow().content.pages.len()
    }

    /// Chunks of scratch files.
    pub fn scratch_len(&self) -> usize {
        self.state.borrow().content.scratch.len()
    }

    /// Overwrites one byte of a commit, as a broken disk would.
    pub fn damage_log(&self, txid: Txid, at: usize) {
        if let Some((_, ltx)) = self.state.borrow_mut().content.log.get_mut(&txid) {
            flip(ltx, at);
        }
    }

    /// Overwrites one byte of a page, as a broken disk would.
    pub fn damage_page(&self, number: PageNo, at: usize) {
        if let Some(page) = self.state.borrow_mut().content.pages.get_mut(&number) {
            flip(page, at);
        }
    }

    fn call<T>(
        &self,
        label: &'static str,
        run: impl FnOnce(&mut Content) -> T,
    ) -> Result<T, StorageError> {
        let mut state = self.state.borrow_mut();
        let number = state.calls.len();
        state.calls.push(label);
        match state.fault {
            Some((at, Fault::Before)) if at == number => Err(StorageError(label.to_string())),
            Some((at, Fault::After)) if at == number => {
                run(&mut state.content);
                Err(StorageError(label.to_string()))
            }
            _ => Ok(run(&mut state.content)),
        }
    }

    /// A call that writes.
    fn write<T>(
        &self,
        label: &'static str,
        run: impl FnOnce(&mut Content) -> T,
    ) -> Result<T, StorageError> {
        let before = {
            let state = self.state.borrow();
            state.before.is_some().then(|| state.content.clone())
        };
        let written = self.call(label, run);
        if let (Some(content), Some(before)) = (before, &mut self.state.borrow_mut().before) {
            before.push_back(content);
        }
        written
    }
}

fn flip(bytes: &mut Rc<[u8]>, at: usize) {
    let mut damaged = bytes.to_vec();
    if let Some(byte) = damaged.get_mut(at) {
        *byte ^= 0x40;
    }
    *bytes = damaged.into();
}

impl Storage for MemoryStorage {
    fn mark(&self) -> Result<Option<Mark>, StorageError> {
        self.call("mark", |content| content.mark)
    }

    fn read_log(
        &self,
        after: Txid,
        upto: Txid,
        visit: &mut dyn FnMut(LogRow) -> Result<(), crate::Error>,
    ) -> Result<(), crate::Error> {
        let rows = self.call("read_log", |content| {
            let rows = content.log.range(after + 1..).take_while(|(txid, _)| **txid <= upto);
            rows.map(|(_, (position, ltx))| LogRow { position: *position, ltx: ltx.to_vec() })
                .collect::<Vec<_>>()
        })?;
        rows.into_iter().try_for_each(visit)
    }

    fn read_frame(&self, txid: Txid, offset: u32, len: u32) -> Result<Vec<u8>, StorageError> {
        let part = self.call("read_frame", |content| {
            let (_, ltx) = content.log.get(&txid)?;
            ltx.get(offset as usize..(offset + len) as usize).map(<[u8]>::to_vec)
        })?;
        part.ok_or_else(|| StorageError(format!("no frame at {offset} of commit {txid}")))
    }

    fn append(&self, commit: &Commit) -> Result<(), StorageError> {
        self.write("append", |content| {
            let ltx = commit.ltx.as_slice().into();
            let before = content.log.insert(commit.after.txid, (commit.after, ltx));
            assert!(before.is_none(), "commit {} was there before", commit.after.txid);
        })
    }

    fn read_pages(
        &self,
        first: PageNo,
        count: u32,
        visit: &mut dyn FnMut(PageNo, &[u8]),
    ) -> Result<(), StorageError> {
        self.call("read_pages", |content| {
            for (number, page) in content.pages.range(first..first.saturating_add(count)) {
                visit(*number, page);
            }
        })
    }

    fn write_pages(
        &self,
        pages: &[(PageNo, Vec<u8>)],
        interval: Option<IntervalNo>,
    ) -> Result<(), StorageError> {
        self.write("write_pages", |content| {
            for (number, page) in pages {
                if let Some(interval) = interval {
                    content.keep(*number, interval);
                }
                content.pages.insert(*number, page.as_slice().into());
            }
        })
    }

    fn set_mark(&self, mark: &Mark, turn: Option<&Turn<'_>>) -> Result<(), StorageError> {
        self.write("set_mark", |content| {
            let interval = turn.map(|turn| turn.ended.number);
            content.cut(mark.size_pages, usize::MAX, interval);
            content.mark = Some(*mark);
            if let Some(turn) = turn {
                content.turn(turn);
            }
        })
    }

    fn clear(&self) -> Result<(), StorageError> {
        self.write("clear", |content| {
            let kept = std::mem::take(&mut content.kept);
            *content = Content { kept, ..Content::default() };
        })
    }

    fn trim_log(&self, upto: Txid, keep_bytes: u64) -> Result<(), StorageError> {
        self.write("trim_log", |content| {
            let mut kept = 0;
            let old = content.log.range(..=upto).rev();
            let cut = old.map(|(txid, (_, ltx))| (*txid, ltx.len() as u64)).find(|(_, len)| {
                let drop = kept >= keep_bytes;
                kept += len;
                drop
            });
            if let Some((cut, _)) = cut {
                content.log.retain(|txid, _| *txid > cut);
            }
        })
    }

    fn intervals(&self, visit: &mut dyn FnMut(Interval)) -> Result<(), StorageError> {
        self.call("intervals", |content| {
            content.intervals.values().for_each(|(interval, _)| visit(*interval));
        })
    }

    fn put_interval(&self, interval: &Interval) -> Result<(), StorageError> {
        self.write("put_interval", |content| {
            let entry = content.intervals.entry(interval.number);
            entry.or_insert_with(|| (*interval, PageSet::default())).0 = *interval;
        })
    }

    fn interval_pages(&self, interval: IntervalNo) -> Result<Option<PageSet>, StorageError> {
        self.call("interval_pages", |content| {
            content.intervals.get(&interval).map(|(_, pages)| pages.clone())
        })
    }

    fn read_base(
        &self,
        interval: IntervalNo,
        number: PageNo,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        self.call("read_base", |content| {
            let mut past = content.past.range((number, interval)..(number + 1, 0));
            let published = content.published.is_some_and(|published| interval >= published);
            let staged = content.staged.get(&number).filter(|_| published);
            let page = past.next().map(|(_, page)| page).or(staged);
            page.or(content.pages.get(&number)).map(|page| page.to_vec())
        })
    }

    fn drop_past(
        &self,
        interval: IntervalNo,
        pages: Option<&[PageNo]>,
    ) -> Result<(), StorageError> {
        self.write("drop_past", |content| {
            content.past.retain(|(number, of), _| {
                *of != interval || pages.is_some_and(|pages| !pages.contains(number))
            });
        })
    }

    fn drop_interval(&self, interval: IntervalNo) -> Result<(), StorageError> {
        self.write("drop_interval", |content| drop(content.intervals.remove(&interval)))
    }

    fn stage(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError> {
        let pages = pages.iter().map(|(number, page)| (*number, page.as_slice().into()));
        self.write("stage", |content| content.staged.extend(pages))
    }

    fn read_staged(&self, number: PageNo) -> Result<Option<Vec<u8>>, StorageError> {
        self.call("read_staged", |content| content.staged.get(&number).map(|page| page.to_vec()))
    }

    fn discard_staged(&self, count: usize) -> Result<bool, StorageError> {
        self.write("discard_staged", |content| {
            content.scratch.clear();
            let staged = content.staged.keys().filter(|_| content.published.is_none());
            let some: Vec<PageNo> = staged.take(count).copied().collect();
            some.iter().for_each(|number| drop(content.staged.remove(number)));
            content.published.is_none() && !content.staged.is_empty()
        })
    }

    fn write_scratch(&self, file: u32, chunk: u32, bytes: &[u8]) -> Result<(), StorageError> {
        self.write("write_scratch", |content| {
            content.scratch.insert((file, chunk), bytes.into());
        })
    }

    fn read_scratch(
        &self,
        file: u32,
        chunk: u32,
        offset: u32,
        len: u32,
    ) -> Result<Vec<u8>, StorageError> {
        self.call("read_scratch", |content| {
            let chunk = content.scratch.get(&(file, chunk));
            let rest = chunk.and_then(|bytes| bytes.get(offset as usize..)).unwrap_or_default();
            rest[..rest.len().min(len as usize)].to_vec()
        })
    }

    fn drop_scratch(&self, file: Option<u32>) -> Result<(), StorageError> {
        self.write("drop_scratch", |content| {
            content.scratch.retain(|(of, _), _| file.is_some_and(|file| file != *of));
        })
    }

    fn publish(&self, mark: &Mark, turn: &Turn<'_>) -> Result<(), StorageError> {
        self.write("publish", |content| {
            content.staged.retain(|number, _| *number <= mark.size_pages);
            content.mark = Some(*mark);
            content.turn(turn);
            content.published = Some(turn.next.number);
        })
    }

    fn is_unsettled(&self) -> Result<bool, StorageError> {
        self.call("is_unsettled", |content| content.published.is_some())
    }

    fn settle(&self, count: usize) -> Result<bool, StorageError> {
        self.write("settle", |content| {
            let Some(published) = content.published else { return false };
            for _ in 0..count {
                let Some((number, page)) = content.staged.pop_first() else { break };
                content.keep(number, published - 1);
                content.pages.insert(number, page);
            }
            let size_pages = content.mark.map_or(0, |mark| mark.size_pages);
            let left = !content.staged.is_empty();
            if left || content.cut(size_pages, count, Some(published - 1)) {
                return true;
            }
            content.published = None;
            false
        })
    }
}
