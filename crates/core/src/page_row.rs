//! A page as storage keeps it: its image, and behind it the CRC-64 of the image, so that a byte that was
//! damaged there is noticed as the page is read, and not taken for data.

use crate::crc64::PageCrc;
use crate::page::{PAGE_SIZE, PageImage};

/// Bytes of a row.
pub(crate) const ROW_SIZE: usize = PAGE_SIZE + 8;

pub(crate) fn encode(page: &PageImage) -> Vec<u8> {
    let mut row = Vec::with_capacity(ROW_SIZE);
    row.extend_from_slice(page);
    row.extend_from_slice(&PageCrc::of(page).to_u64().to_be_bytes());
    row
}

/// The image and its CRC; None if the row is damaged. Rows of the first versions have no CRC.
pub(crate) fn decode(row: &[u8]) -> Option<(&PageImage, PageCrc)> {
    let (page, crc) = row.split_first_chunk::<PAGE_SIZE>()?;
    let found = PageCrc::of(page);
    let as_written = crc.is_empty() || crc == found.to_u64().to_be_bytes();
    as_written.then_some((page, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::blank_page;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_damaged_byte_is_noticed() {
        let mut page = blank_page();
        page.iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 7) as u8);
        let row = encode(&page);
        assert_eq!(row.len(), ROW_SIZE);
        assert_eq!(decode(&row).unwrap().0, &*page);
        assert_eq!(decode(&page[..]).unwrap().0, &*page);
        for at in 0..row.len() {
            let mut damaged = row.clone();
            damaged[at] ^= 0x10;
            assert!(decode(&damaged).is_none(), "{at}");
        }
        assert!(decode(&row[..ROW_SIZE - 1]).is_none() && decode(&row[..100]).is_none());
    }
}
