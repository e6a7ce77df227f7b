//! Results as notebooks show them: the same thing in several media types.

use super::{Image, ImageSource, Images, RemoteError, Results, Text};
use crate::{Fields, base64};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

mod html;
mod table;

#[cfg(test)]
mod tests;

const PLAIN: &str = "text/plain";
const HTML: &str = "text/html";
const JSON: &str = "application/json";
/// What JupyterLab calls the content of an `error` message.
const ERROR: &str = "application/vnd.jupyter.error";

/// One thing to show, in every media type that it can be shown in, the plainest first.
///
/// As JSON it is the `data` of a Jupyter `display_data` message: an object of media types, whose values are text, base64
/// text or JSON.
///
/// ```
/// use dbx12_types::Results;
/// let bundle = Results::text("<div>1 &lt; <b>2</b></div>").mime_bundle();
/// assert_eq!(
///     serde_json::to_string(&bundle)?,
///     r#"{"text/plain":"1 < 2","text/html":"<div>1 &lt; <b>2</b></div>"}"#,
/// );
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MimeBundle(Vec<(String, MimeData)>);

/// What a bundle holds for one media type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MimeData {
    /// Text, also HTML and SVG.
    Text(String),
    /// Bytes, as standard base64 with padding.
    Base64(String),
    /// A JSON value.
    Json(Box<RawValue>),
}

impl MimeBundle {
    /// The value for a media type.
    pub fn get(&self, media_type: &str) -> Option<&MimeData> {
        let (_, data) = self.0.iter().find(|(known, _)| known == media_type)?;
        Some(data)
    }

    /// Takes a media type out, such as a table's `application/json` where a front end would show that rather than
    /// `text/html`.
    pub fn remove(&mut self, media_type: &str) -> Option<MimeData> {
        let at = self.0.iter().position(|(known, _)| known == media_type)?;
        Some(self.0.remove(at).1)
    }

    /// Media types and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MimeData)> {
        self.0.iter().map(|(media_type, data)| (media_type.as_str(), data))
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn with_text(mut self, media_type: &str, text: impl Into<String>) -> Self {
        self.0.push((media_type.to_owned(), MimeData::Text(text.into())));
        self
    }

    /// What cannot be written as JSON is left out.
    fn with_json<T: Serialize + ?Sized>(mut self, media_type: &str, value: &T) -> Self {
        let raw = to_raw_value(value).ok().map(MimeData::Json);
        self.0.extend(raw.map(|raw| (media_type.to_owned(), raw)));
        self
    }
}

impl Serialize for MimeBundle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (media_type, data) in self.iter() {
            match data {
                MimeData::Text(text) | MimeData::Base64(text) => map.serialize_entry(media_type, text)?,
                MimeData::Json(raw) => map.serialize_entry(media_type, raw)?,
            }
        }
        map.end()
    }
}

impl Results {
    /// The result as a notebook shows it:
    ///
    /// | result | `text/plain` | and |
    /// |---|---|---|
    /// | text | the text; of HTML what it says | `text/html` when it is HTML |
    /// | table | its first 100 rows, aligned | `text/html` of the same rows; `application/json`: all rows, as objects by column name, or as they came where two columns have the same name |
    /// | image | its type and size | `image/png`, or whatever it is |
    /// | several images | their types and sizes | `text/html` with all of them; for each alone see [`ImageSource::mime_bundle`] |
    /// | error | the traceback without colours | `application/vnd.jupyter.error`: `ename`, `evalue` and the coloured `traceback`, as in a Jupyter `error` message |
    /// | of an unknown type | its JSON | `application/json` |
    ///
    /// Nothing for an empty result or an empty text. HTML and SVG come from the code that ran, and are trusted as much as
    /// it is; what this crate makes itself is escaped.
    pub fn mime_bundle(&self) -> MimeBundle {
        match self {
            Self::Text(text) => of_text(text),
            Self::Table(table) => table::bundle(table),
            Self::Image(image) => of_image(image),
            Self::Images(images) => of_images(images),
            Self::Error(error) => of_error(error),
            Self::Empty(_) => MimeBundle::default(),
            Self::Unrecognized(fields) => of_fields(fields),
        }
    }
}

impl ImageSource<'_> {
    /// The image as a notebook shows it: `text/plain` with its type and size, and the image itself when it is in the
    /// answer. Of one that is to be fetched, `text/plain` says where it is.
    pub fn mime_bundle(&self) -> MimeBundle {
        let bundle = MimeBundle::default();
        let media_type = self.media_type().filter(|media_type| media_type.starts_with("image/"));
        let (Some(media_type), Some(bytes)) = (media_type, self.decode()) else {
            return bundle.with_text(PLAIN, described(self));
        };
        let mut bundle = bundle.with_text(PLAIN, described(self));
        let data = match String::from_utf8(bytes) {
            Ok(svg) if media_type == "image/svg+xml" => MimeData::Text(svg),
            Ok(text) => MimeData::Base64(base64::encode(text.as_bytes())),
            Err(error) => MimeData::Base64(base64::encode(error.as_bytes())),
        };
        bundle.0.push((media_type.to_owned(), data));
        bundle
    }
}

fn of_text(text: &Text) -> MimeBundle {
    let bundle = MimeBundle::default();
    match text.as_str() {
        "" => bundle,
        page if html::is_html(page) => bundle.with_text(PLAIN, html::to_text(page)).with_text(HTML, page),
        text => bundle.with_text(PLAIN, text),
    }
}

fn of_image(image: &Image) -> MimeBundle {
    image.source().map(|source| source.mime_bundle()).unwrap_or_default()
}

fn of_images(images: &Images) -> MimeBundle {
    let sources: Vec<_> = images.sources().collect();
    match sources.as_slice() {
        [] => MimeBundle::default(),
        [source] => source.mime_bundle(),
        sources => {
            let plain: Vec<_> = sources.iter().map(described).collect();
            let page: Vec<_> = sources.iter().map(shown).collect();
            MimeBundle::default()
                .with_text(PLAIN, plain.join("\n"))
                .with_text(HTML, page.join("\n"))
        }
    }
}

fn described(source: &ImageSource<'_>) -> String {
    match (source, source.decode()) {
        (ImageSource::Path(path), _) => format!("[image at {path}]"),
        (_, Some(bytes)) => format!("[{}, {} bytes]", source.media_type().unwrap_or("image"), bytes.len()),
        (_, None) => "[image that cannot be decoded]".to_owned(),
    }
}

/// An image in a page; its description when it is not in the answer.
fn shown(source: &ImageSource<'_>) -> String {
    let description = html::escaped(&described(source));
    let media_type = source
        .media_type()
        .filter(|media_type| media_type.starts_with("image/"));
    match media_type.zip(source.decode()) {
        Some((media_type, bytes)) => format!(
            "<img alt=\"{description}\" src=\"data:{};base64,{}\">",
            html::escaped(media_type),
            base64::encode(&bytes)
        ),
        None => format!("<p>{description}</p>"),
    }
}

fn of_error(error: &RemoteError) -> MimeBundle {
    let (plain, trace) = (error.plain(), error.traceback());
    let first_line = plain.lines().next().unwrap_or_default();
    let text = match trace.trim() {
        "" => plain.clone(),
        trace if trace.contains(first_line) => trace.to_owned(),
        trace => format!("{plain}\n\n{trace}"),
    };
    let (name, value) = match error.exception() {
        Some(exception) => (exception.class, exception.message),
        None => ("Error".to_owned(), plain),
    };
    let coloured = error.cause.as_deref().filter(|cause| !cause.trim().is_empty());
    let traceback: Vec<_> = coloured.unwrap_or(&text).lines().collect();
    let content = serde_json::json!({"ename": name, "evalue": value, "traceback": traceback});
    MimeBundle::default().with_text(PLAIN, text).with_json(ERROR, &content)
}

fn of_fields(fields: &Fields) -> MimeBundle {
    let json = serde_json::to_string(fields).unwrap_or_default();
    MimeBundle::default().with_text(PLAIN, json).with_json(JSON, fields)
}
