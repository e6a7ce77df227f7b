//! The languages whose code can be asked for.

mod python;
mod scala;

use super::Marker;
use dbx12_api::types::Language;

/// How a context is made to remember which code of a language came, and how it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Python,
    Scala,
}

impl Dialect {
    /// `None` for SQL, whose statements cannot tell that they came, and for R.
    pub(super) fn of(language: &Language) -> Option<Self> {
        match language {
            Language::Python => Some(Self::Python),
            Language::Scala => Some(Self::Scala),
            _ => None,
        }
    }

    pub(super) fn language(self) -> Language {
        match self {
            Self::Python => Language::Python,
            Self::Scala => Language::Scala,
        }
    }

    /// Code that sets up a watch: from then on the marks of a generation are remembered.
    pub(super) fn install(self, generation: &str) -> String {
        match self {
            Self::Python => python::install(generation),
            Self::Scala => scala::install(generation),
        }
    }

    /// The mark of a command. Of those in `answered` nothing has to be remembered any more.
    pub(super) fn marker(self, generation: &str, number: u64, answered: &[u64]) -> Marker {
        match self {
            Self::Python => python::marker(generation, number),
            Self::Scala => scala::marker(generation, number, answered),
        }
    }

    /// The code with its mark; `None` where the mark would change what the code does.
    pub(super) fn put_on(self, marker: &Marker, code: &str) -> Option<String> {
        match self {
            Self::Python => python::put_on(marker, code),
            Self::Scala => scala::put_on(marker, code),
        }
    }

    /// Code that says behind the token what became of a command: `seen`, or `burned`, which it also makes it. Anything else is
    /// no answer. `own` is a number that no other command has.
    pub(super) fn question(self, token: &str, generation: &str, number: u64, own: u64) -> String {
        match self {
            Self::Python => python::question(token, generation, number, own),
            Self::Scala => scala::question(token, generation, number),
        }
    }

    /// Whether code may start the language anew, and then the watch is gone. A wrong guess costs one small command.
    pub(super) fn may_restart(self, code: &str) -> bool {
        match self {
            Self::Python => python::may_restart(code),
            Self::Scala => false,
        }
    }
}
