//! A cell of a tree's page: a child, a key, and what of the payload is on the page itself.

use std::ops::Range;

use isolite_core::{PAGE_SIZE, PageImage, PageNo};

use super::TreeKind;
use super::varint::varint;

/// Where the content of an overflow page begins: after the number of the next one.
pub(super) const CONTENT_AT: usize = 4;
const OVERFLOW_BYTES: u64 = (PAGE_SIZE - CONTENT_AT) as u64;

/// A cell takes at least as much as a free block, which it may become.
const CELL_SIZE_MIN: usize = 4;
/// How much of a payload that has overflow pages stays, at least.
const LOCAL_MIN: u64 = (PAGE_SIZE as u64 - 12) * 32 / 255 - 23;
const TABLE_LOCAL_MAX: u64 = PAGE_SIZE as u64 - 35;
const INDEX_LOCAL_MAX: u64 = (PAGE_SIZE as u64 - 12) * 64 / 255 - 23;
/// The longest row that SQLite can read.
const PAYLOAD_MAX: u64 = i32::MAX as u64;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) size: usize,
    /// Of a table.
    pub(super) rowid: Option<i64>,
    /// All but the inner cells of a table have one.
    pub(super) payload: Option<Payload>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payload {
    pub(super) len: u64,
    /// Where the first of it is on the page.
    pub(super) local: Range<usize>,
    /// The first of its overflow pages.
    pub(super) overflow: Option<PageNo>,
}

impl Payload {
    /// How many overflow pages it has.
    pub(super) fn overflow_pages(&self) -> u64 {
        (self.len - self.local.len() as u64).div_ceil(OVERFLOW_BYTES)
    }
}

/// What begins at `at`; an error if it is none that fits there.
pub(super) fn parse(
    page: &PageImage,
    at: usize,
    kind: TreeKind,
    leaf: bool,
) -> Result<Cell, String> {
    let beyond = || "it extends off the end of the page".to_owned();
    let mut end = if leaf { at } else { at + 4 };
    let mut number = || {
        let (number, len) = page.get(end..).and_then(varint).ok_or_else(beyond)?;
        end += len;
        Ok::<u64, String>(number)
    };
    let has_payload = leaf || kind == TreeKind::Index;
    let len = if has_payload { Some(number()?) } else { None };
    let rowid = if kind == TreeKind::Table { Some(number()? as i64) } else { None };
    let payload = match len {
        Some(len) if len > PAYLOAD_MAX => return Err(format!("its payload has {len} bytes")),
        Some(len) => {
            let local_len = local_len(len, kind);
            let local = end..end + local_len as usize;
            end = local.end;
            let mut overflow = None;
            if local_len < len {
                overflow = Some(page_number(page, end).ok_or_else(beyond)?);
                end += 4;
            }
            Some(Payload { len, local, overflow })
        }
        None => None,
    };
    let size = (end - at).max(CELL_SIZE_MIN);
    if at + size > PAGE_SIZE {
        return Err(beyond());
    }
    Ok(Cell { size, rowid, payload })
}

/// How much of a payload is on the page itself.
fn local_len(len: u64, kind: TreeKind) -> u64 {
    let local_max = match kind {
        TreeKind::Table => TABLE_LOCAL_MAX,
        TreeKind::Index => INDEX_LOCAL_MAX,
    };
    if len <= local_max {
        return len;
    }
    // So that the last overflow page is full, if that much fits.
    let local = LOCAL_MIN + (len - LOCAL_MIN) % OVERFLOW_BYTES;
    if local <= local_max { local } else { LOCAL_MIN }
}

/// The number of a page that stands at `at`.
pub(super) fn page_number(page: &PageImage, at: usize) -> Option<PageNo> {
    page.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_stays_on_the_page() {
        use TreeKind::{Index, Table};
        assert_eq!((LOCAL_MIN, TABLE_LOCAL_MAX, INDEX_LOCAL_MAX), (489, 4_061, 1_002));
        for (len, kind, local) in [
            (4_061, Table, 4_061),
            (4_062, Table, 489),
            (4_581, Table, 489),
            (4_582, Table, 490),
            (8_153, Table, 4_061),
            (8_154, Table, 489),
            (1_002, Index, 1_002),
            (1_003, Index, 489),
            (4_581, Index, 489),
            (5_094, Index, 1_002),
        ] {
            assert_eq!(local_len(len, kind), local, "{len} {kind:?}");
        }
    }

    #[test]
    fn cells_at_the_end_of_a_page() {
        let mut page = [0; PAGE_SIZE];
        page[4092..].copy_from_slice(&[2, 7, 1, 1]);
        let cell = parse(&page, 4092, TreeKind::Table, true).unwrap();
        let payload = Payload { len: 2, local: 4094..4096, overflow: None };
        assert_eq!(cell, Cell { size: 4, rowid: Some(7), payload: Some(payload) });
        for (bytes, leaf) in [([3, 7, 1, 1], true), ([0x80; 4], true), ([0, 0, 0, 1], false)] {
            page[4092..].copy_from_slice(&bytes);
            assert!(parse(&page, 4092, TreeKind::Table, leaf).is_err(), "{bytes:?}");
        }
    }
}
