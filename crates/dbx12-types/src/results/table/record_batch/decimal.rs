//! Decimal numbers, exactly.

use crate::results::table::number::Parts;

/// The number in units of the last digit that `scale` keeps: 1.10 is 110 with scale 2. `None` when it is no number, or
/// has digits that `decimal(precision,scale)` does not keep.
pub(super) fn parse(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let Parts {
        negative,
        whole,
        fraction,
        exponent,
    } = Parts::of(text)?;
    // The number is its significant digits, as a whole number, times ten to the power of `exponent`.
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    let dropped = i64::try_from(significant.len() - kept.len()).ok()?;
    let exponent = i64::from(exponent) - i64::try_from(fraction.len()).ok()? + dropped;
    let zeros = usize::try_from(exponent + i64::from(scale)).ok()?;
    if kept.len().checked_add(zeros)? > usize::from(precision) {
        return None;
    }
    let number = kept
        .parse::<i128>()
        .ok()?
        .checked_mul(10i128.checked_pow(u32::try_from(zeros).ok()?)?)?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_are_counted_in_their_last_digit() {
        for (text, precision, scale, expected) in [
            ("1.10", 4, 2, 110),
            ("-1.1", 4, 2, -110),
            ("0", 1, 0, 0),
            ("-0.000", 1, 0, 0),
            ("0e999999999", 1, 0, 0),
            ("007", 1, 0, 7),
            ("1.5E+3", 4, 0, 1500),
            ("15e-1", 2, 1, 15),
            ("99.99", 4, 2, 9999),
            ("1.1000000", 3, 2, 110),
            ("0.00000000000000000000000000000000000001", 38, 38, 1),
            ("1200", 2, -2, 12),
            (
                "99999999999999999999999999999999999999",
                38,
                0,
                99_999_999_999_999_999_999_999_999_999_999_999_999,
            ),
        ] {
            assert_eq!(parse(text, precision, scale), Some(expected), "{text}");
        }
    }

    #[test]
    fn digits_that_are_not_kept_are_refused() {
        for (text, precision, scale) in [
            ("1.105", 4, 2),
            ("100", 4, 2),
            ("99.999", 4, 2),
            ("1250", 2, -2),
            ("1e38", 38, 0),
            ("1e999999999", 38, 0),
            ("1e-999999999", 38, 38),
            ("1e99999999999", 38, 0),
        ] {
            assert_eq!(parse(text, precision, scale), None, "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "", "-", ".5", "5.", "+1", "1,5", "1 ", "NaN", "1e", "1e+", "--1", "1.-5", "0x1", "١",
        ] {
            assert_eq!(parse(text, 38, 10), None, "{text}");
        }
    }
}
