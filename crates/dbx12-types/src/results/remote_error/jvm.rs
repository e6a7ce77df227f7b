//! Traces of the JVM and messages of the Scala compiler.

use super::position::number;
use super::{Exception, Frame};

/// The frames of a trace, outermost first, without those of its causes. A frame that names no line, as of native
/// methods, is no place.
pub(super) fn frames(trace: &str) -> Vec<Frame> {
    let is_other = |line: &&str| line.starts_with("Caused by: ") || line.trim_start().starts_with("Suppressed: ");
    let own = trace.lines().take_while(|line| !is_other(line));
    let mut frames: Vec<_> = own.filter_map(frame).collect();
    frames.reverse();
    frames
}

/// Whether a line is one of a trace's: `\tat a.b.C.m(File.scala:12)`, `\t... 12 more`.
pub(super) fn is_frame_line(line: &str) -> bool {
    let text = line.trim_start();
    let is_indented = text.len() < line.len();
    is_indented
        && (call(text).is_some()
            || text.starts_with("... ") && [" more", " elided"].iter().any(|end| text.ends_with(end)))
}

fn frame(line: &str) -> Option<Frame> {
    let (function, place) = call(line.trim_start())?;
    let (file, line) = place.rsplit_once(':')?;
    Some(Frame {
        function: Some(function.to_owned()),
        ..Frame::new(file, line.parse().ok()?)
    })
}

/// `at a.b.C.m(File.scala:12)` as function and place.
fn call(text: &str) -> Option<(&str, &str)> {
    let (function, rest) = text.strip_prefix("at ")?.split_once('(')?;
    let (place, _) = rest.split_once(')')?;
    (!function.contains(' ')).then_some((function, place))
}

/// What the Scala compiler complains of.
struct Complaint {
    /// Where. Later compilers show only the line of code.
    place: Option<Frame>,
    /// What, in one line or a few.
    message: String,
}

/// The places that the Scala compiler complains of, each with its line of code.
pub(super) fn compile_errors(text: &str) -> Vec<Frame> {
    complaints(text)
        .into_iter()
        .filter_map(|complaint| complaint.place)
        .collect()
}

/// What the Scala compiler complains of first. It calls it an `error`, and so does this.
pub(super) fn first_compile_error(text: &str) -> Option<Exception> {
    let first = complaints(text).into_iter().next()?;
    Some(Exception {
        class: "error".to_owned(),
        message: first.message,
    })
}

/// `<console>:23: error: type mismatch;`, lines that belong to it, the line of code, and a caret below it. In later
/// versions a caret below code that is not repeated, and then `error: type mismatch;`.
fn complaints(text: &str) -> Vec<Complaint> {
    let lines: Vec<_> = text.lines().collect();
    let mut complaints = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let below_caret = at > 0 && is_caret(lines[at - 1]);
        let start = match complaint(line) {
            Some((file, line, message)) => (Some(Frame::new(file, line)), message),
            None => match line.trim_start().strip_prefix("error: ") {
                Some(message) if below_caret => (None, message),
                _ => continue,
            },
        };
        let following = &lines[at + 1..];
        let ends = |line: &str| complaint(line).is_some() || line.trim().is_empty();
        // Not beyond the first caret: looking on from each would take time quadratic in the text.
        let before = following
            .iter()
            .take_while(|line| !ends(line) && !is_caret(line))
            .count();
        let caret = following.get(before).is_some_and(|line| is_caret(line));
        complaints.push(with_following(start, &following[..before + usize::from(caret)]));
    }
    complaints
}

/// With the lines up to the caret: the last is code, the others go on with the message.
fn with_following((place, message): (Option<Frame>, &str), following: &[&str]) -> Complaint {
    let caret = following.iter().position(|line| is_caret(line));
    let (more, code) = match (caret, &place) {
        (Some(caret), Some(_)) if caret > 0 => (&following[..caret - 1], Some(following[caret - 1])),
        (Some(_), _) => (&[][..], None),
        (None, _) => (following, None),
    };
    let lines = [message].into_iter().chain(more.iter().copied()).map(str::trim_end);
    Complaint {
        place: place.map(|place| Frame {
            source_line: code.map(|code| code.trim().to_owned()),
            ..place
        }),
        message: lines.collect::<Vec<_>>().join("\n"),
    }
}

fn is_caret(line: &str) -> bool {
    line.trim() == "^"
}

/// `<console>:23: error: …`, `command-123:1: error: …` as file, line and message.
fn complaint(line: &str) -> Option<(&str, u32, &str)> {
    let (place, message) = line.split_once(": error: ")?;
    let (file, line) = place.trim_start().rsplit_once(':')?;
    let (line, rest) = number(line)?;
    (rest.is_empty() && !file.is_empty() && !file.contains(' ')).then_some((file, line, message))
}
