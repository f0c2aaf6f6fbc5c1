//! Bookmarks: positions as text for clients.
//!
//! The form is D1's, four groups of 8, 8, 8 and 32 lower-case hex digits: the epoch, the upper and
//! the lower half of the txid, then 16 digits of checksum and 16 zeros kept for later use. D1's
//! client compares bookmarks as text (`localeCompare`), so fixed width makes text order position
//! order.

use std::fmt;
use std::str::FromStr;

use crate::checksum::Checksum;
use crate::position::Position;

/// The text is not a bookmark of this database's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookmarkError;

impl fmt::Display for BookmarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid bookmark: expected 8-8-8-32 lower-case hexadecimal digits")
    }
}

impl std::error::Error for BookmarkError {}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (upper, lower) = ((self.txid >> 32) as u32, self.txid as u32);
        let checksum = self.checksum.to_u64();
        write!(f, "{:08x}-{upper:08x}-{lower:08x}-{checksum:016x}{:016x}", self.epoch, 0)
    }
}

impl FromStr for Position {
    type Err = BookmarkError;

    fn from_str(text: &str) -> Result<Self, BookmarkError> {
        let mut groups = text.split('-');
        let mut group =
            |digits: usize| groups.next().filter(|g| g.len() == digits && g.bytes().all(is_digit));
        let (Some(epoch), Some(upper), Some(lower), Some(rest)) =
            (group(8), group(8), group(8), group(32))
        else {
            return Err(BookmarkError);
        };
        if groups.next().is_some() {
            return Err(BookmarkError);
        }
        let number = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| BookmarkError);
        Ok(Position {
            epoch: number(epoch)? as u32,
            txid: number(upper)? << 32 | number(lower)?,
            checksum: Checksum::from_u64(number(&rest[..16])?),
        })
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn position(epoch: u32, txid: u64) -> Position {
        Position { epoch, txid, checksum: Checksum::from_u64(txid.wrapping_mul(0x9e37_79b9)) }
    }

    #[test]
    fn text_goes_there_and_back() {
        for at in [Position::START, position(3, 77), position(u32::MAX, u64::MAX)] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
    }

    #[test]
    fn text_order_is_position_order() {
        let positions = [position(1, 9), position(1, 10), position(1, 1 << 33), position(2, 1)];
        for pair in positions.windows(2) {
            assert!(pair[0].to_string() < pair[1].to_string());
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = Position::START.to_string();
        for bad in ["", "first-primary", &good[1..], &good.to_uppercase(), &format!("{good}-0")] {
            if bad != good {
                assert_eq!(bad.parse::<Position>(), Err(BookmarkError), "{bad}");
            }
        }
    }
}
