//! Reading JSON text that was found to be sound: without decoding it, and straight into what the caller wants.

mod inside;
mod key;
mod place;
pub(crate) mod scan;
mod value;

pub(crate) use place::Place;
pub(crate) use value::{JsonText, decode};
