//! A record: a header with the type of each value, then the values. The header may go on in overflow pages.

use super::varint::Varint;

/// What SQLite reads of a header at most: 32,767 types of three bytes, and its length.
const HEADER_MAX: u64 = 98_307;

#[derive(Debug)]
pub(super) struct Record {
    len: u64,
    /// None before it has come.
    header_len: Option<u64>,
    /// Bytes of the header that have come.
    at: u64,
    number: Varint,
    /// Of the header and the values that it has told of.
    told_len: u64,
}

impl Record {
    pub(super) fn new(len: u64) -> Record {
        Record { len, header_len: None, at: 0, number: Varint::default(), told_len: 0 }
    }

    /// Goes on with the next bytes of the payload. False once the header is over, and fits to its length.
    pub(super) fn more(&mut self, bytes: &[u8]) -> Result<bool, String> {
        for byte in bytes {
            if self.header_len == Some(self.at) {
                break;
            }
            self.at += 1;
            let Some(number) = self.number.more(*byte) else { continue };
            match self.header_len {
                Some(_) => self.told_len = self.told_len.saturating_add(value_len(number)?),
                None if number < self.at || number > self.len.min(HEADER_MAX) => {
                    return Err(format!(
                        "the header of a record of {} bytes has {number}",
                        self.len
                    ));
                }
                None => (self.header_len, self.told_len) = (Some(number), number),
            }
        }
        if self.header_len != Some(self.at) {
            return match self.at == self.len {
                true => Err("the header of the record is cut short".to_owned()),
                false => Ok(true),
            };
        }
        if self.number.has_begun() {
            return Err("the header of the record ends within a type".to_owned());
        }
        match self.told_len == self.len {
            true => Ok(false),
            false => {
                Err(format!("a record of {} bytes has values for {}", self.len, self.told_len))
            }
        }
    }
}

fn value_len(kind: u64) -> Result<u64, String> {
    Ok(match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return Err(format!("a value is of the reserved type {kind}")),
        _ => (kind - 12) / 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn check(local: &[u8], len: u64) -> Result<bool, String> {
        Record::new(len).more(local)
    }

    #[test]
    fn records() {
        for whole in [
            &[1][..],
            &[2, 0],
            &[4, 1, 8, 9, 7],
            &[2, 5, 1, 2, 3, 4, 5, 6],
            &[3, 0x80, 13],
            &[3, 17, 1, b'a', b'b', 7],
        ] {
            assert_eq!(check(whole, whole.len() as u64), Ok(false), "{whole:?}");
        }
        for wrong in [
            &[][..],
            &[0],
            &[3, 1],
            &[2, 1],
            &[2, 1, 1, 1],
            &[2, 10],
            &[2, 11],
            &[2, 0x81],
            &[0xff; 9],
            // The second type would reach into the values.
            &[3, 0, 0x81, 0x00],
        ] {
            assert!(check(wrong, wrong.len() as u64).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_goes_on_in_overflow_pages_counts() {
        let blob = |len: u64| check(&[3, 0xa0, 0x00, 7], len);
        assert_eq!(blob(3 + 2042), Ok(false));
        assert!(blob(3 + 2043).is_err());
        // The header itself does, and ends within a number.
        let mut record = Record::new(8);
        assert_eq!(record.more(&[5, 1, 0x80]), Ok(true));
        assert_eq!(record.more(&[1, 1, 7]), Ok(false));
        assert!(check(&[0x90, 0x00, 1, 10, 1], 5_000).is_err());
    }
}
