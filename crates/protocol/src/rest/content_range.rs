//! `content-range: bytes 0-67108863/200000000`, the header of a part of a file that is uploaded.

use super::RestError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    pub first: u64,
    /// Behind its last byte.
    pub end: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

impl ContentRange {
    /// The blocks in which a file is kept: a part begins where one does.
    const ALIGNMENT: u64 = 1 << 20;

    pub fn parse(header: &str) -> Result<Self, RestError> {
        let range = Self::read(header).filter(|range| {
            range.first < range.end
                && range.end <= range.total
                && range.first.is_multiple_of(Self::ALIGNMENT)
        });
        range.ok_or_else(|| {
            let text = format!(
                "The content-range {header:?} is none: bytes FIRST-LAST/TOTAL, FIRST a multiple of {}",
                Self::ALIGNMENT
            );
            RestError::Malformed(text)
        })
    }

    fn read(header: &str) -> Option<Self> {
        let (range, total) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.parse::<u64>().ok();
        let end = number(last)?.checked_add(1)?;
        Some(ContentRange { first: number(first)?, end, total: number(total)? })
    }

    pub fn is_last(&self) -> bool {
        self.end == self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let first = ContentRange::parse("bytes 0-1048575/1048577").unwrap();
        assert_eq!(first, ContentRange { first: 0, end: 1_048_576, total: 1_048_577 });
        assert!(!first.is_last());
        assert!(ContentRange::parse("bytes 1048576-1048576/1048577").unwrap().is_last());
    }

    #[test]
    fn refusals() {
        for header in [
            "",
            "bytes",
            "bytes 0-1/*",
            "bytes 0-1",
            "bytes 5-9/10",
            "bytes 0-10/10",
            "bytes 1048576-1/2000000",
            "bytes 0-18446744073709551615/18446744073709551615",
            "items 0-1/2",
        ] {
            assert_eq!(ContentRange::parse(header).unwrap_err().status(), 400, "{header}");
        }
    }
}
