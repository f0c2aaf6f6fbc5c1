//! A checkpoint folds the log into the pages, a few at a time.
//!
//! Between two steps the object serves as usual. A page may be written with a newer image than that
//! of the position aimed at: the log since the mark still names the newest commit of every page
//! written, so such a page is never read before the mark that covers it. A crash between steps
//! leaves pages that the next checkpoint writes again.

use crate::error::Error;
use crate::page::PageNo;
use crate::page_row;
use crate::storage::Mark;
use crate::store::{LogSinceMark, Store};

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
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        CheckpointPolicy {
            log_bytes_max: 4 << 20,
            log_commits_max: 1000,
            step_pages: 256,
            keep_log_bytes: 16 << 20,
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
    pages_left: Vec<PageNo>,
    /// The log since the target, which is the log since the mark once this is done.
    pub(crate) log_after: LogSinceMark,
}

impl Store {
    /// Whether `checkpoint_step` has something to do.
    pub fn checkpoint_is_due(&self, policy: &CheckpointPolicy) -> bool {
        self.checkpoint.is_some()
            || self.log.bytes >= policy.log_bytes_max
            || self.log.commits >= policy.log_commits_max
    }

    /// Takes one step of the checkpoint that is due, if one is.
    pub fn checkpoint_step(
        &mut self,
        policy: &CheckpointPolicy,
    ) -> Result<CheckpointProgress, Error> {
        if !self.checkpoint_is_due(policy) {
            return Ok(CheckpointProgress::Idle);
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
        self.end_checkpoint(&running, policy)?;
        Ok(CheckpointProgress::Done)
    }

    fn begin_checkpoint(&self) -> RunningCheckpoint {
        let mut pages_left: Vec<PageNo> = self.frames.keys().copied().collect();
        // Taken from the end, so that storage is written in ascending order.
        pages_left.sort_unstable_by(|a, b| b.cmp(a));
        RunningCheckpoint {
            target: Mark { position: self.position, size_pages: self.size_pages },
            pages_left,
            log_after: LogSinceMark::default(),
        }
    }

    fn fold(&mut self, numbers: &[PageNo], size_pages: PageNo) -> Result<(), Error> {
        let mut pages = Vec::with_capacity(numbers.len());
        for &number in numbers.iter().rev() {
            // A later commit may have cut the database; the page is then nobody's.
            if number <= size_pages && number <= self.size_pages {
                pages.push((number, page_row::encode(self.page(number)?)));
            }
        }
        self.storage.write_pages(&pages).map_err(|error| self.break_off(error))
    }

    fn end_checkpoint(
        &mut self,
        running: &RunningCheckpoint,
        policy: &CheckpointPolicy,
    ) -> Result<(), Error> {
        let txid = running.target.position.txid;
        let set = self.storage.set_mark(&running.target);
        set.map_err(|error| self.break_off(error))?;
        self.frames.retain(|_, (newest, _)| *newest > txid);
        self.log = running.log_after;
        let trimmed = self.storage.trim_log(txid, policy.keep_log_bytes);
        trimmed.map_err(|error| self.break_off(error))
    }
}
