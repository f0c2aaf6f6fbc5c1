//! A database as it was at one position of its past.
//!
//! It reads storage by itself, and so stays what it is while the store goes on. Only when the
//! position falls out of the retention its pages go; whoever reads there has it held meanwhile
//! ([`Retention::held`]).
//!
//! [`Retention::held`]: crate::Retention

use std::collections::HashMap;
use std::rc::Rc;

use crate::bootstrap::encode_part;
use crate::cache::PageCache;
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::history::{Interval, IntervalNo, NotKept};
use crate::ltx::FrameRef;
use crate::page::{LOCK_PAGE, PageImage, PageNo, copy_part};
use crate::page_row;
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::storage::Storage;
use crate::store::{IndexedRow, Store, page_of};

pub struct Past {
    storage: Rc<dyn Storage>,
    position: Position,
    size_pages: PageNo,
    interval: IntervalNo,
    /// The newest of each page from the beginning of the interval to the position.
    frames: HashMap<PageNo, (Txid, FrameRef)>,
    cache: PageCache,
}

impl Store {
    /// The database at a position, which is the whole of what a bookmark tells: with another checksum it
    /// is none of this database.
    pub fn past(
        &mut self,
        position: Position,
        cache_pages: usize,
    ) -> Result<Result<Past, NotKept>, Error> {
        let interval = match self.interval_of(&position) {
            Ok(interval) => interval,
            Err(not_kept) => return Ok(Err(not_kept)),
        };
        let mut past = self.past_of(&interval, cache_pages);
        let read = self.storage.read_log(past.position.txid, position.txid, &mut |row| {
            past.add(IndexedRow::new(row)?);
            Ok(())
        });
        self.note(read)?;
        Ok(if past.position == position { Ok(past) } else { Err(NotKept::Unknown) })
    }

    /// The database where an interval begins that is kept.
    pub(crate) fn past_of(&self, interval: &Interval, cache_pages: usize) -> Past {
        Past {
            storage: Rc::clone(&self.storage),
            position: interval.mark.position,
            size_pages: interval.mark.size_pages,
            interval: interval.number,
            frames: HashMap::new(),
            cache: PageCache::new(cache_pages),
        }
    }

    /// Every page that may differ now from how it was.
    pub fn changed_since(&mut self, past: &Past) -> Result<PageSet, Error> {
        let position = past.position;
        match self.interval_of(&position) {
            Ok(interval) => self.changed_from(&interval, past.size_pages),
            Err(_) => Err(Error::Corrupt("what is read of the past was dropped".to_owned())),
        }
    }
}

impl Past {
    fn add(&mut self, row: IndexedRow) {
        if row.size_pages < self.size_pages {
            self.frames.retain(|number, _| *number <= row.size_pages);
        }
        self.position = row.position;
        self.size_pages = row.size_pages;
        let txid = row.position.txid;
        self.frames.extend(row.frames.into_iter().map(|(number, frame)| (number, (txid, frame))));
    }

    pub fn position(&self) -> Position {
        self.position
    }

    /// Size of the database, in pages.
    pub fn size_pages(&self) -> PageNo {
        self.size_pages
    }

    /// Copies part of a page, from `offset` within it, into `out`.
    pub fn read(&mut self, number: PageNo, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        copy_part(number, self.page(number)?, offset, out)
    }

    pub fn page(&mut self, number: PageNo) -> Result<&PageImage, Error> {
        if number == 0 || number > self.size_pages || number == LOCK_PAGE {
            return Err(Error::Corrupt(format!("there is no page {number}")));
        }
        if !self.cache.contains(number) {
            self.load(number)?;
        }
        let page = self.cache.get(number);
        page.ok_or_else(|| Error::Corrupt(format!("page {number} is missing or damaged")))
    }

    pub(crate) fn crc(&mut self, number: PageNo) -> Result<PageCrc, Error> {
        self.page(number)?;
        self.cache.crc(number).ok_or_else(|| Error::Corrupt(format!("page {number} is missing")))
    }

    fn load(&mut self, number: PageNo) -> Result<(), Error> {
        let (page, crc) = match self.frames.get(&number) {
            Some((txid, frame)) => {
                let bytes = self.storage.read_frame(*txid, frame.offset, frame.len)?;
                let page = page_of(&bytes, number, *txid)?;
                let crc = PageCrc::of(&page);
                (page, crc)
            }
            None => {
                let row = self.storage.read_base(self.interval, number)?;
                match row.as_deref().and_then(page_row::decode) {
                    Some((page, crc)) => (Box::new(*page), crc),
                    None => return Ok(()),
                }
            }
        };
        self.cache.put(number, page, Some(crc));
        Ok(())
    }

    /// So many pages from `first` on, as an LTX file. None of an empty database.
    pub fn pages_from(&mut self, first: PageNo, count_max: u32) -> Result<Option<Vec<u8>>, Error> {
        encode_part(self.position.txid, self.size_pages, first, count_max, |number, encoder| {
            let crc = self.crc(number)?;
            encoder.push_summed(number, self.page(number)?, crc);
            Ok(())
        })
    }
}
