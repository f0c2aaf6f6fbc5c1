//! A checkpoint folds the log into the pages, a few at a time.
//!
//! Between two steps the object serves as usual. Each page is written as it is at the position aimed
//! at; the log since the mark names the newest commit of every page written, so none is read before
//! the mark that covers it. A crash between steps leaves pages that the next checkpoint writes again.
//! Where the past is kept, pages that are written over become part of it.

use crate::error::Error;
use crate::history::Retention;
use crate::ltx::FrameRef;
use crate::page::{PageImage, PageNo};
use crate::page_row;
use crate::page_set::PageSet;
use crate::position::Txid;
use crate::storage::Mark;
use crate::store::{LogSinceMark, Store, page_of};

/// When to checkpoint, and how much log to keep afterwards.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy {
    /// Begin once the log since the mark takes this many bytes.
    pub log_bytes_max: u64,
    /// Begin once the log since the mark has this many commits.
    pub log_commits_max: u64,
    /// Pages written in one step.
    pub step_pages: usize,
    /// Commits before the mark that are kept, newest first, up to this many bytes.
    pub keep_log_bytes: u64,
    /// What is kept of the past, where it is.
    pub retention: Retention,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        CheckpointPolicy {
            log_bytes_max: 4 << 20,
            log_commits_max: 1000,
            step_pages: 256,
            keep_log_bytes: 16 << 20,
            retention: Retention::default(),
        }
    }
}

/// What a step found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointProgress {
    /// Nothing is due.
    Idle,
    /// A step was taken and another is due.
    More,
    /// The step set the mark.
    Done,
}

/// A checkpoint between its first and its last step.
pub(crate) struct RunningCheckpoint {
    target: Mark,
    /// When the last commit before it was made.
    time_ms: i64,
    /// Each with the commit that holds it.
    pages_left: Vec<(PageNo, (Txid, FrameRef))>,
    /// All of them.
    pages: PageSet,
    /// The log since the target, which is the log since the mark once this is done.
    pub(crate) log_after: LogSinceMark,
}

impl Store {
    /// Whether `checkpoint_step` has something to do.
    pub fn checkpoint_is_due(&self, policy: &CheckpointPolicy) -> bool {
        self.unsettled
            || self.checkpoint.is_some()
            || self.log.bytes >= policy.log_bytes_max
            || self.log.commits >= policy.log_commits_max
            || self.is_drop_due(&policy.retention)
    }

    /// Takes one step of the checkpoint that is due, if one is.
    pub fn checkpoint_step(
        &mut self,
        policy: &CheckpointPolicy,
    ) -> Result<CheckpointProgress, Error> {
        if !self.checkpoint_is_due(policy) {
            return Ok(CheckpointProgress::Idle);
        }
        if self.unsettled {
            let settled = self.storage.settle(policy.step_pages);
            self.unsettled = settled.map_err(|error| self.break_off(error))?;
            return Ok(self.progress(policy));
        }
        if self.checkpoint.is_none() && self.is_drop_due(&policy.retention) {
            self.drop_step(policy.step_pages)?;
            self.trim(policy, 0)?;
            return Ok(self.progress(policy));
        }
        let mut running = match self.checkpoint.take() {
            Some(running) => running,
            None => self.begin_checkpoint(),
        };
        let rest = running.pages_left.len().saturating_sub(policy.step_pages);
        let step = running.pages_left.split_off(rest);
        self.fold(&step, running.target.size_pages)?;
        if !running.pages_left.is_empty() {
            self.checkpoint = Some(running);
            return Ok(CheckpointProgress::More);
        }
        let marked = running.target.position.txid;
        self.end_checkpoint(running)?;
        self.trim(policy, marked)?;
        Ok(self.progress(policy))
    }

    /// Ends a checkpoint that commits have come after, so that it is settled in which interval they are.
    pub(crate) fn end_overtaken(&mut self, policy: &CheckpointPolicy) -> Result<(), Error> {
        let at = |store: &Store| store.checkpoint.as_ref().map(|running| running.target.position);
        while at(self).is_some_and(|target| target != self.position) {
            self.checkpoint_step(policy)?;
        }
        Ok(())
    }

    fn progress(&self, policy: &CheckpointPolicy) -> CheckpointProgress {
        match self.checkpoint_is_due(policy) {
            true => CheckpointProgress::More,
            false => CheckpointProgress::Done,
        }
    }

    fn begin_checkpoint(&self) -> RunningCheckpoint {
        let mut pages_left: Vec<_> = self.frames.iter().map(|(n, frame)| (*n, *frame)).collect();
        // Taken from the end, so that storage is written in ascending order.
        pages_left.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let mut pages = PageSet::default();
        pages.extend(pages_left.iter().map(|(number, _)| *number));
        RunningCheckpoint {
            target: Mark { position: self.position, size_pages: self.size_pages },
            time_ms: self.time_ms,
            pages_left,
            pages,
            log_after: LogSinceMark::default(),
        }
    }

    fn fold(
        &mut self,
        frames: &[(PageNo, (Txid, FrameRef))],
        size_pages: PageNo,
    ) -> Result<(), Error> {
        let mut pages = Vec::with_capacity(frames.len());
        for (number, frame) in frames.iter().rev().filter(|(number, _)| *number <= size_pages) {
            let row = match self.frames.get(number) == Some(frame) {
                true => page_row::encode(self.page(*number)?),
                false => page_row::encode(&*self.page_of_frame(*number, *frame)?),
            };
            pages.push((*number, row));
        }
        let written = self.storage.write_pages(&pages, self.newest_interval());
        written.map_err(|error| self.break_off(error))
    }

    /// A page as a commit has left it that is no longer the newest of it.
    fn page_of_frame(
        &mut self,
        number: PageNo,
        (txid, frame): (Txid, FrameRef),
    ) -> Result<Box<PageImage>, Error> {
        let bytes = self.storage.read_frame(txid, frame.offset, frame.len);
        page_of(&bytes.map_err(|error| self.break_off(error))?, number, txid)
    }

    fn end_checkpoint(&mut self, running: RunningCheckpoint) -> Result<(), Error> {
        let RunningCheckpoint { target, time_ms, pages, log_after, .. } = running;
        if self.history.is_some() {
            let log_bytes = self.log.bytes.saturating_sub(log_after.bytes);
            self.turn(&target, time_ms, pages, log_bytes, |store, turn| {
                store.storage.set_mark(&target, Some(turn))
            })?;
        } else {
            let set = self.storage.set_mark(&target, None);
            set.map_err(|error| self.break_off(error))?;
        }
        let txid = target.position.txid;
        self.frames.retain(|_, (newest, _)| *newest > txid);
        self.log = log_after;
        Ok(())
    }

    /// Drops the part of the log that neither the past nor those who follow need.
    fn trim(&mut self, policy: &CheckpointPolicy, marked: Txid) -> Result<(), Error> {
        let upto = self.history_begins().unwrap_or(marked);
        let keep_bytes = policy.keep_log_bytes.saturating_sub(self.history_bytes());
        let trimmed = self.storage.trim_log(upto, keep_bytes);
        trimmed.map_err(|error| self.break_off(error))
    }
}
