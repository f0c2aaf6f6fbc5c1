//! A time as clients write it: RFC 3339, `2026-08-01T12:00:00.5+02:00`, or seconds since 1970.

use super::RestError;

const FORMS: &str = "write it as 2026-08-01T12:00:00Z, or as seconds since 1970";

/// Milliseconds since 1970. What is finer is cut off.
pub fn parse_timestamp(text: &str) -> Result<u64, RestError> {
    let text = text.trim();
    seconds_since_1970(text)
        .or_else(|| rfc_3339(text))
        .and_then(|ms| u64::try_from(ms).ok())
        .ok_or_else(|| RestError::Malformed(format!("The timestamp {text:?} is none: {FORMS}")))
}

fn seconds_since_1970(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    // A date in the far future is likelier milliseconds than meant.
    let whole = digits(whole, 1..=11)?;
    Some(whole * 1_000 + milliseconds(fraction)?)
}

fn rfc_3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let mut date = date.splitn(3, '-');
    let (year, month) = (digits(date.next()?, 4..=4)?, digits(date.next()?, 2..=2)?);
    let day = digits(date.next()?, 2..=2)?;
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (digits(time.next()?, 2..=2)?, digits(time.next()?, 2..=2)?);
    let second = digits(time.next()?, 2..=2)?;
    let (fraction_ms, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            (milliseconds(&rest[..end])?, &rest[end..])
        }
        None => (0, rest),
    };
    let real = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !real {
        return None;
    }
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute;
    Some(((minutes - zone_minutes(zone)?) * 60 + second) * 1_000 + fraction_ms)
}

fn zone_minutes(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, zone) = match zone.strip_prefix('+') {
        Some(zone) => (1, zone),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = zone.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2..=2)?, digits(minutes, 2..=2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit()) && length.contains(&text.len());
    if all { text.parse().ok() } else { None }
}

/// Of the digits after the point.
fn milliseconds(fraction: &str) -> Option<i64> {
    digits(fraction, 1..=18)?;
    digits(&format!("{fraction}00")[..3], 3..=3)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before =
        |year: i64| (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    before(year) - before(1970) + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-08-01T12:00:00.000Z", 1_785_585_600_000),
            ("2026-08-01T14:30:00.5+02:30", 1_785_585_600_500),
            ("2026-08-01 07:00:00.123456-05:00", 1_785_585_600_123),
            ("2000-02-29t23:59:59z", 951_868_799_000),
            ("1785585600", 1_785_585_600_000),
            (" 1785585600.25 ", 1_785_585_600_250),
            ("0", 0),
        ] {
            assert_eq!(parse_timestamp(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn refusals() {
        for text in [
            "",
            "now",
            "-1",
            "1785585600000",
            "2026-08-01",
            "2026-08-01T12:00",
            "2026-08-01T12:00:00",
            "2026-02-29T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-08-01T24:00:00Z",
            "2026-08-01T12:00:00+0200",
            "2026-08-01T12:00:00.Z",
            "2026-08-01T12:00:00.5",
            "1969-12-31T23:59:59Z",
            "2026-08-0é",
            "１",
        ] {
            let error = parse_timestamp(text).unwrap_err();
            assert_eq!(error.status(), 400, "{text}");
        }
    }
}
