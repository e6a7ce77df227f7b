//! Traces of the JVM and messages of the Scala compiler.

use super::Frame;
use super::position::number;

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

/// The places that the Scala compiler complains of: `<console>:23: error: …`, `command-123:1: error: …`, each with the
/// line of code behind it.
pub(super) fn compile_errors(text: &str) -> Vec<Frame> {
    let mut lines = text.lines().peekable();
    let mut frames = Vec::new();
    while let Some(line) = lines.next() {
        let Some(frame) = compile_error(line) else { continue };
        let source_line = lines.peek().map(|line| line.trim()).filter(|line| !line.is_empty());
        frames.push(Frame {
            source_line: source_line.map(str::to_owned),
            ..frame
        });
    }
    frames
}

fn compile_error(line: &str) -> Option<Frame> {
    let (place, _) = line.split_once(": error: ")?;
    let (file, line) = place.trim_start().rsplit_once(':')?;
    let (line, rest) = number(line)?;
    (rest.is_empty() && !file.is_empty() && !file.contains(' ')).then(|| Frame::new(file, line))
}
