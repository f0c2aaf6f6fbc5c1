//! The rolling checksum of a database, as LiteFS defines it.
//!
//! It is the exclusive-or over all pages of the CRC-64 (GO-ISO) of the page's number and content,
//! with the top bit set. Being an exclusive-or, it is carried from one position to the next by the
//! changed pages alone, and two replicas that agree on it hold the same database.

use serde::{Deserialize, Serialize};

use crate::crc64::{Crc64, PageCrc};
use crate::page::PageNo;

/// Set on every checksum in LTX, so that zero can mean "none".
pub(crate) const FLAG: u64 = 1 << 63;

/// Checksum of a whole database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Checksum(u64);

impl Checksum {
    /// Checksum of the database without pages.
    pub const EMPTY: Checksum = Checksum(FLAG);

    /// Reads a stored checksum; the flag is set whatever was stored.
    pub fn from_u64(value: u64) -> Self {
        Checksum(value | FLAG)
    }

    /// The checksum as stored, the flag included.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// Adds a page that was not there, or takes out one that was: both are the same operation.
    pub(crate) fn toggle(self, number: PageNo, page: PageCrc) -> Self {
        let mut crc = Crc64::new();
        crc.update(&number.to_be_bytes());
        crc.push(page);
        Checksum((self.0 ^ crc.finish()) | FLAG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{PAGE_SIZE, PageImage};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ONES: PageImage = [1; PAGE_SIZE];

    #[test]
    fn toggling_a_page_twice_leaves_no_trace() {
        let once = Checksum::EMPTY.toggle(7, PageCrc::of(&ONES));
        assert_ne!(once, Checksum::EMPTY);
        assert_eq!(once.toggle(7, PageCrc::of(&ONES)), Checksum::EMPTY);
    }

    #[test]
    fn a_page_counts_by_number_and_content() {
        let (page, other) = (PageCrc::of(&[3; PAGE_SIZE]), PageCrc::of(&[4; PAGE_SIZE]));
        assert_ne!(Checksum::EMPTY.toggle(1, page), Checksum::EMPTY.toggle(2, page));
        assert_ne!(Checksum::EMPTY.toggle(1, page), Checksum::EMPTY.toggle(1, other));
    }
}
