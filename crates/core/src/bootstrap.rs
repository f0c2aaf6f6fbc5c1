//! A snapshot that is taken in part by part, while the primary goes on.
//!
//! Each part holds some pages as they are when it is made. Once all pages are there, one LTX file of
//! every page that changed since the first part brings them to one position, whose checksum shows
//! that they are the primary's database. So no part has to wait for another, and the primary keeps
//! nothing for it.

use crate::checksum::Checksum;
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::ltx::{Decoder, Encoder, Header};
use crate::page::{LOCK_PAGE, PageImage, PageNo};
use crate::position::{Position, Txid};
use crate::storage::Mark;

/// What is to be asked of the primary next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Pages from this one on.
    Pages { first: PageNo },
    /// Every page that was changed since.
    Commits { since: Position },
}

/// A part of a snapshot: so many pages from `first` on of a database of `size_pages`, as an LTX file
/// of `txid`. None of an empty database.
pub(crate) fn encode_part(
    txid: Txid,
    size_pages: PageNo,
    first: PageNo,
    count_max: u32,
    mut push: impl FnMut(PageNo, &mut Encoder) -> Result<(), Error>,
) -> Result<Option<Vec<u8>>, Error> {
    if txid == 0 {
        return Ok(None);
    }
    let first = first.max(1);
    let end = first.saturating_add(count_max).min(size_pages + 1);
    let header = Header { txid_min: txid, txid_max: txid, size_pages, time_ms: 0 };
    let mut encoder = Encoder::new(header);
    for number in (first..end).filter(|number| *number != LOCK_PAGE) {
        push(number, &mut encoder)?;
    }
    Ok(Some(encoder.finish().0))
}

/// A snapshot of which some parts are there.
#[derive(Default)]
pub struct Bootstrap {
    /// Where the primary stood at the first part.
    start: Option<Position>,
    /// All pages are there, though of different positions.
    complete: bool,
    /// Of the pages so far. The lock page has the place that its number gives it, without meaning.
    crcs: Vec<PageCrc>,
}

impl Bootstrap {
    pub fn ask(&self) -> Ask {
        match self.start {
            Some(since) if self.complete => Ask::Commits { since },
            _ => Ask::Pages { first: self.next() },
        }
    }

    /// Takes in the answer to [`Bootstrap::ask`], from where the primary stood. `put` gets each page,
    /// a new one in the place of an old one. Returns where the database is whole, once it is.
    ///
    /// After an error the snapshot is to be begun anew.
    pub fn take(
        &mut self,
        primary: Position,
        ltx: Option<&[u8]>,
        put: &mut dyn FnMut(PageNo, &PageImage),
    ) -> Result<Option<Mark>, Error> {
        let start = *self.start.get_or_insert(primary);
        if primary.epoch != start.epoch || primary.txid < start.txid {
            return Err(corrupt("the primary is another than at the first part"));
        }
        let size_pages = match ltx {
            Some(ltx) => self.take_pages(primary, ltx, put)?,
            None if primary == Position { epoch: primary.epoch, ..Position::START } => 0,
            None => return Err(corrupt("the primary has no such part")),
        };
        let whole = self.complete || primary.txid == start.txid;
        self.complete |= self.next() > size_pages;
        if !self.complete || !whole {
            return Ok(None);
        }
        self.crcs.truncate(size_pages as usize);
        if self.checksum() != primary.checksum {
            return Err(corrupt("the snapshot is not the primary's database"));
        }
        Ok(Some(Mark { position: primary, size_pages }))
    }

    /// Checksums of the pages of a whole database, in order.
    pub(crate) fn into_crcs(self) -> Vec<PageCrc> {
        self.crcs
    }

    fn take_pages(
        &mut self,
        primary: Position,
        ltx: &[u8],
        put: &mut dyn FnMut(PageNo, &PageImage),
    ) -> Result<PageNo, Error> {
        let decoder = Decoder::new(ltx)?;
        let header = *decoder.header();
        if header.txid_max != primary.txid {
            return Err(corrupt("the part is of another position"));
        }
        let (next, complete) = (self.next(), self.complete);
        let mut in_order = complete || next > header.size_pages;
        decoder.pages(|number, page| {
            in_order |= number == next;
            let index = number as usize - 1;
            let crc = PageCrc::of(page);
            match self.crcs.get_mut(index) {
                Some(known) => *known = crc,
                None => {
                    // A hole is found by the checksum, or by the next part.
                    if number == LOCK_PAGE + 1 && self.crcs.len() == index - 1 {
                        self.crcs.push(crc);
                    }
                    if self.crcs.len() == index {
                        self.crcs.push(crc);
                    }
                }
            }
            put(number, page);
        })?;
        if in_order { Ok(header.size_pages) } else { Err(corrupt("a part was left out")) }
    }

    /// The first page that is missing.
    fn next(&self) -> PageNo {
        let next = self.crcs.len() as PageNo + 1;
        if next == LOCK_PAGE { next + 1 } else { next }
    }

    fn checksum(&self) -> Checksum {
        let pages = (1..).zip(&self.crcs).filter(|(number, _)| *number != LOCK_PAGE);
        pages.fold(Checksum::EMPTY, |sum, (number, crc)| sum.toggle(number, *crc))
    }
}

fn corrupt(why: &str) -> Error {
    Error::Corrupt(why.to_owned())
}
