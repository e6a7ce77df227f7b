//! Python's groups of exceptions (since 3.11): tracebacks inside a traceback, set off by margins.

/// A traceback and those of the exceptions in its groups, without their margins: the first is the traceback itself.
///
/// Python draws them like this, and a group in a group two columns further in:
///
/// ```text
///   + Exception Group Traceback (most recent call last):
///   |   File "<command-1>", line 1, in <module>
///   | ExceptionGroup: two at once (2 sub-exceptions)
///   +-+---------------- 1 ----------------
///     | ValueError: x
///     +---------------- 2 ----------------
///     | KeyError: 'y'
///     +------------------------------------
/// ```
pub(super) fn parts(trace: &str) -> Vec<String> {
    if !trace.contains(HEADER) {
        return vec![trace.to_owned()];
    }
    let mut parts = vec![String::new()];
    // Which part the lines of a margin belong to, the outermost margin first.
    let mut open = vec![0];
    for line in trace.split_inclusive('\n') {
        let (depth, drawn) = margin(line);
        open.truncate(depth.max(1));
        match drawn {
            Drawn::Text(text) => {
                let part = open.last().copied().unwrap_or_default();
                parts[part].push_str(text);
            }
            Drawn::Next => {
                open.push(parts.len());
                parts.push(String::new());
            }
            Drawn::End => {}
        }
    }
    parts
}

const HEADER: &str = "+ Exception Group Traceback (most recent call last):";

/// What stands on a line.
enum Drawn<'a> {
    Text(&'a str),
    /// The line above an exception of a group.
    Next,
    /// The line below the last.
    End,
}

/// How many margins stay open to the left of a line, and what follows.
fn margin(line: &str) -> (usize, Drawn<'_>) {
    let text = line.trim_start_matches(' ');
    let depth = (line.len() - text.len()) / 2;
    if let Some(text) = text.strip_prefix('|') {
        return (depth, Drawn::Text(text.strip_prefix(' ').unwrap_or(text)));
    }
    if text.starts_with(HEADER) {
        return (depth, Drawn::Text(&text["+ ".len()..]));
    }
    let Some(ruler) = text.trim_end().strip_prefix("+-") else {
        return (0, Drawn::Text(line));
    };
    // The first of a group opens the next margin itself.
    let (depth, ruler) = match ruler.strip_prefix('+') {
        Some(ruler) => (depth, ruler),
        None => (depth.saturating_sub(1), ruler),
    };
    let number = ruler.trim_matches(['-', ' ']);
    match number {
        "" => (depth, Drawn::End),
        _ => (depth, Drawn::Next),
    }
}
