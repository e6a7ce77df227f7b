//! What of a result was followed already.

use crate::Outcome;
use dbx12_api::types::Results;

/// Remembers text by its length and a hash (FNV-1a): it may be long, and is not kept.
#[derive(Debug)]
pub(super) struct Shown {
    /// Without the newlines at its end: a server takes one off its results.
    length: usize,
    hash: u64,
    newlines: usize,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            length: 0,
            hash: 0xcbf2_9ce4_8422_2325,
            newlines: 0,
        }
    }
}

impl Shown {
    pub(super) fn note(&mut self, text: &str) {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.newlines += 1;
                continue;
            }
            for _ in 0..std::mem::take(&mut self.newlines) {
                self.add(b'\n');
            }
            self.add(byte);
        }
    }

    fn add(&mut self, byte: u8) {
        self.length += 1;
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    /// See [`Followed::rest`](super::Followed::rest).
    pub(super) fn rest(&self, outcome: &Outcome) -> Option<String> {
        let text = match outcome {
            Outcome::Finished(Results::Text(text)) => text.as_str(),
            Outcome::Finished(Results::Empty(_)) => "",
            _ => return None,
        };
        let (beginning, rest) = text.split_at_checked(self.length)?;
        let mut same = Self::default();
        same.note(beginning);
        let is_same = same.newlines == 0 && (same.length, same.hash) == (self.length, self.hash);
        is_same.then(|| {
            let newlines = rest.bytes().take_while(|byte| *byte == b'\n').count();
            rest[newlines.min(self.newlines)..].to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(chunks: &[&str], result: &str) -> Option<String> {
        let mut shown = Shown::default();
        chunks.iter().for_each(|chunk| shown.note(chunk));
        shown.rest(&Outcome::Finished(Results::text(result)))
    }

    #[test]
    fn what_was_followed_is_not_shown_again() {
        for (chunks, result, expected) in [
            (&[][..], "all", Some("all")),
            (&["a\n", "b\n"], "a\nb", Some("")),
            (&["a\n"], "a\n42", Some("42")),
            (&["a", "\n", "\nb\n\n"], "a\n\nb\n\n\nx", Some("\nx")),
            (&["\n"], "", Some("")),
            (&["a\n"], "child\na", None),
            (&["long"], "lo", None),
            (&["é"], "e\u{301}", None),
        ] {
            assert_eq!(rest(chunks, result).as_deref(), expected, "{chunks:?} {result:?}");
        }
        assert_eq!(Shown::default().rest(&Outcome::Cancelled), None);
    }
}
