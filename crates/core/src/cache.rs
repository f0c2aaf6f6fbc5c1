//! Pages kept in memory, least recently used out first.

use hashlink::LruCache;

use crate::crc64::PageCrc;
use crate::page::{PageImage, PageNo};

/// A bounded number of pages; the bound is the memory it may take.
pub(crate) struct PageCache {
    pages: LruCache<PageNo, Cached>,
}

struct Cached {
    image: Box<PageImage>,
    /// Known of pages that were written, which are likely to be written again.
    crc: Option<PageCrc>,
}

impl PageCache {
    pub(crate) fn new(pages_max: usize) -> Self {
        PageCache { pages: LruCache::new(pages_max.max(1)) }
    }

    pub(crate) fn pages_max(&self) -> usize {
        self.pages.capacity()
    }

    pub(crate) fn get(&mut self, number: PageNo) -> Option<&PageImage> {
        self.pages.get(&number).map(|page| &*page.image)
    }

    /// The CRC of a page, if that is at hand.
    pub(crate) fn crc(&self, number: PageNo) -> Option<PageCrc> {
        self.pages.peek(&number).and_then(|page| page.crc)
    }

    pub(crate) fn contains(&self, number: PageNo) -> bool {
        self.pages.peek(&number).is_some()
    }

    pub(crate) fn put(&mut self, number: PageNo, image: Box<PageImage>, crc: Option<PageCrc>) {
        self.pages.insert(number, Cached { image, crc });
    }

    pub(crate) fn remove(&mut self, number: PageNo) {
        self.pages.remove(&number);
    }

    pub(crate) fn clear(&mut self) {
        self.pages.clear();
    }
}
