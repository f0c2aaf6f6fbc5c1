//! One file of a backup while it is made: of a snapshot all pages, else those that were changed.
//!
//! The same file comes out each time, byte for byte, so an upload that was cut short goes on with the
//! parts that are not there yet.

use crate::backup::FileName;
use crate::error::Error;
use crate::ltx::{Encoder, End, Header};
use crate::page::{LOCK_PAGE, PageNo};
use crate::page_set::PageSet;
use crate::past::Past;

/// Entries of the index that are written at once.
const INDEX_STEP: usize = 4096;

pub struct FileMaker {
    /// The database where the file leads to.
    past: Past,
    /// None of a snapshot.
    pages: Option<PageSet>,
    next: PageNo,
    made: Made,
}

enum Made {
    Pages(Box<Encoder>),
    End(End),
    /// Between the two.
    Nothing,
}

impl FileMaker {
    /// `past` is the database at the last transaction of the file, `pages` are those that its
    /// transactions have changed; without them it is a snapshot.
    pub fn new(name: &FileName, past: Past, pages: Option<PageSet>, time_ms: i64) -> FileMaker {
        let FileName { txid_min, txid_max, .. } = *name;
        let header = Header { txid_min, txid_max, size_pages: past.size_pages(), time_ms };
        FileMaker { past, pages, next: 1, made: Made::Pages(Box::new(Encoder::new(header))) }
    }

    /// Goes on by up to so many pages. False once the file is whole.
    pub fn step(&mut self, pages_max: usize) -> Result<bool, Error> {
        match std::mem::replace(&mut self.made, Made::Nothing) {
            Made::Pages(mut encoder) => {
                let more = self.add_pages(&mut encoder, pages_max)?;
                self.made = if more { Made::Pages(encoder) } else { Made::End(encoder.end()) };
                Ok(true)
            }
            Made::End(mut end) => {
                let more = end.step(INDEX_STEP);
                self.made = Made::End(end);
                Ok(more)
            }
            Made::Nothing => Err(Error::Corrupt("a file of the backup failed before".to_owned())),
        }
    }

    fn add_pages(&mut self, encoder: &mut Encoder, pages_max: usize) -> Result<bool, Error> {
        let size_pages = self.past.size_pages();
        for _ in 0..pages_max {
            let next = match &self.pages {
                Some(pages) => pages.iter_from(self.next).next(),
                None if self.next == LOCK_PAGE => Some(self.next + 1),
                None => Some(self.next),
            };
            let Some(number) = next.filter(|number| *number <= size_pages) else {
                return Ok(false);
            };
            let crc = self.past.crc(number)?;
            encoder.push_summed(number, self.past.page(number)?, crc);
            self.next = number + 1;
        }
        Ok(true)
    }

    /// Bytes that are made and were not taken.
    pub fn len(&self) -> usize {
        match &self.made {
            Made::Pages(encoder) => encoder.len(),
            Made::End(end) => end.len(),
            Made::Nothing => 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next `count` bytes, or fewer if there are not as many.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        match &mut self.made {
            Made::Pages(encoder) => encoder.take(count),
            Made::End(end) => end.take(count),
            Made::Nothing => Vec::new(),
        }
    }
}
