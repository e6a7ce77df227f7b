//! Finding a cluster by what people call it.

use crate::failure::{Exit, Failure};
use dbx12_exec::types::ClusterInfo;

/// How much alike a name must be to be worth mentioning: 1 is the same.
const ALIKE: f64 = 0.75;

/// How many names are worth mentioning.
const MOST_NEAR: usize = 5;

/// Whether it looks like the service's ids: `1234-567890-span123`.
pub(super) fn is_id(named: &str) -> bool {
    let mut parts = named.splitn(3, '-');
    let mut are_digits = |count| {
        let part = parts.next().unwrap_or_default();
        part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    are_digits(4) && are_digits(6) && parts.next().is_some_and(|last| !last.is_empty())
}

/// The one cluster with this id or name.
pub(super) fn find<'a>(named: &str, clusters: &'a [ClusterInfo]) -> Result<&'a ClusterInfo, Failure> {
    if let Some(cluster) = clusters.iter().find(|cluster| cluster.id.as_str() == named) {
        return Ok(cluster);
    }
    let has_name = |cluster: &&ClusterInfo| cluster.name.as_deref() == Some(named);
    let found: Vec<_> = clusters.iter().filter(has_name).collect();
    match found.as_slice() {
        [cluster] => Ok(cluster),
        [] => Err(unknown(named, clusters)),
        several => Err(Failure::usage(format!(
            "{} clusters are named {named}:{}",
            several.len(),
            listed(several)
        ))
        .hint("give the id of one with --cluster")),
    }
}

fn unknown(named: &str, clusters: &[ClusterInfo]) -> Failure {
    let wanted = named.to_lowercase();
    let likeness = |cluster: &ClusterInfo| {
        let name = cluster.name.as_deref().unwrap_or_default().to_lowercase();
        let contains = !name.is_empty() && (name.contains(&wanted) || wanted.contains(&name));
        strsim::jaro_winkler(&name, &wanted).max(if contains { 0.9 } else { 0.0 })
    };
    let mut near: Vec<_> = clusters.iter().map(|cluster| (likeness(cluster), cluster)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let near: Vec<_> = near.into_iter().map(|(_, cluster)| cluster).take(MOST_NEAR).collect();
    let message = format!("there is no cluster with the id or the name {named}");
    match near.as_slice() {
        [] => Failure::new(Exit::Unavailable, message).hint("`dbx12 clusters list` shows all there are"),
        near => Failure::new(Exit::Unavailable, format!("{message}; near it are:{}", listed(near))),
    }
}

fn listed(clusters: &[&ClusterInfo]) -> String {
    let line = |cluster: &&ClusterInfo| {
        let name = cluster.name.as_deref().unwrap_or_default();
        format!("\n  {}  {name} ({})", cluster.id, cluster.status)
    };
    clusters.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbx12_exec::types::ClusterStatus;

    fn clusters() -> Vec<ClusterInfo> {
        [("1", "etl"), ("2", "ETL nightly"), ("3", "shared"), ("4", "shared")]
            .map(|(id, name)| ClusterInfo::new(id, name, ClusterStatus::Running))
            .into()
    }

    #[test]
    fn ids_are_told_from_names_by_their_form() {
        assert!(is_id("1234-567890-span123") && is_id("0123-456789-a"));
        for name in [
            "etl",
            "1234-567890",
            "1234-567890-",
            "12-34-56",
            "1234-56789x-span123",
            "",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn a_cluster_is_found_by_id_or_by_name() {
        let clusters = clusters();
        assert_eq!(find("3", &clusters).unwrap().id.as_str(), "3");
        assert_eq!(find("etl", &clusters).unwrap().id.as_str(), "1");
    }

    #[test]
    fn an_ambiguous_name_is_answered_with_all_ids() {
        let said = find("shared", &clusters()).unwrap_err().to_string();
        assert_eq!(
            said,
            "Error: 2 clusters are named shared:\n  3  shared (Running)\n  4  shared (Running)\n\
             Hint: give the id of one with --cluster"
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_near_ones() {
        let said = find("etl-nightly", &clusters()).unwrap_err().to_string();
        assert_eq!(
            said,
            "Error: there is no cluster with the id or the name etl-nightly; near it are:\n  2  ETL nightly (Running)\n  \
             1  etl (Running)"
        );
        let said = find("zzz", &clusters()).unwrap_err().to_string();
        assert!(said.contains("dbx12 clusters list"), "{said}");
    }
}
