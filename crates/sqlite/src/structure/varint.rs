//! SQLite's integers of variable length: seven bits a byte, the highest first, and eight in the ninth.

const LEN_MAX: u8 = 9;

/// One whose bytes come one by one.
#[derive(Debug, Default)]
pub(super) struct Varint {
    value: u64,
    len: u8,
}

impl Varint {
    /// The number, once this was its last byte. The next byte begins another one.
    pub(super) fn more(&mut self, byte: u8) -> Option<u64> {
        self.len += 1;
        if self.len == LEN_MAX {
            self.value = self.value << 8 | u64::from(byte);
        } else {
            self.value = self.value << 7 | u64::from(byte & 0x7f);
            if byte >= 0x80 {
                return None;
            }
        }
        Some(std::mem::take(self).value)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.len > 0
    }
}

/// The number that `bytes` begin with, and how many of them it takes; None if it does not end there.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = Varint::default();
    (1..).zip(bytes).find_map(|(len, byte)| number.more(*byte).map(|value| (value, len)))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn numbers_of_all_lengths() {
        assert_eq!(varint(&[0x7f, 1]), Some((127, 1)));
        assert_eq!(varint(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(varint(&[0x80, 0x05]), Some((5, 2)));
        assert_eq!(varint(&[0xff; 10]), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0xff; 8]), None);
        assert_eq!(varint(&[]), None);
    }
}
