//! What libSQL's embedded replicas follow: generations, each a file and a log of frames that goes on
//! from it, whose frames are counted from 1.
//!
//! An interval of the past is a generation. Its file is the database at its mark, its frames are its
//! commits in the log, and both are kept as long as the interval is. So nothing is kept for those who
//! follow, and a frame has the same number for good: neither the mark nor the log of an interval changes
//! once they are there.
//!
//! Between two such generations is another one, the bridge. It has no frames as long as the interval
//! before it is kept. Once that is dropped, the bridge has the whole database as one commit; and the
//! generations before it have come to their ends, so that those who stand in them walk up to it. A
//! follower can only go from one generation to the next, and only its user could have it begin anew.
//!
//! Invariants:
//! - the frames of a generation lead from its file to that of the next, page for page;
//! - while an interval may still end before its last commit, that commit has no frames: a checkpoint
//!   that commits have overtaken is ended before any of them is given out;
//! - an interval that is dropped, or will be at the next step, is no generation any more.

mod index;
#[cfg(test)]
mod tests;

use crate::bookmark::Tag;
use crate::checkpoint::CheckpointPolicy;
use crate::error::Error;
use crate::history::{Interval, IntervalNo};
use crate::page::{LOCK_PAGE, PAGE_SIZE, PageImage, PageNo};
use crate::past::Past;
use crate::position::Txid;
use crate::store::Store;
use crate::wal_frame::{empty_database, push_page};

pub(crate) use index::IntervalIndex;
use index::Leap;

/// Number of a generation, above 0.
pub type Generation = u32;

/// Frames given out at once, as many as libSQL's client asks for.
pub const WAL_FRAMES_MAX: u32 = 128;

/// Dropped intervals that a follower may walk past. A longer walk takes longer than to begin anew.
const DROPPED_MAX: u32 = 1000;

/// Pages of a generation's file that stay in memory while some are read.
const CACHE_PAGES: usize = 16;

/// How the generations of one database are numbered: from a number of its own on, so that a follower
/// of another database, or of one that was deleted, is known by its generation.
#[derive(Clone, Copy, Debug)]
pub struct Generations {
    before: Generation,
}

/// What a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    Interval(IntervalNo),
    /// From the end of this interval to the beginning of the next.
    Bridge(IntervalNo),
}

impl Generations {
    /// Of the database with this tag.
    pub fn of(tag: Tag) -> Generations {
        Generations { before: (tag.0 >> 34) as Generation }
    }

    fn number(self, leg: Leg) -> Generation {
        match leg {
            Leg::Interval(number) => self.before.saturating_add(number.saturating_mul(2)),
            Leg::Bridge(number) => self.number(Leg::Interval(number)).saturating_add(1),
        }
    }

    fn leg(self, generation: Generation) -> Option<Leg> {
        let count = generation.checked_sub(self.before)?;
        match (count / 2, count % 2) {
            (0, _) => None,
            (interval, 0) => Some(Leg::Interval(interval)),
            (interval, _) => Some(Leg::Bridge(interval)),
        }
    }
}

/// Frames from number `start` on and before number `end`.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub generation: Generation,
    pub start: u32,
    pub end: u32,
}

/// What a follower is answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The newest generation.
    pub newest: Generation,
    /// None at the end of the generation that it asked for.
    pub frames: Vec<u8>,
    /// From here on nothing should be dropped until it has gone on.
    pub hold: Option<Txid>,
}

/// Some pages of a generation's file.
#[derive(Debug, PartialEq, Eq)]
pub struct BasePart {
    pub bytes: Vec<u8>,
    /// Of the whole file.
    pub size_pages: PageNo,
    pub hold: Option<Txid>,
}

/// Why a follower can go no further. It has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFollowed {
    /// What it stands on was dropped too long ago.
    TooOld,
    /// It has what this database never had.
    Unknown,
}

impl Store {
    /// The newest generation, and from where on nothing should be dropped until somebody has its file;
    /// None where no past is kept.
    pub fn newest_generation(&self, generations: Generations) -> Option<(Generation, Txid)> {
        let newest = self.kept_intervals().last()?;
        Some((generations.number(Leg::Interval(newest.number)), newest.mark.position.txid))
    }

    /// Frames of a generation, [`WAL_FRAMES_MAX`] at most.
    pub fn frames(
        &mut self,
        generations: Generations,
        asked: &Asked,
        policy: &CheckpointPolicy,
    ) -> Result<Result<Pulled, NotFollowed>, Error> {
        self.check()?;
        self.end_overtaken(policy)?;
        self.mark_due(&policy.retention)?;
        let mut kept = self.kept_intervals().copied();
        let Some(first) = kept.next() else { return Ok(Err(NotFollowed::Unknown)) };
        let newest = kept.last().unwrap_or(first).number;
        let mut pulled = Pulled {
            newest: generations.number(Leg::Interval(newest)),
            frames: Vec::new(),
            hold: None,
        };
        let (leg, start) = (generations.leg(asked.generation), asked.start);
        let frames = match leg {
            Some(Leg::Interval(number)) if (first.number..=newest).contains(&number) => {
                self.interval_frames(number, asked)?
            }
            Some(Leg::Bridge(before)) if before + 1 == first.number => {
                self.leap_frames(&Leap::all(first), start, asked.end)?
            }
            Some(Leg::Bridge(before)) if before < newest && before >= first.number => {
                (start == 1).then(Frames::default)
            }
            Some(Leg::Interval(dropped) | Leg::Bridge(dropped)) if dropped < first.number => {
                match first.number - dropped <= DROPPED_MAX {
                    true => Some(Frames::default()),
                    false => return Ok(Err(NotFollowed::TooOld)),
                }
            }
            _ => None,
        };
        let Some(Frames { bytes, read, within_commit }) = frames else {
            return Ok(Err(NotFollowed::Unknown));
        };
        pulled.frames = bytes;
        // Whoever asks again and again for what is due to go does not keep it from going.
        pulled.hold = read
            .filter(|read| within_commit || read.number == newest)
            .filter(|read| !self.is_kept_for_readers(read.number, &policy.retention))
            .map(|read| read.mark.position.txid);
        Ok(Ok(pulled))
    }

    /// Pages of a generation's file from `first` on, so many at most.
    pub fn base_part(
        &mut self,
        generations: Generations,
        generation: Generation,
        first: PageNo,
        count: u32,
        policy: &CheckpointPolicy,
    ) -> Result<Result<BasePart, NotFollowed>, Error> {
        self.check()?;
        let found = match generations.leg(generation) {
            Some(Leg::Interval(number)) => {
                self.kept_intervals().find(|interval| interval.number == number).copied()
            }
            _ => None,
        };
        let Some(interval) = found else { return Ok(Err(NotFollowed::TooOld)) };
        let mut base = Base::of(self, &interval);
        let size_pages = base.size_pages();
        let first = first.max(1);
        let end = first.saturating_add(count).min(size_pages + 1);
        let mut bytes = Vec::with_capacity(end.saturating_sub(first) as usize * PAGE_SIZE);
        for number in first..end {
            match number {
                LOCK_PAGE => bytes.resize(bytes.len() + PAGE_SIZE, 0),
                number => {
                    let page = base.page(number);
                    push_page(&mut bytes, number, self.note(page)?);
                }
            }
        }
        let goes_on = first > 1 || !self.is_kept_for_readers(interval.number, &policy.retention);
        let hold = goes_on.then_some(interval.mark.position.txid);
        Ok(Ok(BasePart { bytes, size_pages, hold }))
    }
}

/// Frames on their way out; none at the end.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Whose pages they are, or whose commits.
    read: Option<Interval>,
    /// They end before their commit does.
    within_commit: bool,
}

/// The file of a generation. A database without pages has one as well, in which there is nothing.
struct Base {
    past: Past,
    empty: Option<Box<PageImage>>,
}

impl Base {
    fn of(store: &Store, interval: &Interval) -> Base {
        let past = store.past_of(interval, CACHE_PAGES);
        let empty = (past.size_pages() == 0).then(empty_database);
        Base { past, empty }
    }

    fn size_pages(&self) -> PageNo {
        self.past.size_pages().max(1)
    }

    fn page(&mut self, number: PageNo) -> Result<&PageImage, Error> {
        match &self.empty {
            Some(page) => Ok(page),
            None => self.past.page(number),
        }
    }
}
