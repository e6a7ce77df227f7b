//! The wall clock, and the dates that servers and tools write.

use std::time::{Duration, SystemTime};

/// The time of the wall clock. Deadlines and waits use `tokio::time::Instant` instead.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that reads the wall clock"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// A date and a time with its offset (RFC 3339): `2026-11-22T18:35:00.25+02:00`. Fractions of a second are dropped.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        all_digits.then(|| digits.parse().ok())?
    };
    let separator = |at: usize, of: &[u8]| text.as_bytes().get(at).is_some_and(|byte| of.contains(byte));
    let separated =
        separator(4, b"-") && separator(7, b"-") && separator(10, b"Tt ") && separator(13, b":") && separator(16, b":");
    if !separated {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let zone = text.get(19..)?;
    let zone = zone.strip_prefix('.').map_or(zone, |fraction| {
        fraction.trim_start_matches(|digit: char| digit.is_ascii_digit())
    });
    let offset = offset_seconds(zone)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset;
    let seconds = u64::try_from(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |text: &str| -> Option<i64> { (text.len() == 2).then(|| text.parse().ok())? };
    Some(sign * (two_digits(hours)? * 60 + two_digits(minutes)?) * 60)
}

/// Days in the Gregorian calendar, counted in years that begin in March so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(text: &str) -> Option<u64> {
        let time = parse_rfc3339(text)?;
        Some(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_with_their_offsets_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-22T18:35:00Z", 1_795_372_500),
            ("2026-11-22T20:35:00.123456789+02:00", 1_795_372_500),
            ("2026-11-22t13:05:00.5-05:30", 1_795_372_500),
            ("2100-03-01 00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(epoch(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2026",
            "2026-11-22",
            "2026-11-22T18:35:00",
            "2026-13-22T18:35:00Z",
            "2026-11-22T18:35:00+2",
            "2026-11-22T1é:35:00Z",
            "1969-12-31T23:59:59Z",
            "+026-11-22T18:35:00Z",
        ] {
            assert_eq!(epoch(text), None, "{text}");
        }
    }
}
