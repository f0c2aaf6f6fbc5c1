//! The rolling checksum of a database, as LiteFS defines it.
//!
//! It is the exclusive-or over all pages of the CRC-64 (GO-ISO) of the page's number and content,
//! with the top bit set. Being an exclusive-or, it is carried from one position to the next by the
//! changed pages alone, and two replicas that agree on it hold the same database.

use crc::{CRC_64_GO_ISO, Crc, Table};

use crate::page::PageNo;

pub(crate) const CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_GO_ISO);

/// Set on every checksum in LTX, so that zero can mean "none".
pub(crate) const FLAG: u64 = 1 << 63;

/// Checksum of a whole database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub fn toggle(self, number: PageNo, content: &[u8]) -> Self {
        let mut digest = CRC.digest();
        digest.update(&number.to_be_bytes());
        digest.update(content);
        Checksum((self.0 ^ digest.finalize()) | FLAG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn toggling_a_page_twice_leaves_no_trace() {
        let once = Checksum::EMPTY.toggle(7, &[1; 4096]);
        assert_ne!(once, Checksum::EMPTY);
        assert_eq!(once.toggle(7, &[1; 4096]), Checksum::EMPTY);
    }

    #[test]
    fn a_page_counts_by_number_and_content() {
        let page = [3; 4096];
        assert_ne!(Checksum::EMPTY.toggle(1, &page), Checksum::EMPTY.toggle(2, &page));
        assert_ne!(Checksum::EMPTY.toggle(1, &page), Checksum::EMPTY.toggle(1, &[4; 4096]));
    }
}
