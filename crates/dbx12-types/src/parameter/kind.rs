//! Of what kind a value is, as far as SQL's and Scala's collections care.

use super::Parameter;
use super::decimal::MOST_DIGITS;

/// The kind of a value. Values of one kind can stand in one SQL array without being converted into something else.
#[derive(Clone, PartialEq)]
pub(super) enum Kind {
    /// Of any kind: `NULL`, or what an empty list holds.
    Any,
    /// A number with a point needs as many digits as the longest on either side.
    Decimal {
        whole: usize,
        fraction: usize,
    },
    /// Anything else that is no collection.
    Plain(std::mem::Discriminant<Parameter>),
    List(Box<Kind>),
    Map(Box<Kind>),
}

impl Kind {
    /// `None` when a collection in it mixes kinds.
    pub(super) fn of(parameter: &Parameter) -> Option<Self> {
        Some(match parameter {
            Parameter::Null => Self::Any,
            Parameter::Decimal(decimal) => {
                let (whole, fraction) = decimal.digits();
                Self::Decimal { whole, fraction }
            }
            Parameter::List(items) => Self::List(Box::new(Self::common(items)?)),
            Parameter::Map(entries) => Self::Map(Box::new(Self::common(entries.values())?)),
            plain => Self::Plain(std::mem::discriminant(plain)),
        })
    }

    /// The one kind of all of them; `None` when there is none.
    pub(super) fn common<'a>(items: impl IntoIterator<Item = &'a Parameter>) -> Option<Self> {
        items
            .into_iter()
            .try_fold(Self::Any, |common, item| common.with(Self::of(item)?))
    }

    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, kind) | (kind, Self::Any) => Some(kind),
            (Self::List(one), Self::List(other)) => Some(Self::List(Box::new(one.with(*other)?))),
            (Self::Map(one), Self::Map(other)) => Some(Self::Map(Box::new(one.with(*other)?))),
            (Self::Decimal { whole, fraction }, Self::Decimal { whole: w, fraction: f }) => {
                let (whole, fraction) = (whole.max(w), fraction.max(f));
                (whole + fraction <= MOST_DIGITS).then_some(Self::Decimal { whole, fraction })
            }
            (one, other) => (one == other).then_some(one),
        }
    }
}
