//! A page of a tree: its header, and that each of its bytes is used once.

use isolite_core::{PAGE_SIZE, PageImage, PageNo};

use super::TreeKind;
use super::cell::{self, Cell, page_number};

/// On the first page the file's own header comes before.
const FILE_HEADER_LEN: usize = 100;
/// The last place where a cell or a free block can begin.
const LAST_AT: usize = PAGE_SIZE - 4;
const FREE_BLOCK_MIN: usize = 4;

#[derive(Debug)]
pub(super) struct TreePage {
    bytes: Box<PageImage>,
    at: usize,
    kind: TreeKind,
    pub(super) leaf: bool,
    pub(super) cell_count: usize,
}

impl TreePage {
    /// Looks at all of a page but what its cells refer to.
    pub(super) fn open(
        number: PageNo,
        bytes: Box<PageImage>,
        kind: TreeKind,
    ) -> Result<TreePage, String> {
        let at = if number == 1 { FILE_HEADER_LEN } else { 0 };
        let (told, leaf) = match bytes.get(at).copied().unwrap_or_default() {
            2 => (TreeKind::Index, false),
            5 => (TreeKind::Table, false),
            10 => (TreeKind::Index, true),
            13 => (TreeKind::Table, true),
            other => return Err(format!("it is no page of a tree: its type is {other}")),
        };
        if told != kind {
            let named = |kind| if kind == TreeKind::Table { "a table" } else { "an index" };
            return Err(format!("it is a page of {}, and not of {}", named(told), named(kind)));
        }
        let mut page = TreePage { bytes, at, kind, leaf, cell_count: 0 };
        page.cell_count = page.number(at + 3);
        page.check_space()?;
        Ok(page)
    }

    pub(super) fn cell(&self, index: usize) -> Result<Cell, String> {
        cell::parse(&self.bytes, self.number(self.cells_at() + 2 * index), self.kind, self.leaf)
    }

    /// The page below, left of the cell of that index; after the last one the rightmost.
    pub(super) fn child(&self, index: usize) -> PageNo {
        let at = match index < self.cell_count {
            true => self.number(self.cells_at() + 2 * index),
            false => self.at + 8,
        };
        page_number(&self.bytes, at).unwrap_or_default()
    }

    pub(super) fn bytes(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    fn cells_at(&self) -> usize {
        self.at + if self.leaf { 8 } else { 12 }
    }

    /// Cells, free blocks and single free bytes are all there is from where the content begins.
    fn check_space(&self) -> Result<(), String> {
        let (numbers_end, content) =
            (self.cells_at() + 2 * self.cell_count, self.number(self.at + 5));
        if content < numbers_end || content > PAGE_SIZE {
            return Err(format!(
                "its content begins at {content}, outside of {numbers_end}..{PAGE_SIZE}"
            ));
        }
        let mut used = Bytes { words: [0; PAGE_SIZE / 64], count: 0 };
        for index in 0..self.cell_count {
            let at = self.number(self.cells_at() + 2 * index);
            if at < content || at > LAST_AT {
                return Err(format!("cell {index} is at {at}, outside of {content}..{LAST_AT}"));
            }
            let cell = self.cell(index).map_err(|text| format!("cell {index}: {text}"))?;
            used.take(at, cell.size)?;
        }
        self.check_free_blocks(content, &mut used)?;
        let (fragments, told) = (PAGE_SIZE - content - used.count, self.byte(self.at + 7));
        match fragments == told {
            true => Ok(()),
            false => Err(format!("{fragments} bytes are fragments, and the header has {told}")),
        }
    }

    /// They ascend, and no two of them could be one.
    fn check_free_blocks(&self, content: usize, used: &mut Bytes) -> Result<(), String> {
        let mut at = self.number(self.at + 1);
        let mut at_min = content;
        while at != 0 {
            let size = self.number(at.saturating_add(2));
            if at < at_min || at > LAST_AT || size < FREE_BLOCK_MIN || at + size > PAGE_SIZE {
                return Err(format!("a free block of {size} bytes at {at} cannot be"));
            }
            used.take(at, size)?;
            at_min = at + size + FREE_BLOCK_MIN;
            at = self.number(at);
        }
        Ok(())
    }

    fn byte(&self, at: usize) -> usize {
        self.bytes.get(at).copied().unwrap_or_default().into()
    }

    fn number(&self, at: usize) -> usize {
        self.byte(at) << 8 | self.byte(at + 1)
    }
}

/// The bytes of a page that are used.
struct Bytes {
    words: [u64; PAGE_SIZE / 64],
    count: usize,
}

impl Bytes {
    fn take(&mut self, at: usize, size: usize) -> Result<(), String> {
        let end = at + size;
        self.count += size;
        let (first, last) = (at / 64, (end - 1) / 64);
        for (index, word) in self.words.iter_mut().enumerate().take(last + 1).skip(first) {
            let begin = at.saturating_sub(index * 64).min(63);
            let bits = u64::MAX << begin;
            let bits = match (index + 1) * 64 > end {
                true => bits & !(u64::MAX << (end - index * 64)),
                false => bits,
            };
            if *word & bits != 0 {
                let byte = index * 64 + (*word & bits).trailing_zeros() as usize;
                return Err(format!("byte {byte} is used more than once"));
            }
            *word |= bits;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bytes_are_used_once() {
        let mut bytes = Bytes { words: [0; PAGE_SIZE / 64], count: 0 };
        assert_eq!(bytes.take(0, 4), Ok(()));
        assert_eq!(bytes.take(60, 136), Ok(()));
        assert_eq!(bytes.take(4, 56), Ok(()));
        assert_eq!(bytes.take(4092, 4), Ok(()));
        assert_eq!(bytes.count, 200);
        for (at, size, byte) in [(3, 1, 3), (190, 10, 190), (196, 3896 + 1, 4092), (100, 4, 100)] {
            let text = format!("byte {byte} is used more than once");
            assert_eq!(bytes.take(at, size), Err(text), "{at} {size}");
        }
    }
}
