//! Files with profiles. What Python reads in them is compared in `tests/it`.

use super::*;

fn value(text: &str, key: &str) -> Option<String> {
    let file = ConfigFile::parse(text).unwrap();
    file.profile("P")?.value(key).map(str::to_owned)
}

#[test]
fn values_are_read_as_people_write_them() {
    for (text, expected) in [
        ("[P]\nk=v", "v"),
        ("[P]\nk : v", "v"),
        ("[P]\n  k\t=  v w  \n", "v w"),
        ("\u{feff}[P]\r\nK = v\r\n", "v"),
        ("# c\n; c\n[P]\n# c\nk = v # c\n", "v"),
        ("[P]\nk = v#1;2 ; c", "v#1;2"),
        ("[P]\nk = a=b:c", "a=b:c"),
        ("[P]\nk = https://x:1/?a=b", "https://x:1/?a=b"),
        ("[P]\nk = \"v\" %(x)s \\n", "\"v\" %(x)s \\n"),
        ("[P]\nk = a\n  b\n\n  c\n", "a\nb\n\nc"),
        ("[P]\nk =\n  a", "\na"),
        ("[P]\nk =", ""),
        ("[P] # c\nk = v", "v"),
        ("[X]\nk = x\n[P]\nk = v", "v"),
        ("[DEFAULT]\nother = x\n[P]\nk = v", "v"),
    ] {
        assert_eq!(value(text, "k").as_deref(), Some(expected), "{text:?}");
    }
    assert_eq!(value("[DEFAULT]\nk = v\n[P]\nl = w", "k"), None);
    assert_eq!(value("[p]\nk = v", "k"), None);
}

#[test]
fn what_is_wrong_is_told_by_its_line_alone() {
    for (text, line, problem) in [
        ("CANARY = 1\n[P]", 1, "there is no [section] before it"),
        ("[P]\n\nCANARY\n", 3, "neither [section] nor key = value"),
        ("[P]\nk = CANARY\nK : CANARY", 3, "the key is there twice"),
        ("[CANARY]\n[CANARY]", 2, "the section is there twice"),
        ("[P]\n= CANARY", 2, "there is no key before the value"),
    ] {
        let error = ConfigFile::parse(text).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(problem) && !text.contains("CANARY"), "{text}");
        assert!(text.starts_with(&format!("line {line}: ")), "{text}");
    }
}

#[test]
fn the_settings_are_no_profile() {
    let file = ConfigFile::parse("[__settings__]\ndefault_profile = B\n[A]\nk = CANARY\n[B]\n[DEFAULT]\n").unwrap();
    assert_eq!(file.names().collect::<Vec<_>>(), ["A", "B", "DEFAULT"]);
    assert_eq!(file.default_profile(), Some("B"));
    assert!(file.profile("B").unwrap().is_empty());
    assert!(!format!("{file:?}").contains("CANARY"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\[|\\]|=|:|#|;|\\s|[a-c\u{0}ü\u{1c}])*") {
        let _ = ConfigFile::parse(&text);
    }
}
