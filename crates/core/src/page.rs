//! A page: SQLite's unit of storage, and the unit in which Isolite keeps and sends databases.
//!
//! One page size for every database keeps buffers, caches and the format simple. 4,096 bytes is
//! SQLite's own default, what D1 uses and what Litestream's users have.

use crate::error::Error;

/// Number of a page, counted from 1 as SQLite does.
pub type PageNo = u32;

/// Size of every page, in bytes.
pub const PAGE_SIZE: usize = 4096;

/// The page that holds SQLite's lock bytes at 1 GiB. It has no content and never enters a commit.
pub const LOCK_PAGE: PageNo = 0x4000_0000 / PAGE_SIZE as u32 + 1;

/// The content of one page.
pub type PageImage = [u8; PAGE_SIZE];

/// A page of zeros on the heap.
pub fn blank_page() -> Box<PageImage> {
    Box::new([0; PAGE_SIZE])
}

/// Copies the part of page `number` at `offset` into `out`.
pub(crate) fn copy_part(
    number: PageNo,
    page: &PageImage,
    offset: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    let part = page
        .get(offset..offset.saturating_add(out.len()))
        .ok_or_else(|| Error::Corrupt(format!("read beyond the end of page {number}")))?;
    out.copy_from_slice(part);
    Ok(())
}
