//! Dates and timestamps from the text that Spark writes, in the proleptic Gregorian calendar.

/// What is expected of a date.
pub(super) const DATE: &str = "a date from the year 0 on, such as 2024-02-29";
/// What is expected of a moment.
pub(super) const TIMESTAMP: &str =
    "a timestamp from the year 0 on, with its offset from UTC, such as 2024-02-29T12:00:00.000+0000";
/// What is expected of a date and time without a zone.
pub(super) const TIMESTAMP_NTZ: &str =
    "a timestamp from the year 0 on, without an offset, such as 2024-02-29T12:00:00.000";

const MICROSECONDS: i64 = 1_000_000;

/// The days since 1970-01-01.
pub(super) fn date(text: &str) -> Option<i32> {
    let (days, rest) = day(text)?;
    if !rest.is_empty() {
        return None;
    }
    i32::try_from(days).ok()
}

/// The microseconds since 1970-01-01 00:00 UTC, of a date and time with an offset.
pub(super) fn timestamp(text: &str) -> Option<i64> {
    let (local, rest) = date_and_time(text)?;
    local.checked_sub(offset(rest)? * MICROSECONDS)
}

/// The microseconds since 1970-01-01 00:00, of a date and time without an offset.
pub(super) fn timestamp_ntz(text: &str) -> Option<i64> {
    let (local, rest) = date_and_time(text)?;
    rest.is_empty().then_some(local)
}

/// The days since 1970-01-01, of `2024-02-29` and years of up to six digits, and what follows.
fn day(text: &str) -> Option<(i64, &str)> {
    // A plus is how Spark begins years of more than four digits.
    let text = text.strip_prefix('+').unwrap_or(text);
    let (year, text) = text.split_once('-')?;
    if !(4..=6).contains(&year.len()) || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = year.parse().ok()?;
    let (month, text) = two_digits(text)?;
    let (day, rest) = two_digits(text.strip_prefix('-')?)?;
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    exists.then(|| (days_since_1970(year, month, day), rest))
}

/// The microseconds since 1970-01-01 00:00, and what follows. Seconds and their fraction may be left out.
fn date_and_time(text: &str) -> Option<(i64, &str)> {
    let (days, rest) = day(text)?;
    let (hour, rest) = two_digits(rest.strip_prefix(['T', ' '])?)?;
    let (minute, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => two_digits(rest)?,
        None => (0, rest),
    };
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => microseconds(rest)?,
        None => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds.checked_mul(MICROSECONDS)?.checked_add(fraction)?, rest))
}

/// The fraction of a second whose digits `text` begins with. Digits beyond microseconds must be zeros.
fn microseconds(text: &str) -> Option<(i64, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let (kept, beyond) = digits.split_at(digits.len().min(6));
    if kept.is_empty() || beyond.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let fraction: i64 = kept.parse().ok()?;
    Some((fraction * 10i64.pow(6 - u32::try_from(kept.len()).ok()?), rest))
}

/// The seconds of an offset from UTC: `Z`, `+02`, `+0200` or `+02:00`, at most 18 hours.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = two_digits(text.get(1..)?)?;
    let (minutes, rest) = match rest {
        "" => (0, ""),
        rest => two_digits(rest.strip_prefix(':').unwrap_or(rest))?,
    };
    let seconds = hours * 3600 + minutes * 60;
    let sound = rest.is_empty() && minutes < 60 && seconds <= 18 * 3600;
    sound.then_some(sign * seconds)
}

fn two_digits(text: &str) -> Option<(i64, &str)> {
    let [tens, ones, ..] = text.as_bytes() else {
        return None;
    };
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| (i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), &text[2..]))
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days since 1970-01-01. Years are counted from March, so that the leap day comes last, in cycles of 400 years; see
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_cycle = year * 365 + year / 4 - year / 100 + day_of_year;
    cycle * DAYS_IN_400_YEARS + day_of_cycle - DAYS_FROM_YEAR_0_TO_1970
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        let mut expected = date("1600-01-01").unwrap();
        for year in 1600..=2400 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let text = format!("{year}-{month:02}-{day:02}");
                    if day <= days_in(year, month) {
                        assert_eq!(date(&text), Some(expected), "{text}");
                        expected += 1;
                    } else {
                        assert_eq!(date(&text), None, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn dates_are_days_since_1970() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2024-02-29", 19_782),
            ("2000-02-29", 11_016),
            ("0001-01-01", -719_162),
            ("0000-01-01", -719_528),
            ("0000-02-29", -719_469),
            ("9999-12-31", 2_932_896),
            ("+10000-01-01", 2_932_897),
        ] {
            assert_eq!(date(text), Some(days), "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "-0044-03-15",
            "44-03-15",
            "2024-1-1",
            "2024-01-01T",
            "2024/01/01",
            "20240101",
            "1000000-01-01",
            "",
            "2024-01-0é",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_are_microseconds_since_1970_in_utc() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000+0000", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01 00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2024-02-29T12:34:56.789+0000", 1_709_210_096_789_000),
            ("2024-02-29T12:34:56.789123+05:30", 1_709_190_296_789_123),
            ("2024-02-29 12:34:56.7-08", 1_709_238_896_700_000),
            ("2024-02-29T12:34:56.123456000+00:00", 1_709_210_096_123_456),
            ("1970-01-01T18:00:00+18:00", 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ] {
            assert_eq!(timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(timestamp_ntz("1970-01-01T00:00:01.5"), Some(1_500_000));
        assert_eq!(timestamp_ntz("1970-01-01 00:01"), Some(60_000_000));
    }

    #[test]
    fn other_timestamps_are_refused() {
        for text in [
            "2024-02-29T12:00:00",
            "2024-02-29",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:60:00Z",
            "2024-02-29T12:00:60Z",
            "2024-02-29T12:00:00.Z",
            "2024-02-29T12:00:00.1234567Z",
            "2024-02-29T12:00:00+1",
            "2024-02-29T12:00:00+18:01",
            "2024-02-29T12:00:00+01:60",
            "2024-02-29T12:00:00 UTC",
            "-0001-01-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "294248-01-01T00:00:00Z",
            "2024-02-29T12Z",
            "2024-02-29T12:00:00+01:00:00",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
        for text in ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00+0000", "2024-02-29"] {
            assert_eq!(timestamp_ntz(text), None, "{text}");
        }
    }
}
