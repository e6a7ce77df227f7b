//! Scala: a command begins with a statement that remembers it, in the system properties of the driver's JVM.

use super::super::Marker;

/// Whoever put a value first is who came first, the command or the question.
const CAME: &str = "came";
const LATE: &str = "late";

/// The question sees whether it asks the JVM that was watched.
pub(super) fn install(generation: &str) -> String {
    format!("val _ = _root_.java.lang.System.setProperty(\"dbx12.{generation}\",\"{CAME}\")")
}

/// A block, so that it has no names that the code might see. It fails, and the code behind it does not run, when it was
/// reported that it will not. What needs no remembering any more is removed.
pub(super) fn marker(generation: &str, number: u64, answered: &[u64]) -> Marker {
    let removals: String = answered
        .iter()
        .map(|number| format!("p.remove(\"dbx12.{generation}.{number}\");"))
        .collect();
    Marker::new(format!(
        "{{val p=_root_.java.lang.System.getProperties;{removals}\
         if(p.putIfAbsent(\"dbx12.{generation}.{number}\",\"{CAME}\")==\"{LATE}\")\
         throw new _root_.java.lang.IllegalStateException(\"dbx12: this command came late; it was reported as not \
         submitted and did not run\")}}; "
    ))
}

pub(super) fn question(token: &str, generation: &str, number: u64) -> String {
    format!(
        "val _ = {{val p=_root_.java.lang.System.getProperties;_root_.scala.Predef.print(\"dbx12:{token}:\"+\
         (if(p.getProperty(\"dbx12.{generation}\")==null)\"blind\" \
         else if(p.putIfAbsent(\"dbx12.{generation}.{number}\",\"{LATE}\")==\"{CAME}\")\"seen\" \
         else \"burned\")+\";\")}}"
    )
}

/// Before the first character, so that no line has another number.
///
/// `None` where a statement before the code would change it: before a package, a magic or a command of the interpreter,
/// before `.method`, which goes on where the last command ended, and where there is nothing but comments, so that the mark
/// would be the value. And before classes that the same command uses: an interpreter compiles classes at the beginning of
/// a command on their own, since Spark makes objects only of those that are.
pub(super) fn put_on(marker: &Marker, code: &str) -> Option<String> {
    if code.lines().any(|line| line.trim_start().starts_with('%')) {
        return None;
    }
    let start = without_imports(code);
    if start.is_empty() && without_remarks(code).is_empty()
        || start.starts_with(['.', ':', '@'])
        || defines_class(start)
    {
        return None;
    }
    Some(format!("{}{code}", marker.as_str()))
}

/// Whether the next definition is one of a class, an object or a package.
fn defines_class(code: &str) -> bool {
    let mut rest = code;
    loop {
        rest = without_remarks(rest);
        if let Some(qualifier) = rest.strip_prefix('[') {
            rest = qualifier.split_once(']').map_or("", |(_, rest)| rest);
            continue;
        }
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let (word, behind) = rest.split_at(rest.find(|character| !is_word(character)).unwrap_or(rest.len()));
        match word {
            "class" | "object" | "trait" | "case" | "package" => return true,
            "abstract" | "final" | "implicit" | "override" | "private" | "protected" | "sealed" => rest = behind,
            _ => return false,
        }
    }
}

/// What comes after the imports at the beginning.
fn without_imports(code: &str) -> &str {
    let mut rest = without_remarks(code);
    while let Some(import) = rest
        .strip_prefix("import")
        .filter(|rest| rest.starts_with(char::is_whitespace))
    {
        let mut depth = 0_i32;
        let end = import.find(|character| {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(character, '\n' | ';')
        });
        rest = without_remarks(end.map_or("", |end| &import[end..]));
    }
    rest
}

/// What comes after the space, semicolons and comments at the beginning.
fn without_remarks(code: &str) -> &str {
    let mut rest = code;
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == ';');
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = without_comment(rest);
        } else {
            return rest;
        }
    }
}

/// What comes after a comment in brackets; they may be nested.
fn without_comment(code: &str) -> &str {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(found) = code[at..].find(['/', '*']) {
        at += found;
        match code.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return &code[at..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_marked(code: &str) -> bool {
        let marker = marker("g", 7, &[]);
        let Some(marked) = put_on(&marker, code) else {
            return false;
        };
        assert_eq!(marker.take_off(&marked), code);
        assert_eq!(marked.lines().count(), code.lines().count());
        true
    }

    #[test]
    fn statements_are_marked_before_them() {
        for code in [
            "1 + 1",
            "val x = 1\nx",
            "\n\n  x",
            "// a remark\n/* and /* another */ */ x",
            "import a.b\nimport c.{d,\n  e}; import f._ // g\nval x = 1",
            "import a.b",
            "important(1)",
            "final val x = 1",
            "implicit val x: Int = 1",
            "private def f = 1",
            "x match { case _ => }",
            "caseless",
            "<a/>",
        ] {
            assert!(is_marked(code), "{code}");
        }
    }

    #[test]
    fn what_a_statement_before_it_might_change_is_not_marked() {
        for code in [
            "",
            " \n",
            "// only a remark",
            "/* a /* b */ c */ ;",
            "/* open",
            "package a { class B }",
            "%sql select 1",
            "1\n%sh ls",
            ".toString",
            ":load x",
            "@annotated class A",
            "case class A(b: Int)\nA(1)",
            "import a.{b => c}\n\nsealed abstract class A",
            "import a.b; object C",
            "private[a] trait B",
        ] {
            assert!(!is_marked(code), "{code}");
        }
    }

    #[test]
    fn what_was_answered_is_forgotten() {
        let text = marker("g", 7, &[3, 5]);
        assert!(
            text.as_str()
                .contains("p.remove(\"dbx12.g.3\");p.remove(\"dbx12.g.5\");if")
        );
    }
}
