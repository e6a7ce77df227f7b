//! Image results.

use std::fmt;

wire_object! {
    /// One image.
    #[derive(Default)]
    pub struct Image {
        /// A data URL, or a path below the workspace's FileStore.
        file_name: Option<String> = "fileName",
    }
}

impl Image {
    /// An image from its data URL or path.
    pub fn new(file_name: impl Into<String>) -> Self {
        Self {
            file_name: Some(file_name.into()),
            ..Self::default()
        }
    }

    /// Where the image is.
    pub fn source(&self) -> Option<ImageSource<'_>> {
        self.file_name.as_deref().map(ImageSource::parse)
    }
}

wire_object! {
    /// Several images.
    #[derive(Default)]
    pub struct Images {
        /// Data URLs, or paths below the workspace's FileStore.
        file_names: Option<Vec<String>> = "fileNames",
    }
}

impl Images {
    /// Images from their data URLs or paths.
    pub fn new(file_names: Vec<String>) -> Self {
        Self {
            file_names: Some(file_names),
            ..Self::default()
        }
    }

    /// Where the images are.
    pub fn sources(&self) -> impl Iterator<Item = ImageSource<'_>> {
        self.file_names.iter().flatten().map(|name| ImageSource::parse(name))
    }
}

/// Where an image is: in the answer itself, or in a file of the workspace.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageSource<'a> {
    /// A data URL with base64, such as `data:image/png;base64,…`.
    Data {
        /// The media type, for example `image/png`.
        media_type: &'a str,
        /// The base64 text.
        base64: &'a str,
    },
    /// A path such as `/plots/….png`: to be fetched below `/files` of the workspace.
    Path(&'a str),
}

impl<'a> ImageSource<'a> {
    fn parse(file_name: &'a str) -> Self {
        let data = || {
            let (head, base64) = file_name.strip_prefix("data:")?.split_once(',')?;
            Some(Self::Data {
                media_type: head.strip_suffix(";base64")?,
                base64,
            })
        };
        data().unwrap_or(Self::Path(file_name))
    }

    /// The image's bytes, when they are in the answer and their base64 is sound.
    ///
    /// ```
    /// use dbx12_types::Image;
    /// let image = Image::new("data:image/png;base64,iVBORw0KGgo=");
    /// assert_eq!(image.source().unwrap().decode().unwrap(), b"\x89PNG\r\n\x1a\n");
    /// ```
    pub fn decode(&self) -> Option<Vec<u8>> {
        match self {
            Self::Data { base64, .. } => decode_base64(base64),
            Self::Path(_) => None,
        }
    }
}

impl fmt::Debug for ImageSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { media_type, base64 } => write!(f, "Data({media_type}, {} characters)", base64.len()),
            Self::Path(path) => write!(f, "Path({path:?})"),
        }
    }
}

/// Standard base64; whitespace is skipped and padding optional. By hand, so that this crate needs serde alone.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end().trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for character in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    // Six bits left over are half a byte: the text was cut.
    (bits != 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_and_broken_base64_is_not() {
        assert_eq!(decode_base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(decode_base64("aGVs\nbG8").unwrap(), b"hello");
        assert_eq!(decode_base64("").unwrap(), b"");
        assert_eq!(decode_base64("aGVsb"), None);
        assert_eq!(decode_base64("a!"), None);
    }

    #[test]
    fn a_path_is_a_path() {
        let images = Images::new(vec!["/plots/1.png".to_owned(), "data:image/png,raw".to_owned()]);
        let sources: Vec<_> = images.sources().collect();
        assert_eq!(
            sources,
            [
                ImageSource::Path("/plots/1.png"),
                ImageSource::Path("data:image/png,raw")
            ]
        );
        assert_eq!(sources[0].decode(), None);
    }
}
