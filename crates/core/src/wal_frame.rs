//! Pages as SQLite has them in WAL mode: as frames of a write-ahead log, and in the file that the log
//! goes with.
//!
//! Followers keep such a file and such a log. Whether a file has a log is written in its first page, and
//! ours say no, so that page is given out with another answer, always the same.

use crate::page::{PAGE_SIZE, PageImage, PageNo, blank_page};

/// Bytes before the page of a frame.
const HEADER_SIZE: usize = 24;

/// Bytes of a frame.
pub const WAL_FRAME_SIZE: usize = HEADER_SIZE + PAGE_SIZE;

/// Where the first page tells who may write and who may read; 2 is WAL mode.
const VERSIONS: std::ops::Range<usize> = 18..20;
const WAL_MODE: [u8; 2] = [2, 2];

/// Adds a frame. `size_after` is the size of the database after the commit that the frame ends, in
/// pages; 0 within a commit. SQLite's salts and checksums are left out: followers write their own.
pub(crate) fn push_frame(out: &mut Vec<u8>, number: PageNo, size_after: PageNo, page: &PageImage) {
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&size_after.to_be_bytes());
    out.resize(out.len() + HEADER_SIZE - 8, 0);
    push_page(out, number, page);
}

/// Adds a page as it lies in the file.
pub(crate) fn push_page(out: &mut Vec<u8>, number: PageNo, page: &PageImage) {
    let at = out.len();
    out.extend_from_slice(page);
    if number == 1 {
        out[at..][VERSIONS].copy_from_slice(&WAL_MODE);
    }
}

/// The first page of a database in which there is nothing. No frame can say that there is no page.
pub(crate) fn empty_database() -> Box<PageImage> {
    let mut page = blank_page();
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..18].copy_from_slice(&(PAGE_SIZE as u16).to_be_bytes());
    page[VERSIONS].copy_from_slice(&WAL_MODE);
    // Shares of a page that SQLite has fixed.
    page[21..24].copy_from_slice(&[64, 32, 32]);
    // The size in pages.
    page[31] = 1;
    // A table without rows, whose cells would begin at the end of the page.
    page[100] = 13;
    page[105..107].copy_from_slice(&(PAGE_SIZE as u16).to_be_bytes());
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_frame_is_a_header_and_a_page_and_only_the_first_page_is_changed() {
        let mut page = blank_page();
        page.iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 7) as u8);
        let mut frames = Vec::new();
        push_frame(&mut frames, 1, 0, &page);
        push_frame(&mut frames, 0x0102_0304, 0x0a0b_0c0d, &page);
        assert_eq!(frames.len(), 2 * WAL_FRAME_SIZE);
        let (first, second) = frames.split_at(WAL_FRAME_SIZE);
        assert_eq!(first[..8], [0, 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(second[..8], [1, 2, 3, 4, 10, 11, 12, 13]);
        assert!(first[8..24].iter().chain(&second[8..24]).all(|byte| *byte == 0));
        assert_eq!(second[24..], page[..]);
        page[VERSIONS].copy_from_slice(&WAL_MODE);
        assert_eq!(first[24..], page[..]);
    }
}
