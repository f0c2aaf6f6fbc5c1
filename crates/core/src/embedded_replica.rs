//! A replica in memory: every page of a database at one position, as an isolate keeps it to read.
//!
//! It takes a snapshot first, then commits that bring it forward; the checksum of the position shows
//! each time that it holds the same database as the primary. It is never written to by SQL.
//!
//! Invariant: the position's checksum is that of the pages, or the replica was refused.

use crate::bootstrap::Bootstrap;
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::ltx::{Decoder, Header};
use crate::page::{LOCK_PAGE, PageImage, PageNo, copy_part};
use crate::position::Position;
use crate::received::Received;

/// A database in memory: whole at its position, or at the start with parts of a snapshot.
pub struct EmbeddedReplica {
    position: Position,
    pages: Vec<Box<PageImage>>,
    crcs: Vec<PageCrc>,
}

impl Default for EmbeddedReplica {
    fn default() -> Self {
        EmbeddedReplica { position: Position::START, pages: Vec::new(), crcs: Vec::new() }
    }
}

impl EmbeddedReplica {
    /// Takes in an answer for `bootstrap`, which began with an empty replica. True once the database
    /// is whole.
    pub fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        let pages = &mut self.pages;
        let mut count = pages.len();
        let whole = bootstrap.take(primary, ltx, &mut |number, page| {
            let index = number as usize - 1;
            match pages.get_mut(index) {
                Some(known) => **known = *page,
                None if index == count => {
                    pages.push(Box::new(*page));
                    count += 1;
                }
                // A hole: the lock page's, or one that the checksum tells.
                None => {}
            }
        })?;
        let Some(whole) = whole else { return Ok(false) };
        self.pages.truncate(whole.size_pages as usize);
        if self.pages.len() != whole.size_pages as usize {
            return Err(too_large());
        }
        self.crcs = std::mem::take(bootstrap).into_crcs();
        self.position = whole.position;
        Ok(true)
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
        if let Some(received) = Received::without_applying(&header, &self.position, &position)? {
            return Ok(received);
        }
        self.take(&decoder, header, position)?;
        Ok(Received::Applied)
    }

    /// A page as it is until the next change.
    pub fn page(&self, number: PageNo) -> Option<&PageImage> {
        let index = (number as usize).checked_sub(1)?;
        self.pages.get(index).map(|page| &**page)
    }

    /// Copies part of a page, from `offset` within it, into `out`.
    pub fn read(&self, number: PageNo, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        let page = self.page(number);
        let page = page.ok_or_else(|| Error::Corrupt(format!("there is no page {number}")))?;
        copy_part(number, page, offset, out)
    }

    fn take(&mut self, decoder: &Decoder, header: Header, after: Position) -> Result<(), Error> {
        // Pages beyond have gaps between them: no memory holds so many.
        if header.size_pages >= LOCK_PAGE {
            return Err(too_large());
        }
        let mut checksum = self.position.checksum;
        for (number, crc) in (1..).zip(&self.crcs).skip(header.size_pages as usize) {
            checksum = checksum.toggle(number, *crc);
        }
        self.pages.truncate(header.size_pages as usize);
        self.crcs.truncate(header.size_pages as usize);
        let (pages, crcs) = (&mut self.pages, &mut self.crcs);
        decoder.pages(|number, page| {
            let index = number as usize - 1;
            let crc = PageCrc::of(page);
            checksum = checksum.toggle(number, crc);
            if let (Some(image), Some(before)) = (pages.get_mut(index), crcs.get_mut(index)) {
                checksum = checksum.toggle(number, *before);
                **image = *page;
                *before = crc;
            } else if crcs.len() == index {
                pages.push(Box::new(*page));
                crcs.push(crc);
            }
        })?;
        let added = self.pages.len() as PageNo;
        if added != header.size_pages || checksum != after.checksum {
            return Err(Error::Corrupt("it is not the primary's database any more".to_owned()));
        }
        self.position = after;
        Ok(())
    }
}

fn too_large() -> Error {
    Error::Corrupt("the database is too large for memory".to_owned())
}

#[cfg(test)]
mod tests;
