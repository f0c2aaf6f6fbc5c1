//! Storage in memory for tests, with a fault injected at one chosen call.
//!
//! Clones share their content: a test drops a store in the middle and opens another on the same
//! storage, which is what a crash looks like to the object that starts next. Behind `write_behind` a
//! crash also takes back the newest calls, those that had not become durable.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::commit::Commit;
use crate::page::PageNo;
use crate::position::{Position, Txid};
use crate::storage::{LogRow, Mark, Storage, StorageError};

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
            let rows = content.log.range(after + 1..=upto.max(after + 1));
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

    fn write_pages(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError> {
        let pages = pages.iter().map(|(number, page)| (*number, page.as_slice().into()));
        self.write("write_pages", |content| content.pages.extend(pages))
    }

    fn set_mark(&self, mark: &Mark) -> Result<(), StorageError> {
        self.write("set_mark", |content| {
            content.pages.retain(|number, _| *number <= mark.size_pages);
            content.mark = Some(*mark);
        })
    }

    fn clear(&self) -> Result<(), StorageError> {
        self.write("clear", |content| {
            content.mark = None;
            content.log.clear();
            content.pages.clear();
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
}
