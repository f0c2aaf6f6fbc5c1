//! CRC-64 (GO-ISO) where pages are part of the input, each read once for all its uses.
//!
//! A commit needs a page's CRC in the database's checksum before, in that after, and in its file. CRC
//! is linear: what a page adds does not depend on what stands before it, and what stands before it is
//! only shifted by a page's length. So the page is read once ([`PageCrc`]), and put behind other bytes
//! by eight looks into a table.

use std::sync::OnceLock;

use crc::{Algorithm, CRC_64_GO_ISO, Crc, Table};

use crate::page::{PAGE_SIZE, PageImage};

/// Without the inversions at the start and at the end, which [`Crc64`] makes.
const ALGORITHM: Algorithm<u64> = Algorithm { init: 0, xorout: 0, ..CRC_64_GO_ISO };
static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&ALGORITHM);

/// The register in the course of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc64(u64);

/// What the content of a page adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageCrc(u64);

impl PageCrc {
    pub(crate) fn of(page: &PageImage) -> PageCrc {
        PageCrc(CRC.checksum(page))
    }

    pub(crate) fn to_u64(self) -> u64 {
        self.0
    }

    /// One that was kept as a number.
    pub(crate) fn from_u64(value: u64) -> PageCrc {
        PageCrc(value)
    }
}

impl Crc64 {
    pub(crate) fn new() -> Crc64 {
        Crc64(!0)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let mut digest = CRC.digest_with_initial(self.0.reverse_bits());
        digest.update(bytes);
        self.0 = digest.finalize();
    }

    /// As `update` with the content of the page.
    pub(crate) fn push(&mut self, page: PageCrc) {
        let shifts = SHIFTS.get_or_init(shifts);
        let bytes = self.0.to_le_bytes();
        let shifted =
            bytes.iter().zip(shifts.iter()).fold(0, |sum, (byte, of)| sum ^ of[*byte as usize]);
        self.0 = shifted ^ page.0;
    }

    pub(crate) fn finish(self) -> u64 {
        !self.0
    }
}

/// What a register becomes by a page of zeros: for each of its bytes, by the byte's value.
type Shifts = Box<[[u64; 256]; 8]>;

static SHIFTS: OnceLock<Shifts> = OnceLock::new();

fn shifts() -> Shifts {
    let zeros = [0; PAGE_SIZE];
    let shifted = |bit: u32| {
        let mut register = Crc64(1 << bit);
        register.update(&zeros);
        register.0
    };
    let mut shifts = Box::new([[0; 256]; 8]);
    for bit in 0..64 {
        let (of, bit_value) = (&mut shifts[bit as usize / 8], 1 << (bit % 8));
        let shifted = shifted(bit);
        // Those below are known by now: each value is one of them and this bit.
        for value in bit_value..2 * bit_value {
            of[value] = of[value - bit_value] ^ shifted;
        }
    }
    shifts
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn it_is_the_crc_of_all_the_bytes() {
        let whole = Crc::<u64>::new(&CRC_64_GO_ISO);
        let mut page = [0; PAGE_SIZE];
        for (i, byte) in page.iter_mut().enumerate() {
            *byte = (i * i + i / 7) as u8;
        }
        for before in [&b""[..], b"a", b"some bytes before it"] {
            let mut crc = Crc64::new();
            crc.update(before);
            crc.push(PageCrc::of(&page));
            crc.push(PageCrc::of(&[0xff; PAGE_SIZE]));
            crc.update(b"and after");
            let bytes = [before, &page, &[0xff; PAGE_SIZE], b"and after"].concat();
            assert_eq!(crc.finish(), whole.checksum(&bytes));
        }
    }
}
