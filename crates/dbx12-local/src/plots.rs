//! Large pictures: a result names them, `/plots/NAME.png`, and the workspace serves them. Small ones travel in the result.
//!
//! They are in memory, so that no path of a request leads to a file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dbx12_types::ContextId;
use uuid::Uuid;

const DATA_URL: &str = "data:image/png;base64,";

/// A data URL that is longer than this is not sent in a result.
const LARGEST_URL: usize = 1 << 20;

/// How many are kept, and how many bytes of them; the oldest go first. The last one is kept whatever its size.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 256 << 20;

/// Where clients look for them: as the result says, in the file store, and by the file store's own address.
const FOLDERS: [&str; 3] = ["/plots/", "/files/plots/", "/FileStore/plots/"];

/// The large pictures of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Plots(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    plots: VecDeque<Plot>,
    bytes: usize,
}

#[derive(Debug)]
struct Plot {
    context: ContextId,
    name: String,
    png: Bytes,
}

/// The large pictures of one context: they go when this is dropped.
#[derive(Debug)]
pub(crate) struct ContextPlots {
    context: ContextId,
    plots: Arc<Plots>,
}

/// The name in a path that asks for a picture.
pub(crate) fn name_in(path: &str) -> Option<&str> {
    FOLDERS.iter().find_map(|folder| path.strip_prefix(folder))
}

impl Plots {
    pub(crate) fn find(&self, name: &str) -> Option<Bytes> {
        let shelf = self.lock();
        let plot = shelf.plots.iter().rfind(|plot| plot.name == name)?;
        Some(plot.png.clone())
    }

    fn add(&self, context: &ContextId, png: Bytes) -> String {
        let name = format!("{}.png", Uuid::new_v4());
        let mut shelf = self.lock();
        shelf.bytes += png.len();
        shelf.plots.push_back(Plot {
            context: context.clone(),
            name: name.clone(),
            png,
        });
        while shelf.plots.len() > 1 && (shelf.plots.len() > MOST || shelf.bytes > MOST_BYTES) {
            let oldest = shelf.plots.pop_front();
            shelf.bytes -= oldest.map_or(0, |plot| plot.png.len());
        }
        name
    }

    fn forget(&self, context: &ContextId) {
        let mut shelf = self.lock();
        shelf.plots.retain(|plot| plot.context != *context);
        shelf.bytes = shelf.plots.iter().map(|plot| plot.png.len()).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ContextPlots {
    pub(crate) fn new(context: ContextId, plots: Arc<Plots>) -> Self {
        Self { context, plots }
    }

    /// Puts large pictures aside, and their paths in their places.
    pub(crate) fn put_aside(&self, data_urls: &mut [String]) {
        for url in data_urls.iter_mut().filter(|url| url.len() > LARGEST_URL) {
            let png = url.strip_prefix(DATA_URL).and_then(|text| STANDARD.decode(text).ok());
            // What is no picture stays what the code made of it.
            if let Some(png) = png {
                *url = format!("{}{}", FOLDERS[0], self.plots.add(&self.context, png.into()));
            }
        }
    }
}

impl Drop for ContextPlots {
    fn drop(&mut self) {
        self.plots.forget(&self.context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_are_put_aside_and_go_with_their_context() {
        let plots = Arc::<Plots>::default();
        let context = |id: &str| ContextPlots::new(id.into(), Arc::clone(&plots));
        let (one, other) = (context("1"), context("2"));
        let png = vec![7; LARGEST_URL];
        let large = format!("{DATA_URL}{}", STANDARD.encode(&png));
        let broken = format!("{DATA_URL}{}", "!".repeat(LARGEST_URL));
        let mut urls = vec!["data:image/png;base64,AAAA".to_owned(), large.clone(), broken.clone()];
        one.put_aside(&mut urls);
        assert_eq!((&*urls[0], &urls[2]), ("data:image/png;base64,AAAA", &broken));
        let name = name_in(&urls[1]).unwrap();
        assert_eq!(name_in(&format!("/FileStore{}", urls[1])), Some(name));
        assert_eq!(plots.find(name).unwrap(), png);

        let mut urls_of_other = vec![large];
        other.put_aside(&mut urls_of_other);
        drop(one);
        assert!(plots.find(name).is_none());
        assert!(plots.find(name_in(&urls_of_other[0]).unwrap()).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let plots = Plots::default();
        let first = plots.add(&"1".into(), Bytes::from_static(b"1"));
        for _ in 0..MOST {
            plots.add(&"1".into(), Bytes::from_static(b"2"));
        }
        assert!(plots.find(&first).is_none() && plots.lock().bytes == MOST);
        let huge = plots.add(&"1".into(), vec![0; MOST_BYTES + 1].into());
        assert!(plots.find(&huge).is_some() && plots.lock().plots.len() == 1);
    }
}
