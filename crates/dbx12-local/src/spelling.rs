//! A parameter that is missing was often sent under a name that is nearly right.

/// What to say of a missing parameter, given the names that were sent.
pub(crate) fn missing<'a>(parameter: &str, sent: impl IntoIterator<Item = &'a str>) -> String {
    match sent.into_iter().find(|name| is_nearly(parameter, name)) {
        Some(name) => format!("missing {parameter} ({name:?} was sent: did you mean {parameter:?}?)"),
        None => format!("missing {parameter}"),
    }
}

/// Whether a name is another spelling of a parameter (`context_id`, `ContextID`) or at most two typing errors from it.
fn is_nearly(parameter: &str, name: &str) -> bool {
    const LONGEST: usize = 40;
    if name.len() > LONGEST || name == parameter {
        return false;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-', '.', ' '], "");
    distance(&plain(parameter), &plain(name)) <= 2
}

/// How many characters to insert, remove or replace to get from one text to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, from_char) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to_char) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from_char != *to_char);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_right_are_named() {
        for sent in [
            "contextID",
            "context_id",
            "ContextId",
            "contextd",
            "conetxtId",
            "context-id",
        ] {
            let said = missing("contextId", ["clusterId", sent]);
            assert_eq!(
                said,
                format!("missing contextId ({sent:?} was sent: did you mean \"contextId\"?)")
            );
        }
    }

    #[test]
    fn other_names_are_not() {
        for sent in [
            "clusterId",
            "id",
            "",
            "language",
            "aVeryLongNameThatNobodyWouldEverMeanByContextId",
        ] {
            assert_eq!(missing("contextId", [sent]), "missing contextId");
        }
        assert_eq!(missing("contextId", []), "missing contextId");
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("ab", ""), 2);
        assert_eq!(distance("same", "same"), 0);
    }
}
