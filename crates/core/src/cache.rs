//! Pages kept in memory, least recently used out first.

use hashlink::LruCache;

use crate::page::{PageImage, PageNo};

/// A bounded number of pages; the bound is the memory it may take.
pub(crate) struct PageCache {
    pages: LruCache<PageNo, Box<PageImage>>,
}

impl PageCache {
    pub(crate) fn new(pages_max: usize) -> Self {
        PageCache { pages: LruCache::new(pages_max.max(1)) }
    }

    pub(crate) fn pages_max(&self) -> usize {
        self.pages.capacity()
    }

    pub(crate) fn get(&mut self, number: PageNo) -> Option<&PageImage> {
        self.pages.get(&number).map(|page| &**page)
    }

    pub(crate) fn contains(&self, number: PageNo) -> bool {
        self.pages.peek(&number).is_some()
    }

    pub(crate) fn put(&mut self, number: PageNo, page: Box<PageImage>) {
        self.pages.insert(number, page);
    }

    pub(crate) fn remove(&mut self, number: PageNo) {
        self.pages.remove(&number);
    }
}
