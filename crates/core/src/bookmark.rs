//! Bookmarks: positions as text for clients.
//!
//! The form is D1's, four groups of 8, 8, 8 and 32 lower-case hex digits: the epoch, the upper and
//! the lower half of the txid, then 16 digits of checksum and 16 of the database's tag. D1's client
//! compares bookmarks as text (`localeCompare`), so fixed width makes text order position order.

use std::fmt;
use std::str::FromStr;

use crate::checksum::Checksum;
use crate::position::Position;

/// A number that a database is given when it is made, so that a bookmark of another one is told
/// from its own. Zero is that of bookmarks which do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag(pub u64);

/// A position of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub position: Position,
    pub tag: Tag,
}

/// The text is not a bookmark that this database may be asked for. Nothing was done; the caller
/// takes the bookmark of an answer, or a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookmarkError {
    Malformed,
    /// It was handed out by another database.
    Foreign,
    /// It is of a position that the primary has not reached.
    Future,
}

impl Bookmark {
    /// The position that a session with this text must have seen, if it names one.
    pub fn of_session(text: &str, tag: Tag) -> Result<Option<Position>, BookmarkError> {
        match text {
            "first-primary" | "first-unconstrained" => Ok(None),
            _ => text.parse::<Bookmark>()?.of(tag).map(Some),
        }
    }

    /// Its position, if it is of the database with this tag.
    pub fn of(self, tag: Tag) -> Result<Position, BookmarkError> {
        let same = self.tag == tag || self.tag == Tag::default();
        if same { Ok(self.position) } else { Err(BookmarkError::Foreign) }
    }
}

impl fmt::Display for BookmarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BookmarkError::Malformed => {
                "invalid bookmark or constraint: pass what getBookmark() returned, \
                 \"first-primary\" or \"first-unconstrained\""
            }
            BookmarkError::Foreign => {
                "invalid bookmark: it is of another database; start the session from a constraint"
            }
            BookmarkError::Future => {
                "invalid bookmark: it is ahead of the database, as after a restore; start the \
                 session from a constraint"
            }
        })
    }
}

impl std::error::Error for BookmarkError {}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { epoch, txid, checksum } = self.position;
        let (upper, lower) = ((txid >> 32) as u32, txid as u32);
        let (checksum, tag) = (checksum.to_u64(), self.tag.0);
        write!(f, "{epoch:08x}-{upper:08x}-{lower:08x}-{checksum:016x}{tag:016x}")
    }
}

impl FromStr for Bookmark {
    type Err = BookmarkError;

    fn from_str(text: &str) -> Result<Self, BookmarkError> {
        let mut groups = text.split('-');
        let mut group =
            |digits: usize| groups.next().filter(|g| g.len() == digits && g.bytes().all(is_digit));
        let (Some(epoch), Some(upper), Some(lower), Some(rest)) =
            (group(8), group(8), group(8), group(32))
        else {
            return Err(BookmarkError::Malformed);
        };
        if groups.next().is_some() {
            return Err(BookmarkError::Malformed);
        }
        let number =
            |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| BookmarkError::Malformed);
        let position = Position {
            epoch: number(epoch)? as u32,
            txid: number(upper)? << 32 | number(lower)?,
            checksum: Checksum::from_u64(number(&rest[..16])?),
        };
        Ok(Bookmark { position, tag: Tag(number(&rest[16..])?) })
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

    fn bookmark(epoch: u32, txid: u64) -> Bookmark {
        let checksum = Checksum::from_u64(txid.wrapping_mul(0x9e37_79b9));
        Bookmark { position: Position { epoch, txid, checksum }, tag: Tag(u64::MAX - txid) }
    }

    #[test]
    fn text_goes_there_and_back() {
        for at in [bookmark(1, 0), bookmark(3, 77), bookmark(u32::MAX, u64::MAX)] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
    }

    #[test]
    fn text_order_is_position_order() {
        let bookmarks = [bookmark(1, 9), bookmark(1, 10), bookmark(1, 1 << 33), bookmark(2, 1)];
        for pair in bookmarks.windows(2) {
            assert!(pair[0].to_string() < pair[1].to_string());
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = bookmark(1, 5).to_string();
        for bad in ["", "first-primary", &good[1..], &good.to_uppercase(), &format!("{good}-0")] {
            assert_eq!(bad.parse::<Bookmark>(), Err(BookmarkError::Malformed), "{bad}");
        }
    }

    #[test]
    fn one_of_another_database_is_told() {
        let at = bookmark(1, 5);
        assert_eq!(at.of(at.tag), Ok(at.position));
        assert_eq!(at.of(Tag(7)), Err(BookmarkError::Foreign));
        assert_eq!(Bookmark { tag: Tag(0), ..at }.of(Tag(7)), Ok(at.position));
        assert_eq!(Bookmark::of_session("first-primary", Tag(7)), Ok(None));
        assert_eq!(Bookmark::of_session("x", Tag(7)), Err(BookmarkError::Malformed));
    }
}
