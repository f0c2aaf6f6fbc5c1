//! A replica in memory: every page of a database at one position, as an isolate keeps it to read.
//!
//! It takes a snapshot first, then commits that bring it forward; the checksum of the position shows
//! each time that it holds the same database as the primary. It is never written to by SQL.
//!
//! Invariant: the position's checksum is that of the pages, or the replica was refused.

use crate::crc64::PageCrc;
use crate::error::Error;
use crate::ltx::{Decoder, Header};
use crate::page::{LOCK_PAGE, PageImage, PageNo};
use crate::position::Position;

/// Offsets in the first page: the change counter, and its copy beside the number of SQLite's version.
const CHANGE_COUNTERS: [usize; 2] = [24, 92];

/// A whole database in memory.
pub struct EmbeddedReplica {
    position: Position,
    pages: Vec<(Box<PageImage>, PageCrc)>,
}

/// What became of commits that were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The replica stands where they lead to.
    Applied,
    /// It stood there already, or further.
    Duplicate,
    /// They continue from later than it stands. Nothing was changed.
    Gap,
}

impl EmbeddedReplica {
    /// Reads a snapshot: an LTX file of every page. `position` is where it leads to.
    pub fn from_snapshot(ltx: &[u8], position: Position) -> Result<EmbeddedReplica, Error> {
        let decoder = Decoder::new(ltx)?;
        let header = *decoder.header();
        if header.txid_min != 1 || header.txid_max != position.txid {
            return Err(Error::Corrupt("the snapshot is of another position".to_owned()));
        }
        let mut replica = EmbeddedReplica { position: Position::START, pages: Vec::new() };
        replica.take(&decoder, header, position)?;
        Ok(replica)
    }

    pub fn position(&self) -> Position {
        self.position
    }

    pub fn size_pages(&self) -> PageNo {
        self.pages.len() as PageNo
    }

    /// Applies commits, or one that several were compacted into, that lead to `position`.
    ///
    /// After an error the replica must not be read: it may hold a part of them, or another database.
    pub fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        let decoder = Decoder::new(ltx)?;
        let header = *decoder.header();
        if header.txid_max != position.txid || position.epoch < self.position.epoch {
            return Err(Error::Corrupt("the commits are of another position".to_owned()));
        }
        if header.txid_max <= self.position.txid {
            return Ok(Received::Duplicate);
        }
        // Beginning earlier does no harm: each page in it is as the last commit left it.
        if header.txid_min > self.position.txid + 1 {
            return Ok(Received::Gap);
        }
        self.take(&decoder, header, position)?;
        Ok(Received::Applied)
    }

    /// Copies part of a page, from `offset` within it, into `out`.
    pub fn read(&self, number: PageNo, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        let page = (number as usize).checked_sub(1).and_then(|index| self.pages.get(index));
        let part = page.and_then(|(page, _)| page.get(offset..offset.saturating_add(out.len())));
        let part = part.ok_or_else(|| Error::Corrupt(format!("there is no page {number}")))?;
        out.copy_from_slice(part);
        if number == 1 {
            self.count_changes(offset, out);
        }
        Ok(())
    }

    /// Puts the txid where SQLite keeps its change counter, by which a connection knows that what it
    /// has read before is old. The primary does not count there.
    fn count_changes(&self, offset: usize, part: &mut [u8]) {
        let counter = (self.position.txid as u32).to_be_bytes();
        for field in CHANGE_COUNTERS {
            for (at, byte) in (field..).zip(counter) {
                if let Some(place) = at.checked_sub(offset).and_then(|at| part.get_mut(at)) {
                    *place = byte;
                }
            }
        }
    }

    fn take(&mut self, decoder: &Decoder, header: Header, after: Position) -> Result<(), Error> {
        // Pages beyond have gaps between them: no memory holds so many.
        if header.size_pages >= LOCK_PAGE {
            return Err(Error::Corrupt("the database is too large for memory".to_owned()));
        }
        let mut checksum = self.position.checksum;
        for (index, (_, crc)) in self.pages.iter().enumerate().skip(header.size_pages as usize) {
            checksum = checksum.toggle(index as PageNo + 1, *crc);
        }
        self.pages.truncate(header.size_pages as usize);
        let kept = self.pages.len() as PageNo;
        let mut added = kept;
        let pages = &mut self.pages;
        decoder.pages(|number, page| {
            let crc = PageCrc::of(page);
            checksum = checksum.toggle(number, crc);
            if number <= kept {
                let (image, before) = &mut pages[number as usize - 1];
                checksum = checksum.toggle(number, *before);
                **image = *page;
                *before = crc;
                return;
            }
            if number == added + 1 {
                pages.push((Box::new(*page), crc));
                added += 1;
            }
        })?;
        if added != header.size_pages || checksum != after.checksum {
            return Err(Error::Corrupt("it is not the primary's database any more".to_owned()));
        }
        self.position = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
