//! Decimal numbers as text.

/// The parts of a decimal number: `-1.50e3`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "arrow"),
    expect(dead_code, reason = "cells only ask whether text is a number; Arrow asks which")
)]
pub(super) struct Parts<'a> {
    pub(super) negative: bool,
    /// The digits before the point: at least one.
    pub(super) whole: &'a str,
    /// The digits after it. Empty without a point.
    pub(super) fraction: &'a str,
    /// Zero without an `e`.
    pub(super) exponent: i32,
}

impl<'a> Parts<'a> {
    /// The parts of `text`. `None` when it is no decimal number, or its exponent is beyond all reason.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        let sound = !whole.is_empty() && is_number(whole) && is_number(fraction);
        sound.then_some(Self {
            negative,
            whole,
            fraction,
            exponent,
        })
    }
}
