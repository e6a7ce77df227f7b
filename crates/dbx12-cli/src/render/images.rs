//! Images: saved in a folder, shown in the terminal.

use crate::arguments::ResultPlaces;
use crate::destination::{Destination, cannot_write};
use crate::failure::{Exit, Failure, with_sources};
use crate::output::{note, warn};
use dbx12_exec::http::{Client, RawRequest};
use dbx12_exec::types::Results;
use dbx12_exec::types::results::ImageSource;
use std::io::IsTerminal;
use std::path::PathBuf;

/// What is done with images.
#[derive(Debug)]
pub(super) struct Images {
    folder: Option<PathBuf>,
    show: bool,
    quiet: bool,
    saved: usize,
}

/// An image, and what became of it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) place: Place,
    pub(super) description: String,
}

#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// The server's own path of it.
    Server(String),
    /// In the answer alone.
    Nowhere,
}

impl Images {
    /// Makes the folder, and makes sure that it can be written.
    pub(super) fn prepare(places: &ResultPlaces, quiet: bool) -> Result<Self, Failure> {
        if let Some(folder) = &places.images {
            let tried = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
            tried.map_err(|error| cannot_write(folder, &error))?;
        }
        if places.show_images && !std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "--show-images needs a terminal: stdout is none; --images DIR saves them",
            ));
        }
        Ok(Self {
            folder: places.images.clone(),
            show: places.show_images,
            quiet,
            saved: 0,
        })
    }

    /// Saves and shows the images of a result, as it was asked for.
    pub(super) async fn take(&mut self, results: &Results, client: &Client) -> Result<Vec<Shown>, Failure> {
        let sources: Vec<_> = match results {
            Results::Image(image) => image.source().into_iter().collect(),
            Results::Images(images) => images.sources().collect(),
            _ => return Ok(Vec::new()),
        };
        let mut shown = Vec::new();
        for source in sources {
            shown.push(self.take_one(&source, client).await?);
        }
        Ok(shown)
    }

    async fn take_one(&mut self, source: &ImageSource<'_>, client: &Client) -> Result<Shown, Failure> {
        let place = match source {
            ImageSource::Path(path) => Place::Server((*path).to_owned()),
            _ => Place::Nowhere,
        };
        if self.folder.is_none() && !self.show && place != Place::Nowhere {
            let description = "an image".to_owned();
            return Ok(Shown { place, description });
        }
        let bytes = match bytes(source, client).await {
            Ok(bytes) => bytes,
            Err(failure) if place == Place::Nowhere => return Err(failure),
            Err(failure) => {
                warn(&failure.to_string().replacen("Error: ", "", 1));
                let description = "an image".to_owned();
                return Ok(Shown { place, description });
            }
        };
        let description = format!("an image of {} bytes", bytes.len());
        if self.show {
            show(&bytes);
        }
        let Some(folder) = &self.folder else {
            if !self.show && !self.quiet {
                note(&format!(
                    "The result is {description}; --images DIR saves it, -o json prints it."
                ));
            }
            return Ok(Shown { place, description });
        };
        self.saved += 1;
        let path = folder.join(format!("image-{}.{}", self.saved, ending(source)));
        Destination::prepare(&path)?.write(&bytes)?;
        if !self.quiet {
            note(&format!("Saved {}.", path.display()));
        }
        let place = Place::File(path);
        Ok(Shown { place, description })
    }
}

/// What is in the answer, or what the workspace has under the path.
async fn bytes(source: &ImageSource<'_>, client: &Client) -> Result<Vec<u8>, Failure> {
    let ImageSource::Path(path) = source else {
        let unreadable = || Failure::new(Exit::Transport, "the server sent an image that cannot be decoded");
        return source.decode().ok_or_else(unreadable);
    };
    let cannot = |why: String| Failure::new(Exit::Transport, format!("cannot fetch the image {path}: {why}"));
    let url_path = source
        .url_path()
        .ok_or_else(|| cannot("it is in no place that a workspace has for files".to_owned()))?;
    let answer = client.raw(RawRequest::get(url_path)).await;
    Ok(answer
        .map_err(|error| cannot(with_sources(&error)))?
        .into_body()
        .to_vec())
}

fn ending(source: &ImageSource<'_>) -> &'static str {
    match source.media_type() {
        Some("image/png") => "png",
        Some("image/jpeg") => "jpg",
        Some("image/gif") => "gif",
        Some("image/svg+xml") => "svg",
        Some("image/webp") => "webp",
        _ => "bin",
    }
}

fn show(bytes: &[u8]) {
    let config = viuer::Config {
        absolute_offset: false,
        ..viuer::Config::default()
    };
    let shown = image::load_from_memory(bytes)
        .map_err(|error| error.to_string())
        .and_then(|image| viuer::print(&image, &config).map_err(|error| error.to_string()));
    if let Err(why) = shown {
        warn(&format!("the image cannot be shown: {why}"));
    }
}
