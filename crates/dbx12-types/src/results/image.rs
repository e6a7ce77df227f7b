//! Image results.

mod file_store;

use crate::base64;
use std::borrow::Cow;
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
        /// The media type as written, for example `image/png`.
        media_type: &'a str,
        /// The base64 text.
        base64: &'a str,
    },
    /// A data URL without base64, such as `data:image/svg+xml,%3Csvg…`.
    PercentEncoded {
        /// The media type as written, for example `image/svg+xml;charset=utf-8`.
        media_type: &'a str,
        /// The percent-encoded text.
        text: &'a str,
    },
    /// A path such as `/plots/….png` below the workspace's FileStore: see [`url_path`](Self::url_path).
    Path(&'a str),
}

impl<'a> ImageSource<'a> {
    /// Reads a `fileName`. Whatever is no data URL (RFC 2397) is a path.
    pub(super) fn parse(file_name: &'a str) -> Self {
        let scheme = file_name.get(..5).unwrap_or_default();
        let data = file_name.get(5..).and_then(|rest| rest.split_once(','));
        match data.filter(|_| scheme.eq_ignore_ascii_case("data:")) {
            None => Self::Path(file_name),
            Some((head, text)) => match head.strip_suffix(";base64") {
                Some(media_type) => Self::Data {
                    media_type,
                    base64: text,
                },
                None => Self::PercentEncoded { media_type: head, text },
            },
        }
    }

    /// The image's media type without parameters, such as `image/png`: as the data URL says, or by a path's ending.
    /// `None` when neither tells.
    pub fn media_type(&self) -> Option<&'a str> {
        match self {
            Self::Data { media_type, .. } | Self::PercentEncoded { media_type, .. } => {
                let essence = media_type.split(';').next().unwrap_or_default().trim();
                (!essence.is_empty()).then_some(essence)
            }
            Self::Path(path) => {
                let (_, ending) = path.rsplit_once('.')?;
                let ending = ending.to_ascii_lowercase();
                MEDIA_TYPES
                    .iter()
                    .find(|(known, _)| *known == ending)
                    .map(|(_, it)| *it)
            }
        }
    }

    /// The image's bytes, when they are in the answer and sound. Base64 may be of either alphabet, padded or not, and
    /// percent-encoded.
    ///
    /// ```
    /// use dbx12_types::Image;
    /// let image = Image::new("data:image/png;base64,iVBORw0KGgo=");
    /// assert_eq!(image.source().unwrap().decode().unwrap(), b"\x89PNG\r\n\x1a\n");
    /// ```
    pub fn decode(&self) -> Option<Vec<u8>> {
        match self {
            Self::Data { base64, .. } => {
                let text = percent_decoded(base64);
                base64::decode_lenient(std::str::from_utf8(&text).ok()?)
            }
            Self::PercentEncoded { text, .. } => Some(percent_decoded(text).into_owned()),
            Self::Path(_) => None,
        }
    }

    /// Where to fetch the image, below the workspace's URL and with its credentials: `/files/plots/….png`,
    /// percent-encoded.
    ///
    /// `None` when the image is in the answer, or when the path could lead out of the FileStore: the path comes from a
    /// server, and a client must not let it choose what else to fetch.
    ///
    /// ```
    /// use dbx12_types::Image;
    /// let image = Image::new("/plots/a b.png");
    /// assert_eq!(image.source().unwrap().url_path().unwrap(), "/files/plots/a%20b.png");
    /// ```
    pub fn url_path(&self) -> Option<String> {
        match self {
            Self::Path(path) => file_store::url_path(path),
            _ => None,
        }
    }

    /// The image's path in DBFS: `/FileStore/plots/….png`. `None` as for [`url_path`](Self::url_path).
    pub fn dbfs_path(&self) -> Option<String> {
        match self {
            Self::Path(path) => file_store::dbfs_path(path),
            _ => None,
        }
    }
}

impl fmt::Debug for ImageSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { media_type, base64 } => write!(f, "Data({media_type}, {} characters)", base64.len()),
            Self::PercentEncoded { media_type, text } => {
                write!(f, "PercentEncoded({media_type}, {} characters)", text.len())
            }
            Self::Path(path) => write!(f, "Path({path:?})"),
        }
    }
}

/// By a file's ending.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// The bytes with every `%XX` replaced by the byte it stands for; a `%` without two digits stays.
fn percent_decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match tail {
            [high, low, tail @ ..] if *first == b'%' => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, tail),
                _ => (*first, &rest[1..]),
            },
            tail => (*first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    Cow::Owned(bytes)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    fn source(file_name: &str) -> ImageSource<'_> {
        ImageSource::parse(file_name)
    }

    #[test]
    fn data_urls_are_decoded_however_they_are_written() {
        for url in [
            "data:image/png;base64,+/8=",
            "DATA:image/png;base64,-_8",
            "data:image/png;charset=x;base64,%2B%2F8%3D",
            "data:image/png,%FB%ff",
        ] {
            assert_eq!(source(url).decode().unwrap(), [0xfb, 0xff], "{url}");
            assert_eq!(source(url).media_type(), Some("image/png"), "{url}");
        }
        assert_eq!(source("data:,100%").decode().unwrap(), b"100%");
        assert_eq!(source("data:,a").media_type(), None);
        assert_eq!(source("data:image/png;base64,???").decode(), None);
    }

    #[test]
    fn a_path_is_a_path_and_its_ending_tells_the_type() {
        let images = Images::new(vec![
            "/plots/1.PNG".to_owned(),
            "data:image/png".to_owned(),
            "é".to_owned(),
        ]);
        let sources: Vec<_> = images.sources().collect();
        assert_eq!(sources[0], ImageSource::Path("/plots/1.PNG"));
        assert_eq!(sources[0].media_type(), Some("image/png"));
        assert_eq!(sources[0].decode(), None);
        assert_eq!(sources[1].media_type(), None);
        assert_eq!(sources[2], ImageSource::Path("é"));
    }

    #[test]
    fn debug_shows_no_pixels() {
        assert_eq!(
            format!("{:?}", source("data:image/png;base64,AAAA")),
            "Data(image/png, 4 characters)"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_file_name_makes_it_panic_or_leaves_the_file_store(name in "(data:)?\\PC*|[a-z./%\\\\:]{0,20}") {
            let source = source(&name);
            let _ = (source.decode(), source.media_type());
            if let Some(path) = source.url_path() {
                prop_assert!(path.starts_with("/files/") && !path.contains("/.") && !path.contains("//"), "{path}");
            }
        }
    }
}
