//! Which frames an interval has, and where their pages lie.

use crate::error::Error;
use crate::history::{Interval, IntervalNo};
use crate::ltx::FrameRef;
use crate::page::{LOCK_PAGE, PageNo};
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::store::{IndexedRow, Store, page_of};
use crate::wal_frame::{WAL_FRAME_SIZE, empty_database, push_frame};

use super::{Asked, Base, Frames, WAL_FRAMES_MAX};

/// Intervals whose frames the store remembers: the newest, and those that somebody catches up through.
const INDICES_MAX: usize = 3;

/// The frames of one interval, as far as its log was read.
pub(crate) struct IntervalIndex {
    interval: Interval,
    /// The last commit in it so far.
    position: Position,
    frames: Vec<Frame>,
    /// The commit that ended the interval, where that is not in the log.
    leap: Option<Leap>,
}

#[derive(Clone, Copy)]
struct Frame {
    number: PageNo,
    /// Size of the database after the commit, on the last frame of one; else 0.
    size_after: PageNo,
    image: Image,
}

#[derive(Clone, Copy)]
enum Image {
    Log(Txid, FrameRef),
    /// As where the interval begins.
    Base,
    /// Of a database without pages.
    Empty,
}

/// A commit that is not in the log: pages as they are where an interval begins.
pub(super) struct Leap {
    to: Interval,
    /// None if all of them.
    pages: Option<PageSet>,
}

impl Leap {
    pub(super) fn all(to: Interval) -> Leap {
        Leap { to, pages: None }
    }

    /// Those that `pages` names, and are there.
    fn changed(to: Interval, pages: &PageSet) -> Leap {
        let mut there = PageSet::default();
        let size_pages = to.mark.size_pages;
        let numbers = pages.iter().take_while(|number| *number <= size_pages);
        there.extend(numbers.filter(|number| *number != LOCK_PAGE));
        // A commit has a frame at least, which tells the size.
        if there.is_empty() {
            there.insert(1);
        }
        Leap { to, pages: Some(there) }
    }

    fn size_pages(&self) -> PageNo {
        self.to.mark.size_pages.max(1)
    }

    pub(super) fn len(&self) -> usize {
        match &self.pages {
            Some(pages) => pages.len(),
            None => self.size_pages() as usize - usize::from(self.size_pages() >= LOCK_PAGE),
        }
    }

    pub(super) fn nth(&self, index: usize) -> Option<PageNo> {
        let number = index as PageNo + 1;
        match &self.pages {
            Some(pages) => pages.nth(index),
            None => Some(number + PageNo::from(number >= LOCK_PAGE)),
        }
    }
}

impl IntervalIndex {
    fn new(interval: Interval) -> IntervalIndex {
        let position = interval.mark.position;
        IntervalIndex { interval, position, frames: Vec::new(), leap: None }
    }

    fn add(&mut self, row: IndexedRow) -> Result<(), Error> {
        if row.position.txid != self.position.txid + 1 {
            let (at, next) = (self.position, row.position);
            return Err(Error::Corrupt(format!("the log goes from {at} to {next}")));
        }
        let txid = row.position.txid;
        let images = row.frames.iter().map(|(number, frame)| (*number, Image::Log(txid, *frame)));
        let frame = |(number, image)| Frame { number, size_after: 0, image };
        let before = self.frames.len();
        self.frames.extend(images.map(frame));
        if self.frames.len() == before {
            // A frame tells the size even where no page was written: the first page again.
            self.frames.push(frame((1, self.first_page(row.size_pages))));
        }
        if let Some(last) = self.frames.last_mut() {
            last.size_after = row.size_pages.max(1);
        }
        self.position = row.position;
        Ok(())
    }

    fn first_page(&self, size_pages: PageNo) -> Image {
        if size_pages == 0 {
            return Image::Empty;
        }
        let newest = self.frames.iter().rev().find(|frame| frame.number == 1);
        newest.map_or(Image::Base, |frame| frame.image)
    }

    fn len(&self) -> usize {
        self.frames.len() + self.leap.as_ref().map_or(0, Leap::len)
    }
}

impl Store {
    /// Frames of an interval; none of one that has not so many that they could be asked for.
    pub(super) fn interval_frames(
        &mut self,
        number: IntervalNo,
        asked: &Asked,
    ) -> Result<Option<Frames>, Error> {
        let mut kept = self.kept_intervals().skip_while(|kept| kept.number < number).copied();
        let Some(interval) = kept.next() else { return Ok(None) };
        let next = kept.next();
        drop(kept);
        let known = self.indices.iter().position(|index| index.interval.number == number);
        let mut index = match known {
            Some(at) => self.indices.remove(at),
            None => IntervalIndex::new(interval),
        };
        self.read_index(&mut index, next)?;
        let frames = self.indexed_frames(&index, asked)?;
        self.indices.insert(0, index);
        self.indices.truncate(INDICES_MAX);
        Ok(frames)
    }

    /// Reads on in the log, up to where the interval ends.
    fn read_index(
        &mut self,
        index: &mut IntervalIndex,
        next: Option<Interval>,
    ) -> Result<(), Error> {
        let end = next.map_or(self.position(), |next| next.mark.position);
        if index.position == end || index.leap.is_some() {
            return Ok(());
        }
        let read = self
            .storage
            .read_log(index.position.txid, end.txid, &mut |row| index.add(IndexedRow::new(row)?));
        self.note(read)?;
        match next {
            _ if index.position == end => Ok(()),
            Some(next) if index.position.txid + 1 == end.txid => {
                let pages = self.storage.interval_pages(index.interval.number);
                let pages = pages.map_err(|error| self.break_off(error))?;
                index.leap = Some(match pages {
                    Some(pages) => Leap::changed(next, &pages),
                    None => Leap::all(next),
                });
                Ok(())
            }
            _ => Err(Error::Corrupt(format!("the log does not lead to {end}"))),
        }
    }

    fn indexed_frames(
        &mut self,
        index: &IntervalIndex,
        asked: &Asked,
    ) -> Result<Option<Frames>, Error> {
        let Some((first, last)) = range(asked.start, asked.end, index.len()) else {
            return Ok(None);
        };
        let mut base = Base::of(self, &index.interval);
        let mut frames = Frames { read: Some(index.interval), ..Frames::default() };
        for frame in index.frames.iter().take(last).skip(first) {
            let Frame { number, size_after, image } = *frame;
            match image {
                Image::Log(txid, at) => {
                    let page = self.storage.read_frame(txid, at.offset, at.len);
                    let page = page_of(&page.map_err(|e| self.break_off(e))?, number, txid)?;
                    push_frame(&mut frames.bytes, number, size_after, &page);
                }
                Image::Base => {
                    let page = base.page(number);
                    push_frame(&mut frames.bytes, number, size_after, self.note(page)?);
                }
                Image::Empty => {
                    push_frame(&mut frames.bytes, number, size_after, &empty_database());
                }
            }
            frames.within_commit = size_after == 0;
        }
        let logged = index.frames.len();
        if let Some(leap) = index.leap.as_ref().filter(|_| last > logged) {
            self.push_leap(&mut frames, leap, first.max(logged) - logged, last - logged)?;
        }
        Ok(Some(frames))
    }

    /// Frames of a generation that has one such commit alone.
    pub(super) fn leap_frames(
        &mut self,
        leap: &Leap,
        start: u32,
        end: u32,
    ) -> Result<Option<Frames>, Error> {
        let Some((first, last)) = range(start, end, leap.len()) else { return Ok(None) };
        let mut frames = Frames { read: Some(leap.to), ..Frames::default() };
        self.push_leap(&mut frames, leap, first, last)?;
        Ok(Some(frames))
    }

    fn push_leap(
        &mut self,
        frames: &mut Frames,
        leap: &Leap,
        first: usize,
        last: usize,
    ) -> Result<(), Error> {
        let mut base = Base::of(self, &leap.to);
        frames.bytes.reserve((last - first) * WAL_FRAME_SIZE);
        for index in first..last {
            let number = leap.nth(index);
            let number = number.ok_or_else(|| Error::Corrupt("a page was lost".to_owned()))?;
            let is_last = index + 1 == leap.len();
            let size_after = if is_last { leap.size_pages() } else { 0 };
            let page = base.page(number);
            push_frame(&mut frames.bytes, number, size_after, self.note(page)?);
            frames.within_commit = !is_last;
        }
        Ok(())
    }
}

/// What is asked for of so many frames, counted from 0; empty at their end. None beyond it.
fn range(start: u32, end: u32, count: usize) -> Option<(usize, usize)> {
    let first = start.checked_sub(1)? as usize;
    let asked = end.saturating_sub(start).min(WAL_FRAMES_MAX) as usize;
    (first <= count).then(|| (first, count.min(first + asked)))
}
