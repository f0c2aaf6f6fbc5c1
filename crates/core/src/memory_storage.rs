//! Storage in memory for tests, with a fault injected at one chosen call.
//!
//! Clones share their content: a test drops a store in the middle and opens another on the same
//! storage, which is what a crash looks like to the object that starts next.

use std::cell::RefCell;
use std::collections::BTreeMap;
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
    mark: Option<Mark>,
    log: BTreeMap<Txid, (Position, Vec<u8>)>,
    pages: BTreeMap<PageNo, Vec<u8>>,
    calls: Vec<&'static str>,
    fault: Option<(usize, Fault)>,
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

    /// Commits in the log.
    pub fn log_len(&self) -> usize {
        self.state.borrow().log.len()
    }

    /// Pages kept by checkpoints.
    pub fn pages_len(&self) -> usize {
        self.state.borrow().pages.len()
    }

    /// Overwrites one byte of a commit, as a broken disk would.
    pub fn damage_log(&self, txid: Txid, at: usize) {
        if let Some(byte) = self.state.borrow_mut().log.get_mut(&txid).and_then(|r| r.1.get_mut(at))
        {
            *byte ^= 0x40;
        }
    }

    fn call<T>(
        &self,
        label: &'static str,
        run: impl FnOnce(&mut State) -> T,
    ) -> Result<T, StorageError> {
        let mut state = self.state.borrow_mut();
        let number = state.calls.len();
        state.calls.push(label);
        match state.fault {
            Some((at, Fault::Before)) if at == number => Err(StorageError(label.to_string())),
            Some((at, Fault::After)) if at == number => {
                run(&mut state);
                Err(StorageError(label.to_string()))
            }
            _ => Ok(run(&mut state)),
        }
    }
}

impl Storage for MemoryStorage {
    fn mark(&self) -> Result<Option<Mark>, StorageError> {
        self.call("mark", |state| state.mark)
    }

    fn read_log(
        &self,
        after: Txid,
        visit: &mut dyn FnMut(LogRow) -> Result<(), crate::Error>,
    ) -> Result<(), crate::Error> {
        let rows = self.call("read_log", |state| {
            let rows = state.log.range(after + 1..);
            rows.map(|(_, (position, ltx))| LogRow { position: *position, ltx: ltx.clone() })
                .collect::<Vec<_>>()
        })?;
        rows.into_iter().try_for_each(visit)
    }

    fn read_frame(&self, txid: Txid, offset: u32, len: u32) -> Result<Vec<u8>, StorageError> {
        let part = self.call("read_frame", |state| {
            let (_, ltx) = state.log.get(&txid)?;
            ltx.get(offset as usize..(offset + len) as usize).map(<[u8]>::to_vec)
        })?;
        part.ok_or_else(|| StorageError(format!("no frame at {offset} of commit {txid}")))
    }

    fn append(&self, commit: &Commit) -> Result<(), StorageError> {
        self.call("append", |state| {
            let before = state.log.insert(commit.after.txid, (commit.after, commit.ltx.clone()));
            assert!(before.is_none(), "commit {} was there before", commit.after.txid);
        })
    }

    fn read_pages(
        &self,
        first: PageNo,
        count: u32,
        visit: &mut dyn FnMut(PageNo, &[u8]),
    ) -> Result<(), StorageError> {
        self.call("read_pages", |state| {
            for (number, page) in state.pages.range(first..first.saturating_add(count)) {
                visit(*number, page);
            }
        })
    }

    fn write_pages(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError> {
        self.call("write_pages", |state| state.pages.extend(pages.iter().cloned()))
    }

    fn set_mark(&self, mark: &Mark) -> Result<(), StorageError> {
        self.call("set_mark", |state| {
            state.pages.retain(|number, _| *number <= mark.size_pages);
            state.mark = Some(*mark);
        })
    }

    fn clear(&self) -> Result<(), StorageError> {
        self.call("clear", |state| {
            state.mark = None;
            state.log.clear();
            state.pages.clear();
        })
    }

    fn trim_log(&self, upto: Txid, keep_bytes: u64) -> Result<(), StorageError> {
        self.call("trim_log", |state| {
            let mut kept = 0;
            let old = state.log.range(..=upto).rev();
            let cut = old.map(|(txid, (_, ltx))| (*txid, ltx.len() as u64)).find(|(_, len)| {
                let drop = kept >= keep_bytes;
                kept += len;
                drop
            });
            if let Some((cut, _)) = cut {
                state.log.retain(|txid, _| *txid > cut);
            }
        })
    }
}
