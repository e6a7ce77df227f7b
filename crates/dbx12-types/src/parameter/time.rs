//! Days and points in time, in the years 1 to 9999: what Python and SQL can hold. By the Gregorian calendar throughout.

use super::ParameterError;
use std::fmt;
use std::str::FromStr;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A day of the years 1 to 9999.
///
/// ```
/// use dbx12_types::parameter::Date;
/// assert_eq!("2024-02-29".parse::<Date>()?, Date::new(2024, 2, 29).unwrap());
/// assert!("2023-02-29".parse::<Date>().is_err());
/// # Ok::<_, dbx12_types::ParameterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day; `None` when there is no such day in the years 1 to 9999. Months and days count from 1.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year) && (1..=days_in_month(year, month)?).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// The year, from 1.
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The month, from 1.
    pub fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(&self) -> u8 {
        self.day
    }

    /// The days since 1970-01-01. After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in
    /// March, so that a leap day is a year's last.
    fn days_since_epoch(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_TO_EPOCH
    }

    /// The inverse of [`days_since_epoch`](Self::days_since_epoch); `None` outside of the years 1 to 9999.
    fn from_days_since_epoch(days: i64) -> Option<Self> {
        let days = days.checked_add(DAYS_TO_EPOCH)?;
        let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = (march_month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self::new(
            u16::try_from(year).ok()?,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }
}

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;
/// In 400 years.
const DAYS_PER_ERA: i64 = 146_097;

fn days_in_month(year: u16, month: u8) -> Option<u8> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// From `YYYY-MM-DD`.
impl FromStr for Date {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        parse_date(text).ok_or(ParameterError::Date)
    }
}

/// As `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A point in time of the years 1 to 9999, to the microsecond.
///
/// A time of day without an offset from UTC is no point in time, and is refused: which it means depends on the session's
/// time zone.
///
/// ```
/// use dbx12_types::parameter::Timestamp;
/// let time: Timestamp = "2024-02-29T12:30:00.5+02:00".parse()?;
/// assert_eq!(time.to_string(), "2024-02-29T10:30:00.500000Z");
/// assert_eq!(time, Timestamp::from_unix_micros(1_709_202_600_500_000).unwrap());
/// # Ok::<_, dbx12_types::ParameterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    micros: i64,
}

/// A point in time as a calendar and a clock in UTC show it.
pub(super) struct Clock {
    pub(super) date: Date,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micro: i64,
}

impl Timestamp {
    /// The point in time so many microseconds after 1970-01-01T00:00:00Z; `None` outside of the years 1 to 9999.
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        let days = micros.div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND);
        Date::from_days_since_epoch(days).map(|_| Self { micros })
    }

    /// Microseconds after 1970-01-01T00:00:00Z; negative before.
    pub fn unix_micros(&self) -> i64 {
        self.micros
    }

    pub(super) fn clock(self) -> Clock {
        let seconds = self.micros.div_euclid(MICROS_PER_SECOND);
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let date = Date::from_days_since_epoch(seconds.div_euclid(SECONDS_PER_DAY));
        Clock {
            // There is one: it was looked for when the value was made.
            date: date.unwrap_or(Date {
                year: 1,
                month: 1,
                day: 1,
            }),
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            micro: self.micros.rem_euclid(MICROS_PER_SECOND),
        }
    }
}

/// From RFC 3339: `YYYY-MM-DDThh:mm:ss`, at most six digits of a second's fraction, and `Z` or an offset `±hh:mm`.
impl FromStr for Timestamp {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        parse_timestamp(text).ok_or(ParameterError::Timestamp)
    }
}

/// As RFC 3339 in UTC, with six digits of a second's fraction.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Clock {
            date,
            hour,
            minute,
            second,
            micro,
        } = self.clock();
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z")
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    Date::new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.splitn(3, ':');
    let mut part = |limit| number(parts.next()?, 2).filter(|number| *number < limit);
    let (hour, minute, second) = (part(24)?, part(60)?, part(60)?);
    let seconds = parse_date(date)?.days_since_epoch() * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second;
    let micros = number(&format!("{fraction:0<6}"), 6).filter(|_| !fraction.is_empty())?;
    Timestamp::from_unix_micros((seconds - parse_offset(zone)?) * MICROS_PER_SECOND + micros)
}

/// `Z` or `±hh:mm`, in seconds.
fn parse_offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    #[test]
    fn days_are_counted_as_the_calendar_counts() {
        let days = |text: &str| text.parse::<Date>().unwrap().days_since_epoch();
        assert_eq!(days("1970-01-01"), 0);
        assert_eq!(days("2000-03-01"), 11_017);
        assert_eq!(days("0001-01-01"), -719_162);
        assert_eq!(days("9999-12-31"), 2_932_896);
        assert_eq!(Date::from_days_since_epoch(-719_163), None);
        assert_eq!(Date::from_days_since_epoch(2_932_897), None);
        assert_eq!(Date::from_days_since_epoch(i64::MAX), None);
    }

    #[test]
    fn days_there_and_back() {
        for days in (-719_162..=2_932_896).step_by(11) {
            assert_eq!(Date::from_days_since_epoch(days).unwrap().days_since_epoch(), days);
        }
    }

    #[test]
    fn what_is_no_day_or_point_in_time_is_refused() {
        for text in [
            "",
            "2024-1-01",
            "2024-13-01",
            "2024-04-31",
            "1900-02-29",
            "0000-01-01",
            "2024-01-01Z",
            "+024-01-01",
        ] {
            assert_eq!(text.parse::<Date>(), Err(ParameterError::Date), "{text}");
        }
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567Z",
            "2024-01-01T00:00:00+0200",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(ParameterError::Timestamp), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_point_in_time_survives_its_text(micros in -62_135_596_800_000_000i64..=253_402_300_799_999_999) {
            let time = Timestamp::from_unix_micros(micros).unwrap();
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[0-9TZ:.+-]{0,30}") {
            let _ = (text.parse::<Date>(), text.parse::<Timestamp>());
        }
    }
}
