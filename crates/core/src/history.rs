//! What is kept of a database's past, so that it can be seen as of any position within the retention.
//!
//! An interval reaches from one checkpoint's mark to the next. The commits in it stay in the log; and
//! before a checkpoint writes over a page, the page as it was at the beginning of the interval goes to
//! the past pages. So a page at a position is its newest frame in the log from the interval's beginning
//! to there, else its first past page from that interval on, else the page as it is now ([`Past`]).
//!
//! Invariants:
//! - intervals are kept without gaps, oldest first; the newest begins at the mark;
//! - an interval is marked as dropped before anything of it goes.
//!
//! [`Past`]: crate::Past

use std::collections::VecDeque;

use crate::error::Error;
use crate::ltx::Header;
use crate::page::{PAGE_SIZE, PageNo};
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::storage::{Mark, StorageError, Turn};
use crate::store::Store;

/// Counted from 1, as intervals begin. Below 2^31.
pub type IntervalNo = u32;

/// What a restore or an import has replaced stays for a day, however large it is.
const KEEP_MS_MIN: i64 = 24 * 60 * 60 * 1000;

/// The past between two marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub number: IntervalNo,
    /// Where it begins.
    pub mark: Mark,
    /// When it began: at the last commit before it, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// What keeping it takes, once it has ended.
    pub bytes: u64,
    /// It is no longer there for anybody, though some of it still takes room.
    pub dropped: bool,
}

/// How much of the past is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// At least so long, unless it takes more than `bytes_max`.
    pub time_ms: i64,
    /// Of what is older than a day.
    pub bytes_max: u64,
    pub now_ms: i64,
    /// From here on nothing is dropped: somebody reads there.
    pub held: Option<Txid>,
}

impl Retention {
    /// Whether somebody reads in the interval before `next`, or before that.
    fn holds(&self, next: &Interval) -> bool {
        self.held.is_some_and(|held| held < next.mark.position.txid)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Retention { time_ms: 30 * KEEP_MS_MIN, bytes_max: 1 << 30, now_ms: 0, held: None }
    }
}

/// The intervals that a store knows.
pub(crate) struct History {
    intervals: VecDeque<Interval>,
    /// What those that are not dropped take. Summed up as they come and go: every request asks.
    bytes: u64,
    drop: Option<RunningDrop>,
}

/// An interval that is being dropped.
struct RunningDrop {
    interval: IntervalNo,
    pages_left: Vec<PageNo>,
}

impl History {
    fn ended_first(&self) -> Option<(&Interval, &Interval)> {
        Some((self.intervals.front()?, self.intervals.get(1)?))
    }

    /// Whether the oldest interval is no longer needed.
    fn is_drop_due(&self, retention: &Retention) -> bool {
        let Some((first, next)) = self.ended_first() else { return false };
        if first.dropped {
            return true;
        }
        !retention.holds(next) && self.is_beyond(next, retention)
    }

    /// Whether the interval before `next` is more than what is to be kept, but for who reads there.
    fn is_beyond(&self, next: &Interval, retention: &Retention) -> bool {
        let age_ms = retention.now_ms.saturating_sub(next.time_ms);
        age_ms >= retention.time_ms || (self.bytes > retention.bytes_max && age_ms >= KEEP_MS_MIN)
    }
}

/// Where a time or a position was not found in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Older than what is kept; the oldest position and time that are.
    TooOld { position: Position, time_ms: i64 },
    /// The database never stood there.
    Unknown,
}

impl Store {
    /// Keeps the past from now on, or goes on with that.
    pub fn keep_history(&mut self, now_ms: i64) -> Result<(), Error> {
        self.keep_history_from(now_ms, 1)
    }

    /// The same, where the first interval has that number: of a primary that goes on from another one, so
    /// that none of its own has a number which that one's had.
    pub fn keep_history_from(&mut self, now_ms: i64, first: IntervalNo) -> Result<(), Error> {
        let mut intervals = VecDeque::new();
        let read = self.storage.intervals(&mut |interval| intervals.push_back(interval));
        read.map_err(|error| self.break_off(error))?;
        let mark = self.storage.mark().map_err(|error| self.break_off(error))?;
        let mark = mark.unwrap_or(Mark { position: Position::START, size_pages: 0 });
        match intervals.back() {
            None => {
                let interval =
                    Interval { number: first, mark, time_ms: now_ms, bytes: 0, dropped: false };
                let put = self.storage.put_interval(&interval);
                put.map_err(|error| self.break_off(error))?;
                intervals.push_back(interval);
            }
            Some(newest) if newest.mark == mark => {}
            Some(_) => return Err(Error::Corrupt("the past does not lead to the mark".to_owned())),
        }
        let kept = intervals.iter().filter(|interval| !interval.dropped);
        let bytes = kept.map(|interval| interval.bytes).sum();
        self.history = Some(History { intervals, bytes, drop: None });
        self.unsettled = self.storage.is_unsettled().map_err(|error| self.break_off(error))?;
        Ok(())
    }

    /// The oldest position that is kept, and its time; None where no past is kept.
    pub fn oldest(&self) -> Option<(Position, i64)> {
        let kept = self.kept_intervals().next()?;
        Some((kept.mark.position, kept.time_ms))
    }

    /// Bytes that the past takes.
    pub fn history_bytes(&self) -> u64 {
        self.history.as_ref().map_or(0, |history| history.bytes)
    }

    pub(crate) fn kept_intervals(&self) -> impl Iterator<Item = &Interval> {
        let intervals = self.history.iter().flat_map(|history| &history.intervals);
        intervals.filter(|interval| !interval.dropped)
    }

    /// Where the database stood at a time, and when it came there.
    pub fn position_at(&mut self, time_ms: i64) -> Result<Result<(Position, i64), NotKept>, Error> {
        let Some((position, oldest_ms)) = self.oldest() else { return Ok(Err(NotKept::Unknown)) };
        if time_ms < oldest_ms {
            return Ok(Err(NotKept::TooOld { position, time_ms: oldest_ms }));
        }
        let intervals: Vec<Interval> = self.kept_intervals().copied().collect();
        let at = intervals.partition_point(|interval| interval.time_ms <= time_ms).max(1) - 1;
        let Some(interval) = intervals.get(at) else { return Ok(Err(NotKept::Unknown)) };
        let upto = intervals.get(at + 1).map_or(Txid::MAX, |next| next.mark.position.txid);
        let mut found = (interval.mark.position, interval.time_ms);
        let read = self.storage.read_log(interval.mark.position.txid, upto, &mut |row| {
            let commit_ms = Header::decode(&row.ltx)?.time_ms;
            if commit_ms <= time_ms {
                found = (row.position, commit_ms);
            }
            Ok(())
        });
        self.note(read)?;
        Ok(Ok(found))
    }

    /// Whether a position is kept, as far as can be told without reading.
    pub fn keeps(&self, position: &Position) -> Result<(), NotKept> {
        self.interval_of(position).map(drop)
    }

    /// The interval in which a position lies.
    pub(crate) fn interval_of(&self, position: &Position) -> Result<Interval, NotKept> {
        let begun = |interval: &&Interval| interval.mark.position.txid <= position.txid;
        match self.kept_intervals().take_while(begun).last() {
            Some(interval) if position.txid <= self.position.txid => Ok(*interval),
            Some(_) => Err(NotKept::Unknown),
            None => Err(match self.oldest() {
                Some((position, time_ms)) => NotKept::TooOld { position, time_ms },
                None => NotKept::Unknown,
            }),
        }
    }

    /// Every page that may differ from how it was at a position in `interval`, where the database had
    /// `size_pages`.
    pub(crate) fn changed_from(
        &mut self,
        interval: &Interval,
        size_pages: PageNo,
    ) -> Result<PageSet, Error> {
        let mut changed = PageSet::default();
        changed.extend(interval.mark.size_pages.min(self.size_pages) + 1..=size_pages);
        changed.extend(self.frames.keys().copied());
        let ended: Vec<IntervalNo> = self.kept_intervals().map(|kept| kept.number).collect();
        let (_, ended) = ended.split_last().unwrap_or((&0, &[]));
        for number in ended.iter().filter(|number| **number >= interval.number) {
            let pages = self.storage.interval_pages(*number);
            match pages.map_err(|error| self.break_off(error))? {
                Some(pages) => changed.extend(pages.iter()),
                None => changed.extend(1..=size_pages),
            }
        }
        Ok(changed)
    }

    /// From the newest interval to the next, which begins at `mark`, where the last commit was made at
    /// `time_ms`.
    pub(crate) fn turn(
        &mut self,
        mark: &Mark,
        time_ms: i64,
        mut pages: PageSet,
        log_bytes: u64,
        set: impl FnOnce(&Store, &Turn<'_>) -> Result<(), StorageError>,
    ) -> Result<(), Error> {
        let Some(history) = &self.history else { return Ok(()) };
        let Some(newest) = history.intervals.back() else { return Ok(()) };
        pages.extend(mark.size_pages + 1..=newest.mark.size_pages);
        let bytes = log_bytes + (pages.len() * PAGE_SIZE) as u64;
        let ended = Interval { bytes, ..*newest };
        let (number, time_ms) = (ended.number + 1, time_ms.max(ended.time_ms));
        let next = Interval { number, mark: *mark, time_ms, bytes: 0, dropped: false };
        let turn = Turn { ended: &ended, pages: &pages, next: &next };
        let set = set(self, &turn);
        set.map_err(|error| self.break_off(error))?;
        if let Some(history) = &mut self.history {
            history.intervals.pop_back();
            history.intervals.extend([ended, next]);
            history.bytes += bytes;
        }
        Ok(())
    }

    /// Takes everything that is due down as dropped, which it then is for good, though it goes later.
    pub(crate) fn mark_due(&mut self, retention: &Retention) -> Result<(), Error> {
        while let Some(history) = &mut self.history {
            let dropped = history.intervals.iter().take_while(|interval| interval.dropped).count();
            let pair = (history.intervals.get(dropped), history.intervals.get(dropped + 1));
            let (Some(first), Some(next)) = pair else { break };
            if retention.holds(next) || !history.is_beyond(next, retention) {
                break;
            }
            let first = Interval { dropped: true, ..*first };
            let put = self.storage.put_interval(&first);
            history.bytes -= first.bytes;
            history.intervals[dropped] = first;
            put.map_err(|error| self.break_off(error))?;
        }
        Ok(())
    }

    /// Whether an interval is kept for nobody but who reads there now.
    pub(crate) fn is_kept_for_readers(&self, number: IntervalNo, retention: &Retention) -> bool {
        let Some(history) = &self.history else { return false };
        let next = history.intervals.iter().find(|interval| interval.number == number + 1);
        next.is_some_and(|next| history.is_beyond(next, retention))
    }

    /// The newest interval, whose past pages are those written over now.
    /// The one that goes on; None where no past is kept.
    pub fn newest_interval(&self) -> Option<IntervalNo> {
        self.history.as_ref()?.intervals.back().map(|interval| interval.number)
    }

    /// How far the log goes back for those who follow: what is older is kept for the past alone, and
    /// a snapshot would be less.
    pub(crate) fn followed_from(&self, intervals: usize) -> Txid {
        let kept = self.history.as_ref().map(|history| &history.intervals);
        let first = kept.and_then(|kept| kept.get(kept.len().checked_sub(intervals)?));
        first.map_or(0, |interval| interval.mark.position.txid)
    }

    /// The position before which the log is no longer needed for the past.
    pub(crate) fn history_begins(&self) -> Option<Txid> {
        self.history.as_ref()?.intervals.front().map(|interval| interval.mark.position.txid)
    }

    pub(crate) fn is_drop_due(&self, retention: &Retention) -> bool {
        self.history.as_ref().is_some_and(|history| history.is_drop_due(retention))
    }

    /// Takes one step in dropping the oldest interval, which is due.
    pub(crate) fn drop_step(&mut self, step_pages: usize) -> Result<(), Error> {
        let running = self.history.as_mut().and_then(|history| history.drop.take());
        let running = match running {
            Some(running) => Some(running),
            None => self.begin_drop()?,
        };
        let Some(mut running) = running else { return Ok(()) };
        let left = running.pages_left.len();
        if left == 0 {
            let dropped = self.storage.drop_interval(running.interval);
            dropped.map_err(|error| self.break_off(error))?;
            if let Some(history) = &mut self.history {
                history.intervals.pop_front();
            }
            return Ok(());
        }
        let step = running.pages_left.split_off(left.saturating_sub(step_pages));
        let dropped = self.storage.drop_past(running.interval, Some(&step));
        dropped.map_err(|error| self.break_off(error))?;
        if let Some(history) = &mut self.history {
            history.drop = Some(running);
        }
        Ok(())
    }

    fn begin_drop(&mut self) -> Result<Option<RunningDrop>, Error> {
        let Some(history) = &mut self.history else { return Ok(None) };
        let Some(first) = history.intervals.front_mut() else { return Ok(None) };
        if !first.dropped {
            first.dropped = true;
            history.bytes -= first.bytes;
        }
        let first = *first;
        let pages = self.storage.put_interval(&first);
        let pages = pages.and_then(|()| self.storage.interval_pages(first.number));
        let pages_left = match pages.map_err(|error| self.break_off(error))? {
            Some(pages) => pages.iter().collect(),
            None => {
                let dropped = self.storage.drop_past(first.number, None);
                dropped.map_err(|error| self.break_off(error))?;
                Vec::new()
            }
        };
        Ok(Some(RunningDrop { interval: first.number, pages_left }))
    }
}

#[cfg(test)]
mod tests;
