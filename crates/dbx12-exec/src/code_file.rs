//! Code in a file of this machine.

use crate::ExecError;
use std::path::Path;

/// What some editors put before a text: UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The code in a file of this machine, without a byte order mark.
///
/// # Errors
/// [`ExecError::File`] when the file cannot be read or is not UTF-8.
pub fn read_code(path: &Path) -> Result<String, ExecError> {
    let file_error = |reason: String| ExecError::File {
        path: path.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| file_error(error.to_string()))?;
    // A byte order mark is no part of the program; interpreters skip it in files too.
    let code = bytes
        .strip_prefix(BYTE_ORDER_MARK)
        .map_or_else(|| bytes.clone(), <[u8]>::to_vec);
    String::from_utf8(code).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        file_error(format!("it is not UTF-8 text (byte {at})"))
    })
}
