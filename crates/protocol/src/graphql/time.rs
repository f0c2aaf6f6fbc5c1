//! Times of filters and of dimensions: `2026-08-01T12:34:56.789Z` and `2026-08-01`, in UTC.

const DAY_HOURS: u64 = 24;

/// A time as hours since the Unix epoch, and whether it is within that hour, past its begin.
pub(super) fn parse(text: &str) -> Option<(u64, bool)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00"),
    };
    let mut parts = time.splitn(3, ':');
    let hour: u64 = number(parts.next()?, 2, 23)?;
    let minute = parts.next().map_or(Some(0), |text| number(text, 2, 59))?;
    let seconds = parts.next().unwrap_or("00");
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let within = minute + number(whole, 2, 60)? > 0 || fraction.bytes().any(|byte| byte != b'0');
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    Some((parse_date(date)? * DAY_HOURS + hour, within))
}

/// A date as days since the Unix epoch.
pub(super) fn parse_date(text: &str) -> Option<u64> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4, 9999)?;
    let month = number(parts.next()?, 2, 12)?;
    let day = number(parts.next()?, 2, 31)?;
    let valid = parts.next().is_none() && year >= 1970 && month > 0 && day > 0;
    valid.then(|| days_before(year, month) + day - 1)
}

pub(super) fn hour_text(hour: u64) -> String {
    format!("{}T{:02}:00:00Z", date_text(hour / DAY_HOURS), hour % DAY_HOURS)
}

pub(super) fn date_text(day: u64) -> String {
    let mut year = 1970 + day / 366;
    while days_before(year + 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days_before(year, *month) <= day).unwrap_or(1);
    format!("{year:04}-{month:02}-{:02}", day - days_before(year, month) + 1)
}

/// Days from the epoch to the first of a month.
fn days_before(year: u64, month: u64) -> u64 {
    const OF_MONTHS: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let past = year - 1;
    let leap_days = |years: u64| years / 4 - years / 100 + years / 400;
    let is_leap = leap_days(year) > leap_days(past);
    let of_month = OF_MONTHS.get(month as usize - 1).copied().unwrap_or(0);
    (year - 1970) * 365 + leap_days(past) - leap_days(1969)
        + of_month
        + u64::from(is_leap && month > 2)
}

fn number(text: &str, digits: usize, max: u64) -> Option<u64> {
    let valid = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| valid && *number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        for (text, day) in [
            ("1970-01-01", 0),
            ("1970-12-31", 364),
            ("2000-02-29", 11_016),
            ("2026-08-01", 20_666),
            ("2100-03-01", 47_541),
        ] {
            assert_eq!(parse_date(text), Some(day), "{text}");
            assert_eq!(date_text(day), text);
        }
        for day in 0..60_000 {
            assert_eq!(parse_date(&date_text(day)), Some(day));
        }
    }

    #[test]
    fn hours() {
        assert_eq!(parse("1970-01-02T03:04:05.678Z"), Some((27, true)));
        assert_eq!(parse("1970-01-02T03:00:00.000Z"), Some((27, false)));
        assert_eq!(parse("1970-01-02T03:00:00.001Z"), Some((27, true)));
        assert_eq!(parse("1970-01-02T03:00Z"), Some((27, false)));
        assert_eq!(parse("1970-01-02"), Some((24, false)));
        assert_eq!(hour_text(27), "1970-01-02T03:00:00Z");
    }

    #[test]
    fn no_times() {
        for text in [
            "",
            "now",
            "1970",
            "1970-01",
            "1969-12-31",
            "1970-13-01",
            "1970-00-01",
            "1970-1-1",
            "1970-01-01T",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:60Z",
            "1970-01-01T00:00:00.xZ",
            "+970-01-01",
            "1970-01-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
