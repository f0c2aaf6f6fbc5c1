//! How long hours are kept: as long as D1 tells of them, and no more bytes than a database should
//! spend on telling of itself.

const HOURS_KEPT: u64 = 31 * 24;
/// Of all hours together; the oldest go first.
const BYTES_KEPT: u64 = 8 << 20;

/// The first hour that is kept, now that `now` has begun, of those that are there: each with its
/// bytes, the newest first.
pub fn first_kept(now: u64, newest_first: &[(u64, u64)]) -> u64 {
    let oldest = now.saturating_sub(HOURS_KEPT);
    let mut bytes = 0;
    let too_much = newest_first.iter().find(|(_, of_hour)| {
        bytes += of_hour;
        bytes > BYTES_KEPT
    });
    too_much.map_or(oldest, |(hour, _)| oldest.max(hour + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_time() {
        assert_eq!(first_kept(10, &[(10, 5), (9, 5)]), 0);
        assert_eq!(first_kept(1_000, &[(1_000, 5), (255, 5)]), 256);
    }

    #[test]
    fn by_bytes() {
        let half = BYTES_KEPT / 2;
        assert_eq!(first_kept(1_000, &[(1_000, half), (999, half)]), 256);
        assert_eq!(first_kept(1_000, &[(1_000, half), (999, half), (990, 1), (980, 1)]), 991);
        assert_eq!(first_kept(1_000, &[(1_000, BYTES_KEPT + 1)]), 1_001);
    }
}
