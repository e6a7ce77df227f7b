//! Python tracebacks, in the forms of Python itself and of IPython, which runs the code on a cluster.

use super::Frame;
use super::position::number;

/// The frames of a traceback, outermost first.
pub(super) fn frames(trace: &str) -> Vec<Frame> {
    let lines: Vec<_> = trace.lines().collect();
    let headers = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, header(line)?)));
    headers
        .filter_map(|(at, header)| frame(&header, &lines[at + 1..]))
        .collect()
}

/// Whether a line announces a frame.
pub(super) fn is_header(line: &str) -> bool {
    header(line).is_some()
}

/// The line that announces a frame.
struct Header<'a> {
    file: &'a str,
    /// Older IPython leaves it to the arrow in the lines that follow.
    line: Option<u32>,
    function: Option<&'a str>,
}

fn frame(header: &Header<'_>, following: &[&str]) -> Option<Frame> {
    let listing: Vec<_> = following
        .iter()
        .take_while(|line| !line.trim().is_empty() && !is_header(line))
        .collect();
    let arrow = listing.iter().find_map(|line| arrow(line));
    // Python's own form has the line of code alone, further in than its header.
    let next = || {
        listing
            .first()
            .filter(|line| line.starts_with("    "))
            .map(|line| line.trim())
    };
    let source_line = arrow.map(|(_, source)| source).or_else(next);
    let function = header
        .function
        .and_then(|function| function.split('(').next())
        .map(str::trim);
    Some(Frame {
        function: function.filter(|function| !function.is_empty()).map(str::to_owned),
        source_line: source_line.filter(|line| !line.is_empty()).map(str::to_owned),
        ..Frame::new(header.file, header.line.or(arrow.map(|(line, _)| line))?)
    })
}

fn header(line: &str) -> Option<Header<'_>> {
    let text = line.trim_start();
    if let Some(rest) = text.strip_prefix("File \"") {
        return quoted(rest);
    }
    if let Some(rest) = text.strip_prefix("File ") {
        return place(rest);
    }
    if text.starts_with("Cell In") || text.starts_with("Input In") {
        return place(text);
    }
    bare(line)
}

/// Python: `File "<command-1>", line 2, in f`; without the function for a `SyntaxError`.
fn quoted(rest: &str) -> Option<Header<'_>> {
    let (file, rest) = rest.split_once("\", line ")?;
    let (line, rest) = number(rest)?;
    Some(Header {
        file,
        line: Some(line),
        function: rest.strip_prefix(", in "),
    })
}

/// IPython since 8: `File <command-1>:2, in f(x)`, `File <command-1>, line 2`, `Cell In[1], line 2, in f(x)`,
/// `Input In [1], in <cell line: 1>()`, `File x.py in f(x)`.
fn place(text: &str) -> Option<Header<'_>> {
    let (place, function) = match text.split_once(", in ").or_else(|| text.split_once(" in ")) {
        Some((place, function)) => (place, Some(function)),
        None => (text, None),
    };
    let numbered = |separator| {
        let (file, line) = place.rsplit_once(separator)?;
        let (line, rest) = number(line)?;
        rest.trim().is_empty().then_some((file, line))
    };
    let (file, line) = match numbered(", line ").or_else(|| numbered(":")) {
        Some((file, line)) => (file, Some(line)),
        None => (place, None),
    };
    (line.is_some() || function.is_some()).then_some(Header { file, line, function })
}

/// IPython before 8: `<command-1> in f(x)`, `/usr/lib/python3.9/runpy.py in run_path(path_name)`.
fn bare(line: &str) -> Option<Header<'_>> {
    let (file, function) = line.split_once(" in ")?;
    let is_file = (file.starts_with('<') && file.ends_with('>')) || file.ends_with(".py") || file.ends_with(".pyx");
    is_file.then_some(Header {
        file,
        line: None,
        function: Some(function),
    })
}

/// `----> 2 raise KeyError(x)`: where in a listing the call is.
fn arrow(line: &str) -> Option<(u32, &str)> {
    let rest = line.strip_prefix('-')?.trim_start_matches('-').strip_prefix("> ")?;
    let (number, source) = number(rest)?;
    Some((number, source.trim()))
}
