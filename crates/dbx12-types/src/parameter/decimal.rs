//! Exact decimal numbers.

use super::ParameterError;
use std::fmt;

/// Spark's longest decimal.
pub(super) const MOST_DIGITS: usize = 38;

/// An exact decimal number of at most 38 digits: digits, and optionally a sign, a point and more digits. Zeros after the
/// point count, so `1.50` stays `1.50`.
///
/// ```
/// use dbx12_types::parameter::Decimal;
/// assert_eq!("-12.50".parse::<Decimal>()?.to_string(), "-12.50");
/// assert!("1e5".parse::<Decimal>().is_err());
/// # Ok::<_, dbx12_types::ParameterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// Digits, at least one before a point, without needless zeros at the front.
    magnitude: String,
}

impl Decimal {
    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The number without its sign.
    pub(super) fn magnitude(&self) -> &str {
        &self.magnitude
    }

    /// How many digits are before and after the point; none before it when they are zero.
    pub(super) fn digits(&self) -> (usize, usize) {
        let (whole, fraction) = self.magnitude.split_once('.').unwrap_or((&self.magnitude, ""));
        (whole.trim_start_matches('0').len(), fraction.len())
    }
}

impl std::str::FromStr for Decimal {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(ParameterError::Decimal),
            None => (unsigned, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
            return Err(ParameterError::Decimal);
        }
        let significant = whole.trim_start_matches('0');
        if significant.len() + fraction.len() > MOST_DIGITS {
            return Err(ParameterError::Decimal);
        }
        let whole = if significant.is_empty() { "0" } else { significant };
        let point = if fraction.is_empty() { "" } else { "." };
        let is_zero = significant.is_empty() && fraction.bytes().all(|digit| digit == b'0');
        Ok(Self {
            negative: text.starts_with('-') && !is_zero,
            magnitude: format!("{whole}{point}{fraction}"),
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}", self.magnitude)
    }
}
