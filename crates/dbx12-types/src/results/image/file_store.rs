//! Paths of the workspace's FileStore.
//!
//! The service names a plot `/plots/<uuid>.png`. It is the DBFS file `/FileStore/plots/<uuid>.png`, and a browser fetches
//! it from `/files/plots/<uuid>.png` of the workspace.

/// The path below the workspace's URL.
pub(super) fn url_path(path: &str) -> Option<String> {
    let segments: Vec<_> = segments(path)?.into_iter().map(percent_encoded).collect();
    Some(format!("/files/{}", segments.join("/")))
}

/// The path in DBFS.
pub(super) fn dbfs_path(path: &str) -> Option<String> {
    Some(format!("/FileStore/{}", segments(path)?.join("/")))
}

/// The names on the way from the FileStore's root, however the path was written. `None` when one of them would lead
/// elsewhere: `..` out of the FileStore, an empty one to another host.
fn segments(path: &str) -> Option<Vec<&str>> {
    let path = path.strip_prefix("dbfs:").unwrap_or(path);
    let path = path.strip_prefix('/').unwrap_or(path);
    let below_root = ["FileStore/", "files/", "dbfs/FileStore/"]
        .iter()
        .find_map(|root| path.strip_prefix(root))
        .unwrap_or(path);
    let segments: Vec<_> = below_root.split('/').collect();
    let stays = |segment: &&str| !segment.starts_with('.') && is_name(segment);
    segments.iter().all(stays).then_some(segments)
}

fn is_name(segment: &str) -> bool {
    !segment.is_empty() && !segment.contains(|c: char| c == '\\' || c.is_control())
}

/// Everything but RFC 3986's unreserved characters as `%XX`; a `%` too, so nothing that is encoded comes to life.
fn percent_encoded(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_the_path_leads_to_the_file() {
        for path in [
            "/plots/1.png",
            "plots/1.png",
            "/FileStore/plots/1.png",
            "dbfs:/FileStore/plots/1.png",
            "/dbfs/FileStore/plots/1.png",
            "/files/plots/1.png",
        ] {
            assert_eq!(url_path(path).unwrap(), "/files/plots/1.png");
            assert_eq!(dbfs_path(path).unwrap(), "/FileStore/plots/1.png");
        }
        assert_eq!(
            url_path("/plots/ü %2e?#.png").unwrap(),
            "/files/plots/%C3%BC%20%252e%3F%23.png"
        );
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_none() {
        for path in [
            "",
            "/",
            "/plots/../../api/2.0/token/create",
            "..",
            "/plots/./1.png",
            "//evil.example/1.png",
            "https://evil.example/1.png",
            "/plots/",
            "/plots\\..\\1.png",
            "/plots/1\n.png",
        ] {
            assert_eq!((url_path(path), dbfs_path(path)), (None, None), "{path}");
        }
    }
}
