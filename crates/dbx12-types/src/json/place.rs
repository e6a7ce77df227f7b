//! Where in JSON something is.

use super::scan::Token;

/// Where in JSON the value is that could not be decoded, and how deep decoding is in it.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Written from its end, while an error goes up.
    path: String,
    depth: u8,
}

/// As deep as `serde_json` goes, so that no text can exhaust the stack.
const MAX_DEPTH: u8 = 127;

impl Place {
    /// The path: `items[2].price`. Empty for the value that decoding began with.
    pub(crate) fn into_path(self) -> String {
        match self.path.strip_prefix('.') {
            Some(path) => path.to_owned(),
            None => self.path,
        }
    }

    /// Goes into an array or an object. False when that is too deep.
    pub(super) fn enter(&mut self) -> bool {
        let enters = self.depth < MAX_DEPTH;
        self.depth += u8::from(enters);
        enters
    }

    /// Leaves it.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Forgets an error that whoever asked got over.
    pub(super) fn forget(&mut self) {
        self.path.clear();
    }

    pub(crate) fn below_index(&mut self, index: usize) {
        self.path.insert_str(0, &format!("[{index}]"));
    }

    pub(super) fn below_key(&mut self, key: Token<'_>) {
        let is_name =
            |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let step = match key.plain().filter(is_name) {
            Some(name) => format!(".{name}"),
            None => format!("[{}]", key.text),
        };
        self.path.insert_str(0, &step);
    }
}
